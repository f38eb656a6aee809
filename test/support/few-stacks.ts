// How far our profile of test/fixtures/few-stacks/program.mjs and the inspector's agree, both of one process at the same time.

import { readFileSync } from 'node:fs'
import { fixture, runNode } from './run-program.js'

/** Shares of one stack, by the lines where its functions begin. */
export interface SharedStack {
  readonly stack: string
  readonly ours: number
  readonly inspectors: number
}

export interface Agreement {
  /** The sum over all stacks of the smaller of the two shares. */
  readonly overlap: number
  readonly stacks: readonly SharedStack[]
  readonly samples: { readonly ours: number; readonly inspectors: number }
}

/** What the fixture prints. */
interface Both {
  readonly ours: Record<string, number>
  readonly inspectors: Record<string, number>
  readonly clock: Record<string, number>
}

export interface Comparison {
  /** Of whole stacks. */
  readonly exact: Agreement
  /** Without what is inlined at the leaf, which V8's profiler does not show before Node 26. */
  readonly callers: Agreement
  /** Nanoseconds that a call of each piece of work takes. */
  readonly clock: Record<string, number>
}

/** The process has `millis` of CPU time sampled, and takes 4 s more. Rejects if it fails. */
export async function compareWithInspector(millis: number, seed: number): Promise<Comparison> {
  const { stdout, stderr, code } = await runNode([
    fixture('few-stacks/both.mjs'),
    String(millis),
    String(seed),
  ])
  if (code !== 0) throw new Error(stderr)
  const { ours, inspectors, clock } = JSON.parse(stdout) as Both
  return {
    exact: agreementOf(byStack(ours, whole), byStack(inspectors, whole)),
    callers: agreementOf(hidden(ours, inspectors), byStack(inspectors, whole)),
    clock,
  }
}

/** The name of the function that begins on this line of the program. */
export function nameOfLine(line: string): string {
  const source = readFileSync(fixture('few-stacks/program.mjs'), 'utf8').split('\n')[Number(line) - 1] ?? ''
  if (source.includes('=>')) return /(\w+) = /.exec(source)?.[1] ?? '(anonymous)'
  return /(\w+)\(/.exec(source)?.[1] ?? '(anonymous)'
}

/** A key of the fixture is a line for each frame, with an `i` if it is inlined. */
function whole(key: string): string {
  return key.replaceAll('i', '')
}

function byStack(stacks: Record<string, number>, keyOf: (key: string) => string): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [key, count] of Object.entries(stacks)) {
    sums.set(keyOf(key), (sums.get(keyOf(key)) ?? 0) + count)
  }
  return sums
}

/**
 * Our stacks as the inspector would show them. Of functions that are inlined at the leaf it shows none, but in which
 * versions of the code they are inlined is not known: a stack stands for itself as far as the inspector has that share of it, and for its
 * callers for the rest.
 */
function hidden(ours: Record<string, number>, inspectors: Record<string, number>): Map<string, number> {
  const sumOf = (counts: Iterable<number>): number => [...counts].reduce((a, b) => a + b, 0)
  const scale = sumOf(Object.values(ours)) / sumOf(Object.values(inspectors))
  const room = new Map(Object.entries(inspectors).map(([key, count]) => [key, count * scale]))
  const shown = new Map<string, number>()
  const show = (stack: string, count: number): void => {
    shown.set(stack, (shown.get(stack) ?? 0) + count)
    room.set(stack, (room.get(stack) ?? 0) - count)
  }
  // Those without anything inlined can only be shown as they are.
  for (const [key, count] of Object.entries(ours).sort(([a], [b]) => inlinedAtLeaf(a) - inlinedAtLeaf(b))) {
    let left = count
    let stack = key
    for (; inlinedAtLeaf(stack) > 0; stack = stack.replace(/ \d+i$/, '')) {
      const fits = Math.min(left, Math.max(0, room.get(whole(stack)) ?? 0))
      show(whole(stack), fits)
      left -= fits
    }
    show(whole(stack), left)
  }
  return shown
}

function inlinedAtLeaf(key: string): number {
  return /(?: \d+i)*$/.exec(key)?.[0].match(/i/g)?.length ?? 0
}

function agreementOf(ours: Map<string, number>, inspectors: Map<string, number>): Agreement {
  const sumOf = (stacks: Map<string, number>): number => [...stacks.values()].reduce((a, b) => a + b, 0)
  const samples = { ours: sumOf(ours), inspectors: sumOf(inspectors) }
  const stacks = [...new Set([...ours.keys(), ...inspectors.keys()])].map((stack) => ({
    stack: stack.split(' ').map(nameOfLine).join(' > '),
    ours: (ours.get(stack) ?? 0) / samples.ours,
    inspectors: (inspectors.get(stack) ?? 0) / samples.inspectors,
  }))
  return {
    overlap: stacks.reduce((sum, shares) => sum + Math.min(shares.ours, shares.inspectors), 0),
    stacks: stacks.sort((a, b) => b.ours + b.inspectors - a.ours - a.inspectors),
    samples,
  }
}
