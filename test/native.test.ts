// The C++ tests of test/native, built plainly and with sanitizers; and that they are worth something: each fault that is
// put into a copy of the ring on purpose makes them fail.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ROOT, runNode, scratchFolder } from './support/run-program.js'
import type { Ending } from './support/run-program.js'

const SCRIPT = join(ROOT, 'scripts/test-native.mjs')
const RING = readFileSync(join(ROOT, 'native/ring_buffer.h'), 'utf8')
const DEADLINE_MILLIS = 280_000

/** What stands in the way, as the script says it; null if the tests ran. */
function skipReason({ stdout }: Ending): string | null {
  return /^1\.\.0 # SKIP (.*)/.exec(stdout)?.[1] ?? null
}

const BUILDS = [
  ['plainly', []],
  ['with ThreadSanitizer', ['--sanitize', 'thread']],
  ['with AddressSanitizer', ['--sanitize', 'address']],
] as const

for (const [how, args] of BUILDS) {
  t.test(`built ${how}`, async (t) => {
    const ending = await runNode([SCRIPT, ...args], { deadlineMillis: DEADLINE_MILLIS })
    const reason = skipReason(ending)
    if (reason !== null) {
      t.equal(ending.code, 0, 'nothing is missing that is required')
      t.pass('the results', { skip: reason })
      return
    }
    const { code, stdout, stderr } = ending
    // A line for each sentence of a subtest, and one for each subtest, which tells how its program ended.
    const results = [...stdout.matchAll(/^( *)(not )?ok \d+ - (.*)$/gm)]
    for (const [, indent, not, sentence] of results) {
      t.notOk(not, `${indent === '' ? 'all of ' : ''}${sentence ?? ''}`)
    }
    const planned = [...stdout.matchAll(/^ *1\.\.(\d+)$/gm)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    )
    t.equal(results.length, planned, 'every test that was planned has run')
    t.ok(planned > 30, `${planned} results`)
    if (code !== 0) t.comment(stdout)
    t.equal(code, 0, 'exit code')
    t.equal(stderr, '', 'the compiler and the sanitizer have nothing to say')
  })
}

/** A fault in the ring: what is replaced by what, and which tests must see it. */
interface Fault {
  readonly fault: string
  readonly from: string
  readonly to: string
  readonly seenBy: string
  readonly sanitize?: 'thread'
}

const FAULTS: readonly Fault[] = [
  {
    fault: 'a record is published before it is written',
    from: 'if (padding == 0) return {slots_ + offset};',
    to: `if (padding == 0) {
      Publish({slots_ + offset}, MakeHeader(RecordKind::kSample, 0, static_cast<uint32_t>(length_words)));
      return {slots_ + offset};
    }`,
    seenBy: 'ring_buffer_test',
  },
  {
    fault: 'slots are given back before they are zero',
    from: 'std::memset(record, 0, length * sizeof(uint64_t));',
    to: `tail_.store(tail + length, std::memory_order_release);
    std::memset(record, 0, length * sizeof(uint64_t));`,
    seenBy: 'ring_buffer_step_test',
  },
  {
    fault: 'of what was read only the header is zeroed',
    from: 'std::memset(record, 0, length * sizeof(uint64_t));',
    to: 'record[0] = 0;',
    seenBy: 'ring_buffer_test',
  },
  {
    fault: 'padding is handed out',
    from: 'if (KindOf(header) != RecordKind::kPadding) {',
    to: 'if (length > 0) {',
    seenBy: 'ring_buffer_test',
  },
  {
    fault: 'a record may be one word too long for the end of the ring',
    from: 'length_words > to_end ? to_end : 0',
    to: 'length_words > to_end + 1 ? to_end : 0',
    seenBy: 'ring_buffer_test',
  },
  {
    fault: 'padding does not count when room is looked for',
    from: 'if (head + padding + length_words - tail > capacity_words_) {',
    to: 'if (head + length_words - tail > capacity_words_) {',
    seenBy: 'ring_buffer_test',
  },
  {
    fault: 'two writers may reserve the same slots',
    from: 'if (!head_.compare_exchange_weak(head, head + padding + length_words, std::memory_order_relaxed)) continue;',
    to: 'head_.store(head + padding + length_words, std::memory_order_relaxed);',
    seenBy: 'ring_buffer_step_test',
  },
  {
    fault: 'the ring is called full by a head that is out of date',
    from: 'if (head_now == head) return {nullptr};',
    to: 'if (head_now >= head) return {nullptr};',
    seenBy: 'ring_buffer_step_test',
  },
  {
    fault: 'losses that come while losses are reported are forgotten',
    from: 'const uint64_t ticks = overflow_ticks_.exchange(0, std::memory_order_relaxed);',
    to: `const uint64_t ticks = overflow_ticks_.load(std::memory_order_relaxed);
    overflow_ticks_.store(0, std::memory_order_relaxed);`,
    seenBy: 'ring_buffer_step_test',
  },
  {
    fault: 'rewinding takes no notice of a writer',
    from: 'if (!head_.compare_exchange_strong(head, head + padding, std::memory_order_relaxed)) return;',
    to: 'head_.store(head + padding, std::memory_order_relaxed);',
    seenBy: 'ring_buffer_step_test',
  },
  {
    fault: 'publishing does not order what was written before',
    from: '__ATOMIC_RELEASE',
    to: '__ATOMIC_RELAXED',
    seenBy: 'ring_buffer_concurrency_test',
    sanitize: 'thread',
  },
  {
    fault: 'giving slots back does not order the zeros before',
    from: 'tail_.store(tail, std::memory_order_release);',
    to: 'tail_.store(tail, std::memory_order_relaxed);',
    seenBy: 'ring_buffer_concurrency_test',
    sanitize: 'thread',
  },
]

const canStep = process.arch === 'x64'

for (const { fault, from, to, seenBy, sanitize } of FAULTS) {
  const skip =
    seenBy === 'ring_buffer_step_test' && !canStep && 'the test that steps through the ring needs x64'
  t.test(`the tests fail if ${fault}`, { skip }, async (t) => {
    const folder = scratchFolder(t)
    assert.equal(RING.split(from).length, 2, `native/ring_buffer.h no longer has, or has twice: ${from}`)
    writeFileSync(
      join(folder, 'ring_buffer.h'),
      RING.replace(from, () => to),
    )
    const args = [
      '--headers',
      folder,
      '--only',
      seenBy,
      '--bail',
      ...(sanitize ? ['--sanitize', sanitize] : []),
    ]
    const ending = await runNode([SCRIPT, ...args], { deadlineMillis: DEADLINE_MILLIS })
    const reason = skipReason(ending)
    if (reason !== null) {
      t.pass('the results', { skip: reason })
      return
    }
    const { code, stdout, stderr } = ending
    t.equal(code, 1)
    t.match(stdout, /^1\.\.1\n# Subtest: \w+\n {4}1\.\.\d+\n/m, 'it compiles, and the tests begin')
    if (sanitize === 'thread') t.match(stderr, 'WARNING: ThreadSanitizer: data race')
    else t.match(stdout, /^ {4}not ok \d+ - /m)
  })
}
