// Our own walk against V8's, on the same ticks: ours is never wrong where the right stack is known, and whatever they differ
// in is of a kind that is understood. Needs the addon that does both, which the script builds.

import { join } from 'node:path'
import t from 'tap'
import { ROOT, runNode } from './support/run-program.js'

interface Result {
  readonly name: string
  readonly counters: {
    ticks: number
    samples: number
    notWalkable: number
    walkedByV8: number
    dropped: number
  }
  readonly compared: number
  readonly agreeing: number
  readonly differences: Record<string, { count: number; example: unknown }>
  readonly wrong: Record<string, { count: number; example: unknown }>
}

const KNOWN_DIFFERENCES = [
  // It does not walk while it moves objects.
  'V8 gives no frames: collection',
  // It finds frames in their first and last instructions hard to tell, and gives up.
  'V8 gives no frames: bailed',
  // A runtime function that a builtin without a frame has called: V8's walk begins one frame too high.
  'V8 lacks the leaf function',
  'V8 lacks a caller',
  'neither: the caller of a leaf without a frame is unknown',
]

const MIN_COMPARED = 200
const MIN_AGREEING = 0.75 // the chains collect garbage on purpose

t.test('our walk of the chains is never wrong, and differs from V8’s in known ways only', async (t) => {
  const script = join(ROOT, 'scripts/compare-walks.mjs')
  const { stdout, stderr } = await runNode([script, '--json', '--seconds', '4', 'chains', 'crypto'])
  const last = stdout.trimEnd().split('\n').at(-1) ?? ''
  t.ok(last.startsWith('['), stderr)
  for (const { name, counters, compared, agreeing, differences, wrong } of JSON.parse(last) as Result[]) {
    t.comment(`${name}: ${agreeing} of ${compared} equal, ${JSON.stringify(counters)}`)
    t.ok(compared >= MIN_COMPARED, `${name}: ${compared} compared`)
    t.ok(agreeing >= MIN_AGREEING * compared, `${name}: ${agreeing} of ${compared} equal`)
    t.strictSame(wrong, {}, `${name}: no stack of ours is wrong`)
    const unknown = Object.entries(differences).filter(([kind]) => !KNOWN_DIFFERENCES.includes(kind))
    t.strictSame(unknown, [], `${name}: every difference is of a known kind`)
    t.ok(counters.walkedByV8 + counters.notWalkable <= counters.ticks / 100, `${name}: 99 % come to an end`)
  }
})
