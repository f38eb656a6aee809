// remote.ts — what is asked of another process through its inspector: a profile of some seconds, or where it is now.

import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { NativeprofError } from '../errors.js'
import type { ErrorCode } from '../errors.js'
import type { Profile } from '../profile.js'
import type { Inspector } from './inspector.js'
import { unreachable } from './target.js'

/** A frame of JavaScript, as the debugger has it. */
export interface PausedFrame {
  readonly name: string
  readonly url: string
  readonly line: number
  readonly column: number
}

const AGENT = fileURLToPath(new URL('agent.js', import.meta.url))

/**
 * A profile from now until `untilDone` settles. Throws ERR_NATIVEPROF_TARGET, or what keeps nativeprof from running there.
 */
export async function profileRemotely(
  inspector: Inspector,
  { hz, untilDone }: { hz: number | undefined; untilDone: () => Promise<void> },
): Promise<Profile> {
  await requireSupported(inspector)
  const problem = await callAgent(inspector, `begin(${hz ?? 'null'})`)
  if (problem !== '') {
    const [, code = 'ERR_NATIVEPROF_TARGET', message = problem] = /^(\S+) (.*)$/s.exec(problem) ?? []
    throw new NativeprofError(code as ErrorCode, `in the process: ${message}`)
  }
  let profile: string
  try {
    await untilDone()
  } finally {
    profile = await callAgent(inspector, 'end()')
  }
  const json = gunzipSync(Buffer.from(profile, 'base64')).toString()
  // JSON has no NaN, which is what a window without CPU time has.
  const parsed = JSON.parse(json) as Omit<Profile, 'coverage'> & { coverage: number | null }
  return { ...parsed, coverage: parsed.coverage ?? NaN }
}

async function requireSupported(inspector: Inspector): Promise<void> {
  const version = await inspector.evaluate('process.version')
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  const isSupported = major === 20 ? minor >= 19 : major === 22 ? minor >= 12 : major > 22
  if (!isSupported)
    throw unreachable(`the process is Node.js ${version}; nativeprof needs 20.19, 22.12 or newer`)
}

async function callAgent(inspector: Inspector, call: string): Promise<string> {
  const file = JSON.stringify(AGENT)
  try {
    return await inspector.evaluate(
      `process.getBuiltinModule('node:module').createRequire(${file})(${file}).${call}`,
      30_000,
    )
  } catch (error) {
    if (!(error instanceof Error && /Cannot find module|ENOENT/.test(error.message))) throw error
    throw unreachable(
      `the process cannot read ${AGENT}: it sees another file system, that of a container`,
      error,
    )
  }
}

/**
 * The frames of JavaScript that the main thread is in, the innermost first; empty if it runs none within `millis`. The thread
 * stands still for some milliseconds.
 */
export async function stackRemotely(inspector: Inspector, millis: number): Promise<PausedFrame[]> {
  const urls = new Map<string, string>()
  inspector.on('Debugger.scriptParsed', ({ scriptId, url }) => {
    urls.set(String(scriptId), String(url))
  })
  const paused = new Promise<PausedFrame[]>((done) => {
    inspector.on('Debugger.paused', ({ callFrames }) => {
      done((callFrames as CallFrame[]).map((frame) => frameOf(frame, urls)))
    })
  })
  await inspector.call('Debugger.enable', { maxScriptsCacheSize: 0 }, millis)
  try {
    await inspector.call('Debugger.pause')
    let deadline: NodeJS.Timeout | undefined
    const timeout = new Promise<PausedFrame[]>((done) => {
      deadline = setTimeout(done, millis, [])
    })
    const frames = await Promise.race([paused, timeout])
    clearTimeout(deadline)
    return frames
  } finally {
    // Lets it go on, too.
    await inspector.call('Debugger.disable')
  }
}

interface CallFrame {
  readonly functionName: string
  readonly location: {
    readonly scriptId: string
    readonly lineNumber: number
    readonly columnNumber?: number
  }
}

function frameOf({ functionName, location }: CallFrame, urls: ReadonlyMap<string, string>): PausedFrame {
  const { scriptId, lineNumber, columnNumber = 0 } = location
  return {
    name: functionName === '' ? '(anonymous)' : functionName,
    url: urls.get(scriptId) ?? '',
    line: lineNumber + 1,
    column: columnNumber + 1,
  }
}
