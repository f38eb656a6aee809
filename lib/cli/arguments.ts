// arguments.ts — the arguments of a verb, read by node:util's parseArgs, and the options that several verbs have. Throws
// ERR_NATIVEPROF_INVALID_ARGUMENT, which says what would do.

import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'
import { numberOf } from '../env.js'
import { NativeprofError } from '../errors.js'

type Options = NonNullable<ParseArgsConfig['options']>

/** Every verb has it. */
export const HELP_OPTION = { help: { type: 'boolean', short: 'h' } } as const

/** The options that a list of words sets; words that are none are `positionals`, if the verb takes any. */
export function parse<const O extends Options>(
  verb: string,
  args: readonly string[],
  options: O,
): ReturnType<typeof parseArgs<{ args: string[]; options: O; strict: true; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true })
  } catch (cause) {
    throw invalid(`${(cause as Error).message.replace(/\.$/, '')}; see nativeprof ${verb} --help`, cause)
  }
}

/** The words of a verb that runs a program: our options end at the first word that is none of them, or behind `--`. */
export function splitProgram(
  args: readonly string[],
  options: Options,
): { own: string[]; program: string[] } {
  let at = 0
  while (at < args.length) {
    const arg = args[at] as string
    if (arg === '--') return { own: args.slice(0, at), program: args.slice(at + 1) }
    const [name = ''] = arg.split('=')
    const option = Object.entries(options).find(
      ([long, { short }]) =>
        name === `--${long}` || (short !== undefined && arg.startsWith(`-${short}`) && !arg.startsWith('--')),
    )
    if (option === undefined) break
    const hasValue =
      option[1].type === 'string' && !arg.includes('=') && (arg.startsWith('--') || arg.length === 2)
    at += hasValue ? 2 : 1
  }
  return { own: args.slice(0, at), program: args.slice(at) }
}

/** The one file that a verb takes. */
export function fileOf(verb: string, positionals: readonly string[]): string {
  const [file, ...rest] = positionals
  if (file !== undefined && file !== '' && rest.length === 0) return file
  throw invalid(`${verb} takes one file; see nativeprof ${verb} --help`)
}

/** `--top`: a whole number of rows. */
export function rowsOf(top: string | undefined): number | undefined {
  const rows = numberOf('--top', top)
  if (rows === undefined || (Number.isInteger(rows) && rows >= 0)) return rows
  throw invalid(`--top must be a whole number of rows, not ${rows}`)
}

/** `--sort`. */
export function sortOf(sort: string | undefined): 'self' | 'total' {
  if (sort === undefined || sort === 'self' || sort === 'total') return sort ?? 'self'
  throw invalid(`--sort must be self or total, not "${sort}"`)
}

/** `--focus`, `--ignore`: a regular expression of JavaScript's. */
export function patternOf(name: string, text: string | undefined): RegExp | undefined {
  if (text === undefined) return undefined
  try {
    return new RegExp(text, 'u')
  } catch {
    try {
      // What is no Unicode pattern, such as `\-`, may be one without it.
      return new RegExp(text)
    } catch (cause) {
      throw invalid(`${name} is no regular expression: ${(cause as Error).message}`, cause)
    }
  }
}

export function invalid(message: string, cause?: unknown): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_INVALID_ARGUMENT', message, { cause })
}
