// What V8 has optimized of the program stays as it is when the program is profiled.

import t from 'tap'
import { fixture, runNode } from './support/run-program.js'

t.test('no function of the program loses its optimized code to the profiler', async (t) => {
  const { code, stdout, stderr } = await runNode([
    '--trace-opt',
    '--trace-deopt',
    fixture('keeps-optimized.mjs'),
  ])
  t.equal(code, 0, stderr)
  const [before = '', during = ''] = stdout.split(/^profiled$/m)
  t.match(before, /completed optimizing .*hotBytes|completed compiling .*hotBytes/, 'they were optimized')
  t.match(during, /^left alone$/m)
  // Where objects are allocated is for the garbage collector to learn.
  const lost = during
    .split('\n')
    .filter((line) => /^\[marking dependent code .*\bhot[A-Z]/.test(line) && !line.includes('tenuring'))
  t.strictSame(lost, [])
})
