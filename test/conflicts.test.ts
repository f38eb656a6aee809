// Beside other profilers: whoever starts or stops first, the program ends as it would, both have their samples, signals reach their
// owner once, and what one lost to the other is said.

import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { Counters } from '#lib/profile.js'
import { COMPILER } from './support/tools.js'
import { AUTO, ROOT, fixture, run, runNode, scratchFolder } from './support/run-program.js'

interface Ours {
  readonly counters: Counters
  readonly coverage: number
  readonly timer: string
  readonly notes: readonly string[]
  readonly inWork: number
  readonly inLate: number
}

interface RivalAddon {
  readonly signals: number
  readonly raised: number
  readonly errno: number
}

type Rival = 'inspector' | 'datadog' | 'copy' | 'handler' | 'itimer'
type Who = 'us' | 'rival'

const folder = scratchFolder(t)
const isLinux = process.platform === 'linux'

/** How a rival that was there first is called in a note. */
const NAMES: Readonly<Record<Rival, RegExp>> = {
  inspector: /^V8's own profiler .* had a handler for SIGPROF/,
  datadog: /dd_pprof.* had a handler for SIGPROF/,
  copy: /^another copy of nativeprof, .*copy.* had a handler for SIGPROF/,
  handler: /rival\.node, had a handler for SIGPROF/,
  itimer: /rival\.node, had a handler for SIGPROF/,
}

async function runBeside(rival: Rival, first: Who, last: Who, env: Readonly<Record<string, string>> = {}) {
  const ending = await runNode([fixture('conflicts.mjs'), rival, first, last], {
    env: { COPY: join(folder, 'copy'), RIVAL: join(folder, 'rival.node'), ...env },
    cwd: ROOT,
  })
  const {
    ours,
    beside,
    rival: theirs,
  } = (ending.code === 0 ? JSON.parse(ending.stdout) : {}) as {
    ours: Ours
    /** Ticks of ours while both were there, of some 40. */
    beside: number
    rival: unknown
  }
  return { ...ending, ours, beside, theirs }
}

function isConserved({ ticks, samples, dropped, notWalkable }: Counters): boolean {
  return ticks === samples + dropped + notWalkable
}

