// inspector.mjs [--pairs 3] [--millis 10000] [--seed 1] — how far our profile and the inspector's agree, stack by stack, of a program of
// a dozen stacks, and what that program's own clock says: the long form of test/truth-inspector.test.ts. Needs what
// `npm run build` and `npm run build:test` make.

import process from 'node:process'
import { parseArgs } from 'node:util'
import { compareWithInspector } from '../../build/test/support/few-stacks.js'

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '3' },
    millis: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
  },
})
const percent = (share) => `${(100 * share).toFixed(1)} %`.padStart(8)

console.log(`node ${process.version}`)
for (let pair = 0; pair < Number(values.pairs); pair++) {
  const comparison = await compareWithInspector(Number(values.millis), Number(values.seed) + pair)
  for (const view of ['exact', 'callers']) show(view, comparison[view])
  showWorks(comparison)
}

function show(view, { overlap, stacks, samples }) {
  console.log(
    `\n${view}: overlap ${percent(overlap)}; samples: ours ${samples.ours}, the inspector's ${samples.inspectors}`,
  )
  for (const { stack, ours, inspectors } of stacks.slice(0, 20)) {
    console.log(`  ${percent(ours)} ${percent(inspectors)}  ${stack}`)
  }
}

// All stacks of a piece of work together, which the program can time.
function showWorks({ exact, clock }) {
  const sumOf = (nanos) => Object.values(nanos).reduce((sum, each) => sum + each, 0)
  console.log("\nby work: ours, the inspector's, by the program's own clock")
  for (const name of Object.keys(clock)) {
    const inWork = exact.stacks.filter(({ stack }) => stack.split(' > ').includes(name))
    const shares = ['ours', 'inspectors'].map((side) =>
      inWork.reduce((total, stack) => total + stack[side], 0),
    )
    shares.push(clock[name] / sumOf(clock))
    console.log(`  ${shares.map(percent).join(' ')}  ${name}`)
  }
}
