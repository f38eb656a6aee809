// errors.ts — the one error class, and every code it can carry.
// Bad input and refusals of the machine get a NativeprofError; broken invariants of our own get node:assert.

/** Every code a {@link NativeprofError} can carry. Codes are stable: programs may compare against them. */
export type ErrorCode =
  | 'ERR_NATIVEPROF_INVALID_ARGUMENT'
  | 'ERR_NATIVEPROF_UNKNOWN_FORMAT'
  | 'ERR_NATIVEPROF_NO_BINDING'
  | 'ERR_NATIVEPROF_ADDONS_FORBIDDEN'
  | 'ERR_NATIVEPROF_BUILD'
  | 'ERR_NATIVEPROF_UNSUPPORTED_PLATFORM'
  | 'ERR_NATIVEPROF_ALREADY_RUNNING'
  | 'ERR_NATIVEPROF_SIGPROF_TAKEN'
  | 'ERR_NATIVEPROF_TIMER_TAKEN'
  | 'ERR_NATIVEPROF_TIMER_UNAVAILABLE'
  | 'ERR_NATIVEPROF_NO_SCRIPT'
  | 'ERR_NATIVEPROF_OUTPUT'
  | 'ERR_NATIVEPROF_INPUT'
  | 'ERR_NATIVEPROF_INPUT_TOO_LARGE'
  | 'ERR_NATIVEPROF_SYSTEM'

/** What every refusal of this package throws: a stable `code`, and a message that says what happened and what to do. */
export class NativeprofError extends Error {
  override readonly name: string = 'NativeprofError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