t.before(async () => {
  // As a dependency of a dependency may have it.
  const copy = join(folder, 'copy')
  mkdirSync(copy)
  for (const each of ['dist', 'prebuilds', 'package.json'])
    cpSync(join(ROOT, each), join(copy, each), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  if (COMPILER.skip !== false) return
  const flags = [
    '-std=c++17',
    '-O2',
    '-shared',
    '-fPIC',
    fixture('rival-addon.cc'),
    '-o',
    join(folder, 'rival.node'),
  ]
  const { code, stderr } = await run(COMPILER.path, flags)
  if (code !== 0) throw new Error(stderr)
})

for (const rival of ['inspector', 'datadog', 'copy', 'handler', 'itimer'] as const) {
  for (const first of ['us', 'rival'] as const) {
    for (const last of ['us', 'rival'] as const) {
      const skip = !isLinux || ((rival === 'handler' || rival === 'itimer') && COMPILER.skip)
      t.test(`${rival}, ${first} first, ${last} last`, { skip }, async (t) => {
        const { code, signal, stderr, ours, beside, theirs } = await runBeside(rival, first, last)
        t.strictSame([code, signal, stderr], [0, null, ''])
        if (code !== 0) return
        t.ok(isConserved(ours.counters), 'ticks = samples + dropped + not walkable', ours.counters)
        t.ok(ours.inWork > 20, `${ours.inWork} ticks in the function that does the work`)
        t.ok(ours.inLate >= 2, `${ours.inLate} in one that was compiled while both were there`)
        // How many exactly, is not for a busy machine to say.
        t.ok(beside >= 10, `${beside} ticks while the other was there`)
        checkOurs(t, ours, { rival, first })
        checkTheirs(t, theirs, rival)
      })
    }
  }
}

function checkOurs(t: Test, ours: Ours, { rival, first }: { rival: Rival; first: Who }): void {
  if (first === 'rival') {
    // Not by SIGPROF: whoever was there first may put back what was before both.
    t.equal(ours.timer, 'thread')
    t.match(ours.notes.join('\n'), NAMES[rival])
    t.match(ours.notes.join('\n'), "timers of threads took over (timer: 'thread')")
    t.ok(ours.coverage > 0.9, `coverage ${ours.coverage}`)
  } else if (rival === 'copy') {
    t.equal(ours.timer, 'process')
  } else {
    t.match(
      ours.notes.join('\n'),
      /another profiler took SIGPROF while this one ran .*, once; it was taken back/,
    )
    t.equal(ours.timer, rival === 'itimer' ? 'thread' : 'process')
  }
}

function checkTheirs(t: Test, theirs: unknown, rival: Rival): void {
  if (rival === 'inspector' || rival === 'datadog') {
    t.ok((theirs as number) > 20, `they have ${String(theirs)} samples`)
  } else if (rival === 'copy') {
    const { counters, inWork, inLate } = theirs as Ours
    t.ok(isConserved(counters), 'theirs add up, too')
    t.ok(counters.ticks > 20, `they have ${counters.ticks} ticks`)
    t.ok(inWork > 20, `${inWork} of them in the function that does the work`)
    t.ok(inLate >= 2, `${inLate} in one that was compiled while both were there`)
  } else if (rival === 'handler') {
    const { raised } = theirs as RivalAddon
    t.equal(raised, 100, 'each signal that they raise comes to them once')
  } else {
    const { signals } = theirs as RivalAddon
    t.ok(signals > 20, `their timer has come ${signals} times`)
  }
}

t.test(
  'a handler that is passed on to may leave what it will in errno',
  { skip: !isLinux || COMPILER.skip },
  async (t) => {
    const { code, theirs, ours } = await runBeside('handler', 'us', 'us')
    t.equal(code, 0)
    // raise() leaves errno alone, their handler does not, and ours stood before it.
    t.strictSame([(theirs as RivalAddon).errno, ours.counters.forwarded], [0, 100])
  },
)

for (const rival of ['handler', 'itimer'] as const) {
  t.test(
    `asked for by name, the timer of the process is refused beside ${rival}`,
    { skip: !isLinux || COMPILER.skip },
    async (t) => {
      const { code, stderr } = await runBeside(rival, 'rival', 'us', { TIMER: 'process' })
      t.equal(code, 1)
      t.match(stderr, /rival\.node, had a handler for SIGPROF .* use timer: 'thread'/)
      t.match(stderr, 'ERR_NATIVEPROF_SIGPROF_TAKEN')
    },
  )
}

for (const timer of ['thread', 'wall']) {
  t.test(`timer: '${timer}' goes beside a handler`, { skip: !isLinux || COMPILER.skip }, async (t) => {
    const { code, stderr, ours, theirs } = await runBeside('handler', 'rival', 'rival', { TIMER: timer })
    t.strictSame([code, stderr], [0, ''])
    t.equal(ours.timer, timer)
    t.match(ours.notes.join('\n'), 'ticks come by a signal of their own')
    t.ok(ours.counters.ticks > 20, `${ours.counters.ticks} ticks`)
    t.equal((theirs as RivalAddon).raised, 100)
  })
}

// V8 starts its profilers before any preload.
for (const [name, flags, file] of [
  ['--cpu-prof', ['--cpu-prof', '--cpu-prof-dir=.'], /\.cpuprofile$/],
  ['--prof', ['--prof', '--logfile=v8.log', '--no-logfile-per-isolate'], /^v8\.log$/],
] as const) {
  t.test(`under ${name}`, { skip: !isLinux }, async (t) => {
    const cwd = scratchFolder(t)
    const { code, signal, stdout, stderr } = await runNode([...flags, '-r', AUTO, fixture('busy.cjs')], {
      cwd,
      env: { NATIVEPROF_OUT: 'ours.collapsed', BURN_MILLIS: '600' },
    })
    t.strictSame([code, signal], [0, null])
    t.match(stderr, /V8's own profiler .* had a handler for SIGPROF .*; timers of threads took over/)
    t.match(readFileSync(join(cwd, 'ours.collapsed'), 'utf8'), /burn/)
    const [theirs = ''] = readdirSync(cwd).filter((each) => file.test(each))
    t.match(readFileSync(join(cwd, theirs), 'latin1'), name === '--prof' ? /^tick,/m : /"samples":\[\d+,/)
    t.match(stdout, /^GET \/users 200 12\nGET \/users;list 404 7\n\{.*\}\n$/)
  })
}
