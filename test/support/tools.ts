// tools.ts — programs of others that read what we write. Where one is missing its tests are skipped, and say so;
// with NATIVEPROF_REQUIRE_TOOLS=1, as on the build machines, a missing one is a failure.

import assert from 'node:assert/strict'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import process from 'node:process'

/** A program that may be there. */
export interface Tool {
  readonly path: string
  /** The reason to give tap for skipping; false if the tool is there. */
  readonly skip: string | false
}

export const CHROMIUM: Tool = findTool('chromium', [
  ...onPath('chromium', 'chromium-browser', 'google-chrome'),
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
])

/** Debian has it in the package libdevel-nytprof-perl. */
export const FLAMEGRAPH_PL: Tool = findTool('flamegraph.pl', [
  ...onPath('flamegraph.pl'),
  '/usr/share/perl5/Devel/NYTProf/flamegraph.pl',
])

/** For `go tool pprof`. */
export const GO: Tool = findTool('go', onPath('go'))

/** Of binutils. */
export const READELF: Tool = findTool('readelf', onPath('readelf'))

export const STRACE: Tool = findTool('strace', onPath('strace'))

/** Runs a program on a terminal of its own. */
export const SCRIPT: Tool = findTool('script', onPath('script'))

export const STRIP: Tool = findTool('strip', onPath('strip'))

export const COMPILER: Tool = findTool(
  'a C++ compiler',
  onPath(process.env['CXX'] ?? 'c++', 'g++', 'clang++'),
)

function findTool(name: string, candidates: readonly string[]): Tool {
  const path = candidates.find(isReadable)
  if (path !== undefined) return { path, skip: false }
  assert.notEqual(process.env['NATIVEPROF_REQUIRE_TOOLS'], '1', `${name} is required and not installed`)
  return { path: '', skip: `${name} is not installed` }
}

function onPath(...names: readonly string[]): string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name)))
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}
