// view.ts — `nativeprof view`: a saved profile as a flame graph, in the browser.

import { spawn } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { htmlParts } from '../formats/html.js'
import { printable } from '../labels.js'
import { writeFile } from '../output-file.js'
import { DEFAULT_THREADS, threadsNamed } from '../threads.js'
import { viewNamed } from '../view.js'
import { HELP_OPTION, fileOf, parse } from './arguments.js'
import { readInput } from './input.js'
import { checkOutput } from './output.js'
import { clearStage, showStage } from './stage.js'
import type { Verb } from './verb.js'

const OPTIONS = {
  'no-open': { type: 'boolean' },
  out: { type: 'string', short: 'o' },
  view: { type: 'string' },
  threads: { type: 'string' },
  lines: { type: 'boolean' },
  'package-paths': { type: 'boolean' },
  ...HELP_OPTION,
} as const

const HELP = `nativeprof view [options] FILE

Shows a saved profile as a flame graph: writes an HTML file, which needs no
network, and opens it in the browser. FILE is pprof, collapsed stacks,
.cpuprofile, speedscope, or an HTML file of nativeprof. - is standard input.

  --no-open       only write the file, and print its path
  -o, --out PATH  where to write it           (default: in the temporary folder)
  --view V        js, mixed, native: of the frames in the file       (all of it)
  --threads T     auto, split, merged: threads apart, or as one   (default auto)
  --lines         a frame is a line of a function, the one executed
  --package-paths files of npm packages as package/path
  -h, --help

The browser is $BROWSER, or else the system's.

  nativeprof view app.pb.gz
`

export const view: Verb = {
  name: 'view',
  isCommon: true,
  usage: 'view app.pb.gz',
  summary: ['a saved profile as a flame graph, in the browser'],
  help: HELP,
  run: runVerb,
}

async function runVerb(args: readonly string[]): Promise<void> {
  const { values: options, positionals } = parse('view', args, OPTIONS)
  if (options.help === true) {
    process.stdout.write(HELP)
    return
  }
  const file = fileOf('view', positionals)
  const threads = threadsNamed('--threads', options.threads ?? DEFAULT_THREADS)
  const shown = {
    ...(options.view !== undefined && { view: viewNamed(options.view) }),
    granularity: options.lines === true ? ('line' as const) : undefined,
    packagePaths: options['package-paths'] === true,
    threads,
  }
  if (options.out !== undefined) checkOutput(options.out, [file])
  const profile = readInput(file)
  showStage('writing html')
  const path = writeHtml(htmlParts(profile, shown), options.out, file)
  clearStage()
  process.stdout.write(`${printable(path)}\n`)
  if (options['no-open'] === true) return
  const problem = await open(pathToFileURL(path).href)
  if (problem !== null)
    process.stderr.write(
      `nativeprof: no browser was opened (${printable(problem)}); open the file yourself\n`,
    )
}

// In a folder of its own, for the name is to be that of the profile, and others may use the temporary folder, too.
function writeHtml(html: Iterable<string>, out: string | undefined, file: string): string {
  if (out !== undefined) return writeFile(resolve(out), html, { replace: true, ending: '.html' }).path
  const stem =
    file === '-' ? 'profile' : basename(file).replace(/(?:\.pb\.gz|\.speedscope\.json|\.[^.]+)$/, '')
  const folder = fs.mkdtempSync(join(tmpdir(), 'nativeprof-view-'))
  return writeFile(join(folder, `${stem || 'profile'}.html`), html, { replace: false, ending: '.html' }).path
}

/** Why there is no browser; null if it was started. It lives on without us. */
async function open(url: string): Promise<string | null> {
  const { BROWSER = '' } = process.env
  const [command = '', ...args] =
    BROWSER !== '' ? BROWSER.split(' ') : [process.platform === 'darwin' ? 'open' : 'xdg-open']
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true })
  return new Promise((done) => {
    child.once('error', (error) => {
      done(error.message)
    })
    child.once('spawn', () => {
      child.unref()
      done(null)
    })
  })
}
