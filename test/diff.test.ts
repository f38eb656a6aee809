// What changed between two profiles: of constructed ones, which have the noise that they should have, and of a pair that
// was recorded.

import t from 'tap'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { diffProfiles, readProfile, toDiffCollapsed, toDiffHtml, toDiffTable } from 'nativeprof'
import type { DiffRow, Profile, ProfileDiff } from 'nativeprof'
import { buildProfile, js, runtime } from './support/profile-builder.js'
import type { FrameSpec } from './support/profile-builder.js'
import { randomBelow } from './support/random.js'
import { whyNoTimer } from './support/timer.js'
import { CLI, ROOT, fixture, runNode, scratchFolder } from './support/run-program.js'

const main = js('main', '/app/main.js', 1)
const NAMES = ['parse', 'render', 'sort', 'hash', 'encode', 'lookup', 'copy', 'trim']

t.test('two recordings of one program: nothing beyond chance', async (t) => {
  const below = randomBelow(7)
  for (let round = 0; round < 200; round++) {
    const diff = diffProfiles(recordingOf(below, {}), recordingOf(below, {}))
    t.strictSame(significantIn(diff), [], `round ${round}`)
  }
})

t.test('one function 20 % slower: its own time, and nothing else', async (t) => {
  const below = randomBelow(11)
  for (let round = 0; round < 50; round++) {
    const diff = diffProfiles(recordingOf(below, {}), recordingOf(below, { parse: 1.2 }))
    t.strictSame(significantIn(diff), ['parse'], `round ${round}`)
    const row = rowOf(diff, 'parse')
    t.ok(row.standardErrors > 5)
    t.ok(row.pValue < 0.05)
    t.equal(rowOf(diff, 'main').isSignificant, false, 'what calls it has no more time of its own')
    t.ok(rowOf(diff, 'main').total.afterNanos > rowOf(diff, 'main').total.beforeNanos)
  }
})

t.test('of one program nothing, with a function that is a fifth slower that one and no other', async (t) => {
  const folder = scratchFolder(t)
  const file = join(folder, 'rows.pb.gz')
  // Parts of one process, by turns of a few milliseconds: a machine that others use is as fast for the one as for the other.
  const args = ['before', 'before', 'after']
  const rate = whyNoTimer('perf') === false ? ['--timer', 'perf', '--hz', '5000'] : ['--hz', '250']
  const { code, stderr } = await runNode([CLI, 'run', ...rate, '-o', file, fixture('rows.mjs'), ...args])
  t.equal(code, 0, stderr)
  const profile = readProfile(readFileSync(file))
  const [before, again, slow] = args.map((_, part) => partOf(profile, String(part))) as [
    Profile,
    Profile,
    Profile,
  ]
  const ofRows = (diff: ProfileDiff): (string | undefined)[] =>
    significantIn(diff).filter((name) => name?.endsWith('Row') === true)
  t.strictSame(ofRows(diffProfiles(before, again)), [])
  const slower = diffProfiles(before, slow)
  t.strictSame(ofRows(slower), ['checkRow'], toDiffTable(slower))
  const { self } = rowOf(slower, 'checkRow')
  t.ok(self.afterNanos / self.beforeNanos > 1.1 && self.afterNanos / self.beforeNanos < 1.3)
})

t.test('of profiles that did not do as much, shares are compared with normalize', async (t) => {
  const profile = (factor: number): Profile =>
    buildProfile([
      { stack: [main, js('parse', '/app/p.js', 3)], ticks: 6000 * factor },
      { stack: [main, js('sort', '/app/s.js', 4)], ticks: 4000 * factor },
    ])
  t.strictSame(significantIn(diffProfiles(profile(1), profile(2))), ['parse', 'sort'])
  const diff = diffProfiles(profile(1), profile(2), { normalize: true })
  t.strictSame(significantIn(diff), [])
  t.equal(diff.scale, 2)
  t.match(toDiffTable(diff), /^scaled +times before are multiplied by 2\.000/m)
  t.equal(
    toDiffCollapsed(profile(1), profile(2), { normalize: true }).split('\n')[0]?.slice(-12),
    ' 12000 12000',
  )
})

t.test('functions are found again where lines shift, files move, and both', async (t) => {
  const before = profileOf([
    js('parse', '/ci/1/app/parse.js', 10),
    js('render', '/ci/1/app/render.js', 20, { column: 5 }),
    js('count', '/ci/1/slow.js', 3),
    js('(anonymous)', '/ci/1/app/a.js', 1),
    js('(anonymous)', '/ci/1/app/a.js', 5),
    runtime('JSON.parse'),
  ])
  const after = profileOf([
    js('parse', '/ci/1/app/parse.js', 12),
    js('render', '/ci/2/app/render.js', 25, { column: 5 }),
    js('count', '/ci/1/fast.js', 4),
    js('(anonymous)', '/ci/1/app/a.js', 2),
    js('(anonymous)', '/ci/1/app/a.js', 6),
    runtime('JSON.parse'),
  ])
  const { rows } = diffProfiles(before, after)
  t.strictSame(
    rows.map((row) => `${row.before?.name} ${row.before?.line} ${row.after?.name} ${row.after?.line}`).sort(),
    [
      '(anonymous) 0 (anonymous) 0',
      'JSON.parse 0 JSON.parse 0',
      'count 3 count 4',
      'parse 10 parse 12',
      'render 20 render 25',
    ],
    'anonymous ones, of which it is not known which is which, are one',
  )
})

