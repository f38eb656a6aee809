// What if what is known of V8's heap were wrong? Every number is broken in turn: no crash, and no chain of functions that cannot
// be. Needs the addon that can be broken, which the script builds.

import { join } from 'node:path'
import t from 'tap'
import { ROOT, runNode } from './support/run-program.js'

interface Result {
  readonly name: string
  readonly how: string
  /** Exit code or signal. */
  readonly ending: number | string
  readonly tables?: string
  readonly chains?: number
  readonly wrong: Record<string, number>
  readonly stderr?: string
}

t.test('with any number of the layout broken, nothing crashes, and no wrong chain is shown', async (t) => {
  const script = join(ROOT, 'scripts/break-layout.mjs')
  const { stdout, stderr } = await runNode([script, '--quick', '--json'], { deadlineMillis: 240_000 })
  const last = stdout.trimEnd().split('\n').at(-1) ?? ''
  t.ok(last.startsWith('['), stderr)
  const [whole, ...results] = JSON.parse(last) as Result[]
  t.ok((whole?.chains ?? 0) > 1000, `${whole?.chains} chains if nothing is broken`)
  t.equal(whole?.tables, 'lines-and-inlining')
  for (const { name, how, ending, wrong, stderr: said } of results) {
    t.equal(ending, 0, `${name} (${how}) ${said ?? ''}`)
    t.strictSame(wrong, {}, `${name} (${how})`)
  }
  t.ok(results.length > 100, `${results.length} faults`)
  const off = results.filter(({ tables }) => tables !== 'lines-and-inlining').length
  t.ok(off > results.length / 3, `${off} of them turn inlined functions off`)
})
