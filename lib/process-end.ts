// process-end.ts — calls back at the very end of the process, after the program's own 'exit' listeners, without a listener
// that the program could see or count.
//
// Node ends in three ways. It emits 'exit' on `process`, from C++, through the property `process.emit`: at the natural end
// and after an uncaught exception. Or the program calls process.exit(), which emits 'exit' and then calls
// process.reallyExit(), and does not come back. Both are wrapped. Or a signal ends it: native/end_signals.h. Where the process
// becomes another program, that counts as its end, too.

import { beforeExecve } from './before-execve.js'
import type { Binding } from './binding.js'

type Method = (this: unknown, ...args: unknown[]) => unknown

const callbacks: (() => void)[] = []

/**
 * Calls `callback` once, when the process ends, in whichever of the ways comes first; after those that were given before. What
 * it throws is lost: there is nobody to catch it.
 */
export function onProcessEnd(binding: Binding, callback: () => void): void {
  callbacks.push(callback)
  if (callbacks.length === 1) watchEnd(binding, callAll)
}

function callAll(): void {
  for (const callback of callbacks) {
    try {
      callback()
    } catch {
      // The others, and the program's exit code, do not depend on it.
    }
  }
}

function watchEnd(binding: Binding, callback: () => void): void {
  let state: 'before' | 'during' | 'after' = 'before'
  const once = (): void => {
    if (state !== 'before') return
    state = 'during'
    callback()
    state = 'after'
    binding.dieIfSignalled()
  }
  wrap('reallyExit', (reallyExit) => {
    once()
    return reallyExit()
  })
  wrap('emit', (emit, event, type) => {
    const result = emit()
    if (event === 'exit') once()
    // Node has just given the signal back to the system, if that was the last listener for it.
    if (event === 'removeListener' && typeof type === 'string' && type.startsWith('SIG'))
      binding.retakeEndSignals()
    return result
  })
  beforeExecve(once)
  binding.watchEndSignals(() => {
    // A signal in the midst of the callback must not cut it short.
    if (state === 'during') return false
    once()
    return true
  })
}

/** Puts `around` in the place of a method of `process`; it calls the method by its first argument. */
function wrap(
  name: 'reallyExit' | 'emit',
  around: (method: () => unknown, ...args: unknown[]) => unknown,
): void {
  const method = Reflect.get(process, name) as Method
  const wrapped: Method = function (...args) {
    return around(() => Reflect.apply(method, this, args), ...args)
  }
  // Not enumerable, as the methods that process inherits.
  Object.defineProperty(process, name, {
    value: wrapped,
    writable: true,
    configurable: true,
    enumerable: false,
  })
}
