// What a process may go through: it makes others natively, is stopped and continued, has no terminal, aborts, runs out of memory,
// is in a native call when a signal comes, is made of a snapshot, has little memory or few rights. It ends as without us, and
// the profile is whole wherever there can be one.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { COMPILER } from './support/tools.js'
import { AUTO, ROOT, fixture, run, runNode, scratchFolder, withoutOwnLines } from './support/run-program.js'
import type { Ending } from './support/run-program.js'

const PROGRAM = fixture('process-life.cjs')
const isLinux = process.platform === 'linux'
const folder = scratchFolder(t)

interface Counts {
  readonly cpuSeconds: number
  readonly wallSeconds: number
  readonly ticks: number
  readonly lost: number
}

/** What the closing line says. */
function countsOf(t: Test, { stderr }: Pick<Ending, 'stderr'>): Counts {
  const line =
    /^nativeprof: (?<cpu>[\d.]+) s CPU in (?<wall>[\d.]+) s; (?<ticks>\d+) ticks = (?<samples>\d+) samples \+ (?<dropped>\d+) dropped \+ (?<lost>\d+) not walkable/m
  const found = line.exec(stderr)?.groups ?? {}
  const [ticks, samples, dropped, lost] = ['ticks', 'samples', 'dropped', 'lost'].map((name) =>
    Number(found[name]),
  )
  t.equal(
    ticks,
    (samples ?? NaN) + (dropped ?? NaN) + (lost ?? NaN),
    `every tick is accounted for: ${stderr}`,
  )
  return {
    cpuSeconds: Number(found['cpu']),
    wallSeconds: Number(found['wall']),
    ticks: ticks ?? NaN,
    lost: (dropped ?? NaN) + (lost ?? NaN),
  }
}

/** Few ticks: where the machine is busy, some of the process's timer come late, and fall together. */
function isCovered(t: Test, { cpuSeconds, ticks, lost }: Counts): void {
  const coverage = ticks / 100 / cpuSeconds
  t.ok(coverage > 0.5 && coverage < 1.15, `${ticks} ticks in ${cpuSeconds} s`)
  t.ok(lost <= 2, `${lost} without a stack`)
}

for (const timer of isLinux ? ['process', 'thread'] : ['process']) {
  t.test(`an addon forks and spawns, under the timer ${timer}`, { skip: COMPILER.skip }, async (t) => {
    const addon = join(folder, 'forking.node')
    const flags = ['-std=c++17', '-O1', '-shared', '-fPIC', fixture('forking-addon.cc'), '-o', addon]
    if (process.platform === 'darwin') flags.push('-undefined', 'dynamic_lookup')
    execFileSync(COMPILER.path, flags)
    const file = join(folder, `${timer}.collapsed`)
    const ending = await runNode(['-r', AUTO, PROGRAM, 'processes'], {
      env: { ADDON: addon, NATIVEPROF_OUT: file, NATIVEPROF_TIMER: timer },
    })
    t.equal(ending.code, 0, ending.stderr)
    t.equal(ending.stdout, '0 0 0\n', 'no process that it made was killed, or had our timer')
    t.equal(withoutOwnLines(ending.stderr), '')
    isCovered(t, countsOf(t, ending))
    t.strictSame(
      readdirSync(folder).filter((name) => name.startsWith(timer)),
      [`${timer}.collapsed`],
      'and none wrote a profile',
    )
  })
}

t.test(
  'stopped for a second and continued, it goes on sampling, and counts no time in between',
  async (t) => {
    let isStopped = false
    const ending = await runNode(['-r', AUTO, PROGRAM, 'work'], {
      env: { NATIVEPROF_OUT: join(folder, 'stopped.collapsed') },
      onStdout: (_text, child) => {
        if (isStopped) return
        isStopped = child.kill('SIGSTOP')
        setTimeout(() => child.kill('SIGCONT'), 1000)
      },
    })
    t.equal(ending.code, 0, ending.stderr)
    const counts = countsOf(t, ending)
    isCovered(t, counts)
    t.ok(
      counts.wallSeconds - counts.cpuSeconds > 0.8,
      `${counts.cpuSeconds} s CPU in ${counts.wallSeconds} s`,
    )
  },
)

t.test('as a daemon, without a terminal and without standard streams', { skip: !isLinux }, async (t) => {
  const file = join(folder, 'daemon.collapsed')
  const command = `(setsid "$0" -r "$1" "$2" work <&- >&- 2>&- &)`
  await run('/bin/sh', ['-c', command, process.execPath, AUTO, PROGRAM], { env: { NATIVEPROF_OUT: file } })
  for (let waited = 0; !existsSync(file) && waited < 60_000; waited += 100) await sleep(100)
  t.match(readFileSync(file, 'utf8'), /process-life\.cjs/)
})

