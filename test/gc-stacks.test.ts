// The garbage collector's time is charged to the JavaScript that made the garbage; what its helper threads do is told
// apart from it.

import t from 'tap'
import type { Counters } from 'nativeprof'
import { fixture, runNode } from './support/run-program.js'
import { has, hottest, isAtLeast, ofMainThread, ticksInText, ticksOf } from './support/stacks.js'
import type { PlainStack } from './support/stacks.js'

const CALLER_SHARE = 0.95
const MIN_TICKS = 15

t.test('a program that makes much garbage', async (t) => {
  const { code, stdout, stderr } = await runNode([fixture('gc-stacks.mjs')])
  t.equal(code, 0, stderr)
  const { stacks, js, counters } = JSON.parse(stdout) as {
    stacks: readonly PlainStack[]
    js: string
    counters: Counters
  }
  const collecting = ofMainThread(stacks).filter(({ frames }) => frames.some(({ kind }) => kind === 'gc'))
  const ticks = ticksOf(collecting)
  t.comment(`${ticks} of ${counters.ticks} ticks are the collector's in the main thread`)

  t.test('has its collections on the stacks of the function that made it', async (t) => {
    const charged = ticksOf(collecting.filter((stack) => has(stack, 'makeGarbage')))
    t.ok(ticks >= MIN_TICKS, `${ticks} ticks`)
    t.ok(isAtLeast(charged, ticks, CALLER_SHARE), `${charged} of ${ticks}`, { hottest: hottest(collecting) })
  })

  t.test('has the native frames of the collector behind its word', async (t) => {
    const detailed = collecting.filter(({ frames }) => frames.at(-1)?.kind === 'native')
    t.ok(isAtLeast(ticksOf(detailed), ticks, CALLER_SHARE), `${ticksOf(detailed)} of ${ticks}`)
  })

  t.test('shows collections as one word in the view for JavaScript', async (t) => {
    const shown = ticksInText(js, /;makeGarbage [^;]+;(?:.*;)?\(garbage collector\)$/)
    t.ok(isAtLeast(shown, ticks, CALLER_SHARE), `${shown} of ${ticks}`, { js })
  })

  t.test(
    "shows what the collector's helpers do under a word of their own, as no thread of JavaScript",
    async (t) => {
      const word = '(V8 worker: garbage collector)'
      const helping = stacks.filter((stack) => has(stack, word))
      t.ok(ticksOf(helping) >= MIN_TICKS, `${ticksOf(helping)} ticks`)
      t.ok(helping.every(({ thread }) => thread.kind === 'other'))
      t.ok(
        helping.every(({ frames }) => frames[0]?.name === word && frames.every(({ kind }) => kind !== 'js')),
      )
      t.equal(ticksInText(js, /^\(V8 worker: garbage collector\)$/), ticksOf(helping))
    },
  )

  t.test('has every tick accounted for', async (t) => {
    const { ticks, samples, dropped, notWalkable, walkedByV8 } = counters
    t.equal(ticks, samples + dropped + notWalkable, 'ticks = samples + dropped + not walkable')
    t.equal(ticksOf(stacks), samples)
    t.ok(walkedByV8 <= samples / 100, `V8 walked ${walkedByV8} of ${samples}`)
  })
})