t.test('what is only in one of them is new, or gone', async (t) => {
  const [one, other] = [profileOf([js('old')], 50), profileOf([js('recent')], 50)]
  const diff = diffProfiles(one, other)
  t.strictSame([rowOf(diff, 'old').after, rowOf(diff, 'recent').before], [null, null])
  t.match(toDiffTable(diff), /^ +0\.0 +500\.0 +\+500\.0 +new .* recent /m)
  t.match(toDiffTable(diff), /^ +500\.0 +0\.0 +-500\.0 +-100\.0 .* old /m)
})

t.test('empty profiles are no trouble', async (t) => {
  const empty = buildProfile([])
  t.match(toDiffTable(diffProfiles(empty, empty)), /^changed +nothing beyond chance$/m)
  t.equal(toDiffCollapsed(empty, empty), '')
  t.strictSame(significantIn(diffProfiles(empty, profileOf([js('f')], 100))), ['f'])
})

t.test('collapsed stacks have two numbers, under the names that functions have after', async (t) => {
  const before = buildProfile([{ stack: [main, js('f', '/a.js', 3)], ticks: 4 }])
  const after = buildProfile([
    { stack: [main, js('f', '/a.js', 5)], ticks: 6 },
    { stack: [main, js('g', '/a.js', 9)], ticks: 1 },
  ])
  t.equal(
    toDiffCollapsed(before, after),
    'main /app/main.js:1:1;f /a.js:5:1 4 6\nmain /app/main.js:1:1;g /a.js:9:1 0 1\n',
  )
})

t.test('HTML has flame graphs of what grew, of what shrank, and of both', async (t) => {
  const before = buildProfile([{ stack: [main, js('</script>', '/a.js', 3)], ticks: 4 }])
  const after = buildProfile([{ stack: [main, js('g', '/a.js', 9)], ticks: 1 }])
  const html = toDiffHtml(before, after)
  const [, json = ''] = /<script id="profile" type="application\/json">(.*?)<\/script>/s.exec(html) ?? []
  t.match(JSON.parse(json), {
    profiles: [
      { name: 'grew', weights: [1e7] },
      { name: 'shrank', weights: [4e7] },
      { name: /^before/, weights: [4e7] },
      { name: /^after/, weights: [1e7] },
    ],
  })
})

t.test('files that know no times are compared in ticks', async (t) => {
  const read = (text: string): Profile => readProfile(Buffer.from(text))
  const diff = diffProfiles(read('main;f 100\nmain;g 50\n'), read('main;f 101\nmain;g 900\n'))
  t.equal(diff.unit, 'ticks')
  t.strictSame(significantIn(diff), ['g'])
  t.match(toDiffTable(diff), /^ticks before +after .*\n +50 +900 +\+850 /m)
})

t.test('names of hostile profiles stay on their line', async (t) => {
  const text = toDiffTable(diffProfiles(profileOf([js('\x1b[31mred\nline')], 90), buildProfile([])))
  t.notMatch(text, /\x1b|^line/m)
})

t.test('the demo before and after its fix: the fix', async (t) => {
  const cwd = scratchFolder(t)
  const record = async (name: string): Promise<Profile> => {
    const file = join(cwd, `${name}.pb.gz`)
    const args = ['run', '-o', file, join(ROOT, 'scripts/demo', `digits-${name}.mjs`)]
    const { code, stderr } = await runNode([CLI, ...args], { cwd })
    t.equal(code, 0, stderr)
    return readProfile(readFileSync(file))
  }
  const [slow, again, fast] = [await record('slow'), await record('slow'), await record('fast')]
  t.strictSame(significantIn(diffProfiles(slow, again)), [], toDiffTable(diffProfiles(slow, again)))
  const diff = diffProfiles(slow, fast)
  t.ok(rowOf(diff, 'countDigits').standardErrors < -5)
  // What it calls instead may show where the machine is slow enough for it to have ticks.
  const others = significantIn(diff).filter(
    (name) => !['countDigits', 'Math.log10', '(native)'].includes(name ?? ''),
  )
  t.strictSame(others, [], toDiffTable(diff))
})

/** Each function with some share of 10,000 ticks, which stray as ticks do: a tick is one or the other's. */
function recordingOf(below: (limit: number) => number, factors: Readonly<Record<string, number>>): Profile {
  const shares = NAMES.map((name, index) => ({ name, share: (4000 / 2 ** index) * (factors[name] ?? 1) }))
  return buildProfile(
    shares
      .map(({ name, share }) => ({
        stack: [main, js(name, '/app/lib.js', 10 + NAMES.indexOf(name))],
        ticks: poisson(below, share),
      }))
      .filter(({ ticks }) => ticks > 0),
  )
}

function poisson(below: (limit: number) => number, mean: number): number {
  let count = 0
  const step = (): number => -Math.log(1 - below(2 ** 30) / 2 ** 30)
  for (let sum = step(); sum < mean; sum += step()) count++
  return count
}

function profileOf(frames: readonly FrameSpec[], ticks = 1): Profile {
  return buildProfile(frames.map((frame) => ({ stack: [frame], ticks })))
}

/** What a profile has under the label `part`. */
function partOf(profile: Profile, part: string): Profile {
  const isOfPart = ({ labelsId }: { readonly labelsId: number }): boolean =>
    profile.labelSets[labelsId]?.['part'] === part
  return { ...profile, totals: profile.totals.filter(isOfPart), samples: profile.samples.filter(isOfPart) }
}

function significantIn({ rows }: ProfileDiff): (string | undefined)[] {
  return rows
    .filter((row) => row.isSignificant)
    .map(({ before, after }) => (after ?? before)?.name)
    .sort()
}

function rowOf({ rows }: ProfileDiff, name: string): DiffRow {
  const row = rows.find(({ before, after }) => (after ?? before)?.name === name)
  if (row === undefined) throw new Error(`no row of ${name}`)
  return row
}