for (const [way, flags] of [
  ['abort', []],
  ['memory', ['--max-old-space-size=20']],
] as const) {
  t.test(`an end by SIGABRT stays one: ${way}`, async (t) => {
    const args = [...flags, PROGRAM, way]
    const plain = await runNode(args)
    const place = join(folder, way)
    mkdirSync(place)
    const ending = await runNode(['-r', AUTO, ...args], {
      env: { NATIVEPROF_OUT: join(place, 'x.collapsed') },
    })
    t.equal(plain.signal, 'SIGABRT')
    t.equal(ending.signal, plain.signal)
    t.equal(ending.stdout, plain.stdout)
    // Which of its two words for it V8 takes is chance.
    const reason = /heap out of memory/
    t.equal(reason.test(ending.stderr), reason.test(plain.stderr))
    t.strictSame(readdirSync(place), [], 'no half of a profile is left')
  })
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} in a native call ends it with a profile of the call, once it returns`, async (t) => {
    const file = join(folder, `${signal}.collapsed`)
    const ending = await runNode(['-r', AUTO, PROGRAM, 'native'], {
      env: { NATIVEPROF_OUT: file, NATIVEPROF_VIEW: 'js' },
      onStdout: (text, child) => {
        if (text === 'ready\n') setTimeout(() => child.kill(signal), 200)
      },
    })
    t.equal(ending.signal, signal)
    t.equal(ending.stdout, 'ready\n')
    t.match(readFileSync(file, 'utf8'), /pbkdf2/)
  })
}

t.test('a program from a startup snapshot is sampled, and one can be made meanwhile', async (t) => {
  const [blob, made] = [join(folder, 'plain.blob'), join(folder, 'under-auto.blob')]
  const env = { NATIVEPROF_OUT: join(folder, 'building.collapsed') }
  await runNode(['--snapshot-blob', blob, '--build-snapshot', PROGRAM, 'snapshot'])
  await runNode(['-r', AUTO, '--snapshot-blob', made, '--build-snapshot', PROGRAM, 'snapshot'], { env })
  for (const each of [blob, made]) {
    const file = join(folder, `snapshot-${each === made ? 'made' : 'plain'}.collapsed`)
    const ending = await runNode(['-r', AUTO, '--snapshot-blob', each], { env: { NATIVEPROF_OUT: file } })
    t.equal(ending.code, 0, ending.stderr)
    t.equal(ending.stdout, 'from the snapshot\n')
    isCovered(t, countsOf(t, ending))
    t.match(readFileSync(file, 'utf8'), /burn .*process-life\.cjs/)
  }
})

/** A control group of so much memory, of either version of them; null where none can be made. */
function groupOfMemory(bytes: number): string | null {
  for (const [root, limit] of [
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max'],
  ] as const) {
    const group = join(root, `nativeprof-test-${process.pid}`)
    try {
      mkdirSync(group)
    } catch {
      continue // not there, or not ours to make
    }
    t.teardown(() => rmdirSync(group))
    if (existsSync(join(group, limit))) {
      writeFileSync(join(group, limit), String(bytes))
      return group
    }
  }
  return null
}

const group = groupOfMemory(64 * 2 ** 20) ?? ''

t.test(
  'in a container of 64 MB',
  { skip: group === '' && 'no control group can be made here' },
  async (t) => {
    const ending = await run(
      '/bin/sh',
      [
        '-c',
        `echo $$ > ${group}/cgroup.procs; exec "$0" "$@"`,
        process.execPath,
        '-r',
        AUTO,
        PROGRAM,
        'work',
      ],
      { env: { NATIVEPROF_OUT: join(folder, 'small.collapsed') } },
    )
    t.equal(ending.code, 0, ending.stderr)
    isCovered(t, countsOf(t, ending))
  },
)

t.test(
  'where neither other memory may be read, nor perf events or timers of threads be had',
  { skip: !isLinux || COMPILER.skip },
  async (t) => {
    const deny = join(folder, 'deny-syscall')
    execFileSync(COMPILER.path, ['-x', 'c', '-o', deny, join(ROOT, 'test/support/deny-syscall.c')])
    // process_vm_readv, perf_event_open and timer_create, by their numbers
    const numbers = process.arch === 'arm64' ? ['270', '241', '107'] : ['310', '298', '222']
    const file = join(folder, 'denied.collapsed')
    const ending = await run(deny, [...numbers, '--', process.execPath, '-r', AUTO, PROGRAM, 'work'], {
      env: { NATIVEPROF_OUT: file },
    })
    t.equal(ending.code, 0, ending.stderr)
    isCovered(t, countsOf(t, ending))
    t.match(readFileSync(file, 'utf8'), /burn .*process-life\.cjs/)
  },
)
