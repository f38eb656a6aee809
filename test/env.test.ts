import t from 'tap'
import { numberOf, readEnv, writeEnv } from '#lib/env.js'

const INVALID = { code: 'ERR_NATIVEPROF_INVALID_ARGUMENT' }
const DEFAULTS = {
  off: false,
  hz: undefined,
  timer: undefined,
  delaySeconds: undefined,
  durationSeconds: undefined,
  checkpointSeconds: undefined,
  out: undefined,
  format: undefined,
  view: undefined,
  granularity: undefined,
  labels: undefined,
  sourceMaps: true,
  packagePaths: false,
  quiet: false,
  runner: null,
}

t.test('without variables all is left to the defaults', async (t) => {
  t.strictSame(readEnv({ PATH: '/bin' }), DEFAULTS)
})

t.test('an empty variable is as good as none', async (t) => {
  const empty = { NATIVEPROF: '', NATIVEPROF_HZ: ' ', NATIVEPROF_OUT: '', NATIVEPROF_FORMAT: '' }
  const more = { NATIVEPROF_QUIET: '', NATIVEPROF_RUNNER: '', NATIVEPROF_VIEW: '', NATIVEPROF_TIMER: '' }
  t.strictSame(readEnv({ ...empty, ...more }), DEFAULTS)
})

t.test('each variable sets one thing', async (t) => {
  t.strictSame(readEnv({ NATIVEPROF_HZ: '199.5' }), { ...DEFAULTS, hz: 199.5 })
  t.strictSame(readEnv({ NATIVEPROF_OUT: 'a/%p ' }), { ...DEFAULTS, out: 'a/%p ' })
  t.strictSame(readEnv({ NATIVEPROF_FORMAT: 'html' }), { ...DEFAULTS, format: 'html' })
  t.strictSame(readEnv({ NATIVEPROF_VIEW: 'native' }), { ...DEFAULTS, view: 'native' })
  t.strictSame(readEnv({ NATIVEPROF_GRANULARITY: 'line' }), { ...DEFAULTS, granularity: 'line' })
  t.strictSame(readEnv({ NATIVEPROF_TIMER: 'perf' }), { ...DEFAULTS, timer: 'perf' })
  t.strictSame(readEnv({ NATIVEPROF_QUIET: '1' }), { ...DEFAULTS, quiet: true })
  t.strictSame(readEnv({ NATIVEPROF_SOURCE_MAPS: '0' }), { ...DEFAULTS, sourceMaps: false })
  t.strictSame(readEnv({ NATIVEPROF_PACKAGE_PATHS: '1' }), { ...DEFAULTS, packagePaths: true })
})

t.test('only NATIVEPROF=0 means off, and NATIVEPROF_QUIET=0 is not quiet', async (t) => {
  t.equal(readEnv({ NATIVEPROF: '0' }).off, true)
  for (const text of ['1', 'off', 'false', '00']) t.equal(readEnv({ NATIVEPROF: text }).off, false, text)
  t.equal(readEnv({ NATIVEPROF_QUIET: '0' }).quiet, false)
})

t.test('what is no number is refused by the name of its variable', async (t) => {
  for (const text of ['fast', '99Hz', '1,5', 'Infinity', 'NaN', '0x']) {
    t.throws(() => readEnv({ NATIVEPROF_HZ: text }), {
      ...INVALID,
      message: /^NATIVEPROF_HZ must be a number/,
    })
  }
  t.throws(() => numberOf('--hz', '\u001b[31m'), { ...INVALID, message: /^--hz .*'\\x1B\[31m'/ })
})

t.test('a timer that is none is refused by the name of its variable, with the list', async (t) => {
  const message = "NATIVEPROF_TIMER must be one of process, thread, perf, wall, not 'cpu'"
  t.throws(() => readEnv({ NATIVEPROF_TIMER: 'cpu' }), { ...INVALID, message })
})

t.test('what the runner writes, the preload reads', async (t) => {
  const runner = {
    pid: 12,
    tableRows: 20,
    tableSort: 'total',
    threads: 'split',
    replace: true,
    unnamedFile: '/tmp/x.html',
    moreOutputs: [{ out: '/tmp/x.pb.gz', format: 'pprof' }],
    ticksFile: '/tmp/ticks',
  } as const
  const places = { out: '/tmp/%p.json', format: 'speedscope', view: 'mixed' } as const
  const all = { hz: '250', timer: 'wall', ...places, sourceMaps: false, packagePaths: true, runner } as const
  t.strictSame(readEnv(writeEnv(all)), { ...DEFAULTS, ...all, hz: 250 })
})

t.test('the runner hands on only what it was asked for', async (t) => {
  const runner = {
    pid: 12,
    tableRows: 0,
    tableSort: 'self',
    threads: 'auto',
    replace: false,
    unnamedFile: '',
    moreOutputs: [],
    ticksFile: '',
  } as const
  const variables = writeEnv({
    ...{ hz: undefined, timer: undefined, out: undefined, format: undefined, view: undefined },
    runner,
  })
  t.strictSame(Object.keys(variables), ['NATIVEPROF_RUNNER'])
})

t.test('a runner that is none is refused', async (t) => {
  t.throws(() => readEnv({ NATIVEPROF_RUNNER: 'yes' }), { ...INVALID, message: /NATIVEPROF_RUNNER/ })
})
