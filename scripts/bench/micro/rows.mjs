// rows.mjs — what the scripts of this folder print: rows for the table of `npm run bench:micro`, as JSON.

import process from 'node:process'
import { parseArgs } from 'node:util'

/** Whether to be short. */
export function isQuick() {
  return parseArgs({ options: { quick: { type: 'boolean', default: false } }, strict: false }).values.quick
}

/** One row: what it is, what was measured, what it should be at most or at least ('' for no target), and whether it is. */
export function row(what, measured, target = '', isMet = null) {
  return { what, measured, target, isMet }
}

export function print(rows) {
  process.stdout.write(`${JSON.stringify(rows)}\n`)
}

/** `1,234,567` */
export function grouped(number) {
  return Math.round(number).toLocaleString('en-US')
}

/** Milliseconds of the wall clock that `work` takes. */
export function millisOf(work) {
  const before = performance.now()
  work()
  return performance.now() - before
}

/** The least of several times: what else happens on the machine only adds. */
export function bestMillis(times, work) {
  return Math.min(...Array.from({ length: times }, () => millisOf(work)))
}
