// pprof.ts — the gzipped protocol buffer that `go tool pprof`, Pyroscope, Parca, Grafana and speedscope read.
// Format: https://github.com/google/pprof/blob/main/proto/profile.proto. Encoded by pprof-format, which has no dependencies
// and is what the Node.js profilers of Datadog and Grafana write with. Pure, but for the source maps that resolve.ts reads.
// Neighbours: pprof-samples.ts, pprof-places.ts, pprof-comments.ts (what the format has no field for), readers/pprof.ts.

import { gzipSync } from 'node:zlib'
import { Profile as Message, StringTable } from 'pprof-format'
import { internLabels } from '../labels.js'
import type { Profile } from '../profile.js'
import { resolveSources } from '../sources/resolve.js'
import type { SourceOptions } from '../sources/resolve.js'
import { DEFAULT_THREADS } from '../threads.js'
import type { ThreadsName } from '../threads.js'
import { viewFor, viewLeft } from '../view.js'
import type { GranularityName, ViewName } from '../view.js'
import { commentsOf } from './pprof-comments.js'
import { PprofPlaces } from './pprof-places.js'
import { encodeSamples, whole } from './pprof-samples.js'

/** Choices for {@link toPprof}. */
export interface PprofOptions extends SourceOptions {
  /** Which frames are in the file; `js` by default. A comment in the file names it. */
  readonly view?: ViewName
  /**
   * The file always has both the function and the line being executed (`go tool pprof -lines`). `line`: each line is a
   * function of its own besides, with that line as its start, for viewers that know of functions only.
   */
  readonly granularity?: GranularityName | undefined
  /**
   * What the labels `thread` and `thread_id` of a sample say. `split`: the thread. `auto`, the default: the thread, but for
   * threads without JavaScript those of one name and kind of work, together, without an id. `merged`: there are no such labels.
   */
  readonly threads?: ThreadsName
}

/**
 * A gzipped pprof profile. Each sample has its ticks (`samples/count`) and its time in nanoseconds (`cpu/nanoseconds`,
 * the default type; `time/nanoseconds` with the wall clock; none if what was read from a file has no times), and string labels: `thread`, `thread_id` and those of the
 * program. An inlined function is a location of its own, as every function is: speedscope shows one line per location.
 */
export function toPprof(recorded: Profile, options: PprofOptions = {}): Uint8Array {
  const profile = resolveSources(recorded, options)
  const view = viewFor(profile, options.view)
  const { threads = DEFAULT_THREADS } = options
  const strings = new StringTable()
  const text = (words: string): number => strings.dedup(words)
  const places = new PprofPlaces(profile, internLabels(profile, view, options.granularity), text)
  const hasTimes = profile.savedAs?.weightUnit !== 'ticks'
  const samples = encodeSamples(profile, { places, threads, hasTimes, text })
  const count = { type: text('samples'), unit: text('count') }
  const time = { type: text(profile.timer === 'wall' ? WALL_TYPE : 'cpu'), unit: text('nanoseconds') }
  const message = new Message({
    stringTable: strings,
    sampleType: hasTimes ? [count, time] : [count],
    mapping: places.mappings,
    location: places.locations,
    function: places.functions,
    timeNanos: BigInt(whole(profile.startTimeMillis * 1000)) * 1000n,
    durationNanos: whole(profile.durationNanos),
    periodType: time,
    period: whole(profile.periodMicros * 1000),
    defaultSampleType: hasTimes ? time.type : count.type,
    comment: commentsOf(profile, viewLeft(profile, view)).map(text),
  })
  // Fields may stand in any order.
  const bytes = Buffer.concat([...samples, message.encode()])
  return gzipSync(bytes, { level: bytes.length > LARGE_BYTES ? 1 : 6 })
}

/** From here on a quick compression is worth more than a good one. */
const LARGE_BYTES = 2 ** 24

/**
 * What wall time is called. Not `wall`: Pyroscope files every profile that has such a type under another name, whatever
 * else is in it. `time` is what fgprof, Go's profiler by the wall clock, calls it.
 */
const WALL_TYPE = 'time'
