// source-files.ts — scripts in a scratch folder, and profiles of functions in them.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Profile, Script } from '#lib/profile.js'
import { buildProfile, js } from './profile-builder.js'
import type { FrameSpec } from './profile-builder.js'
import { scratchFolder } from './run-program.js'

/** Writes files, given by their names, into a fresh folder that goes when the test ends. Returns its path. */
export function writeFiles(
  t: { teardown: (callback: () => void) => void },
  files: Readonly<Record<string, string>>,
): string {
  const folder = scratchFolder(t)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** The 1-based line and column of the only place where `mark` stands in a text, or of the end of `mark` in it. */
export function placeOf(
  text: string,
  mark: string,
  at: 'start' | 'end' = 'start',
): { line: number; column: number } {
  const index = text.indexOf(mark)
  if (index < 0 || text.indexOf(mark, index + 1) >= 0) throw new Error(`not once in the text: ${mark}`)
  const before = text.slice(0, index + (at === 'end' ? mark.length : 0))
  return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') }
}

/** A function as V8 has it: it starts where `mark` ends in the text. */
export function functionAt(url: string, text: string, [name, mark]: readonly [string, string]): FrameSpec {
  const { line, column } = placeOf(text, mark, 'end')
  return js(name, url, line, { column, atLine: 0 })
}

/** A profile with a sample of each function on its own. */
export function profileOf(frames: readonly FrameSpec[], scripts: readonly Partial<Script>[] = []): Profile {
  return buildProfile(
    frames.map((frame) => ({ stack: [frame] })),
    { scripts: scripts.map((script) => ({ url: '', sourceMapUrl: '', origin: '', ...script })) },
  )
}

/** `name url:line:column` of each function that has samples, in the order of the samples. */
export function sampledFunctions(profile: Profile, folder = ''): string[] {
  return profile.samples.map(({ stackId }) => {
    const fn = profile.functions[profile.frames[profile.stacks[stackId]?.frameId ?? -1]?.functionId ?? -1]
    return fn === undefined
      ? ''
      : `${fn.name} ${fn.url.slice(folder !== '' && fn.url.startsWith(`${folder}/`) ? folder.length + 1 : 0)}:${fn.line}:${fn.column}`
  })
}
