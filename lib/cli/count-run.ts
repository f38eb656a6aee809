// count-run.ts — one of the two runs of `nativeprof count`, inside the program: either samples it, or has V8 count its calls.
// Must not throw into the program, print, or be seen. Neighbour: count.ts, which starts the runs and reads what they leave.

import * as fs from 'node:fs'
import * as inspector from 'node:inspector'
import { isMainThread } from 'node:worker_threads'
import { loadBinding } from '../binding.js'
import type { CountedScript } from '../call-counts.js'
import { onProcessEnd } from '../process-end.js'
import type { Profile } from '../profile.js'
import { startSampler } from '../sampler.js'

/** The variable that says what a run is for. Internal. */
export const COUNT_VARIABLE = 'NATIVEPROF_COUNT'

/** What a run is for. */
export interface CountTask {
  /** The pid of `nativeprof count`: children of the program take no part. */
  readonly pid: number
  readonly mode: 'sample' | 'count'
  readonly hz: number
  /** Where the result goes. */
  readonly file: string
}

/** What a run leaves behind. */
export interface RunResult {
  /** CPU time of the process, microseconds. */
  readonly cpuMicros: number
  readonly profile?: Profile
  readonly scripts?: readonly CountedScript[]
  readonly error?: string
}

/** Does what the environment asks for. */
export function joinCount(): void {
  const text = process.env[COUNT_VARIABLE]
  if (text === undefined || !isMainThread) return
  const task = JSON.parse(text) as CountTask
  if (task.pid !== process.ppid) return
  try {
    // Before anything counts, for it takes functions, too.
    const binding = loadBinding()
    const result = task.mode === 'sample' ? sample(task.hz) : count()
    onProcessEnd(binding, () => {
      const { user, system } = process.cpuUsage()
      leave(task.file, () => ({ cpuMicros: user + system, ...result() }))
    })
  } catch (error) {
    leave(task.file, () => {
      throw error
    })
  }
}

function leave(file: string, result: () => RunResult): void {
  try {
    fs.writeFileSync(file, JSON.stringify(result()), { mode: 0o600 })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    fs.writeFileSync(file, JSON.stringify({ cpuMicros: 0, error: message } satisfies RunResult))
  }
}

function sample(hz: number): () => { profile: Profile } {
  const sampler = startSampler({ hz })
  return () => ({ profile: sampler.stop() })
}

// `detailed`: with a counter in each block, code is still optimized; with one in each function it is not.
function count(): () => { scripts: CountedScript[] } {
  const session = new inspector.Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  return () => ({ scripts: takeScripts(session) })
}

// A session of the same thread answers at once.
function takeScripts(session: inspector.Session): CountedScript[] {
  const scripts: CountedScript[] = []
  session.post('Profiler.takePreciseCoverage', (error, { result }) => {
    if (error) throw error
    const own = new URL('..', import.meta.url).href
    const wanted = result.filter(({ url }) => url.startsWith('file:') && !url.startsWith(own))
    // From here on counters do not matter any more; the debugger knows the texts.
    session.post('Debugger.enable')
    for (const { scriptId, url, functions } of wanted) {
      session.post('Debugger.getScriptSource', { scriptId }, (failure, { scriptSource }) => {
        if (failure) return
        scripts.push({
          url,
          text: scriptSource,
          functions: functions.flatMap(({ functionName, ranges: [range], isBlockCoverage }) =>
            range === undefined
              ? []
              : [
                  {
                    name: functionName,
                    start: range.startOffset,
                    end: range.endOffset,
                    count: range.count,
                    isByBlock: isBlockCoverage,
                  },
                ],
          ),
        })
      })
    }
  })
  session.disconnect()
  return scripts
}
