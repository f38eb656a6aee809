// Do we and the inspector's profiler say the same of a program of a dozen stacks? Before Node 26 that one leaves out what is
// inlined at the leaf, and what is left is compared.

import t from 'tap'
import { compareWithInspector } from './support/few-stacks.js'

const MAJOR = Number(process.versions.node.split('.')[0])

// CPU time, a sample each. Samples of both scatter: with so many of them, by some 2 % of the overlap.
const MILLIS = 9_000
const LEAST_OVERLAP = 0.95

t.test('the stacks of both overlap by 95 %', async (t) => {
  const comparison = await compareWithInspector(MILLIS, 1)
  const view = MAJOR >= 26 ? 'exact' : 'callers'
  const { overlap, samples, stacks } = comparison[view]
  const percent = (share: number): string => (100 * share).toFixed(1)
  t.comment(`${view}: ${percent(overlap)} %`, JSON.stringify(samples))
  for (const { stack, ours, inspectors } of stacks)
    t.comment(`${percent(ours)} ${percent(inspectors)} ${stack}`)
  t.ok(samples.ours >= 1000 && samples.inspectors >= 1000, JSON.stringify(samples))
  t.ok(stacks.filter(({ ours }) => ours > 0.01).length >= 10, 'there are ten stacks and more')
  t.ok(overlap >= LEAST_OVERLAP, `${percent(overlap)} %`)
})
