// run.mjs — `npm run demo`: builds, profiles the programs of this folder and the TypeScript compiler, and says where the
// flame graphs are. The table and the closing line come from nativeprof itself; the words in between are ours.

import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const OUTPUT = 'build/demo'
const COUNTED_IN = /counted in ([\d.]+) s/

try {
  demo()
} catch (error) {
  console.error(`demo: ${error.message}`)
  process.exitCode = 1
}

function demo() {
  console.log('nativeprof, a tour. First it is built; the first time takes a while.')
  node('scripts/build.mjs')
  mkdirSync(join(ROOT, OUTPUT), { recursive: true })

  say(
    '1. Does it tell the truth?',
    'a() and b() call the same work(), b() for twice as long. "total" must show them 1 : 2.',
  )
  profile('one-to-two.html', ['--sort', 'total', '--top', '10'], 'scripts/demo/one-to-two.mjs')

  say(
    '2. A real program',
    'The TypeScript compiler checks the types of this project. Sorted by total, it reads from the top of the compiler',
    'down to checkSourceFile() and what that checks. "(other threads)" is V8 beside the program: it optimizes code and',
    'collects garbage.',
  )
  profile(
    'type-check.html',
    ['--sort', 'total', '--top', '40'],
    'node_modules/typescript/bin/tsc --noEmit --skipLibCheck false -p .',
  )

  say('3. The lesson', 'A program counts digits, and is slow. Which function is it?')
  const slow = profile('digits-slow.html', ['--top', '5'], 'scripts/demo/digits-slow.mjs')
  say('', 'countDigits() takes digits away one by one. Math.log10() knows how many there are:')
  const fast = profile('digits-fast.html', ['--top', '5'], 'scripts/demo/digits-fast.mjs')
  compare(slow, fast)

  say(
    '4. A profiler in 25 lines',
    'The same on top of the API: start the sampler, run a program, fold its stacks and print them, one to a line.',
  )
  inTwentyFiveLines('one-to-two.collapsed', 'scripts/demo/one-to-two.mjs')

  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open'
  say(
    `The flame graphs are in ${OUTPUT}/`,
    ...['type-check', 'one-to-two', 'digits-slow', 'digits-fast'].map((name) => `  ${OUTPUT}/${name}.html`),
    '',
    'Each is one file that needs no network; open it in a browser:',
    `  ${opener} ${OUTPUT}/type-check.html`,
    'Width is CPU time, callers are on top. Double-click a frame to zoom in; "Sandwich" lists the functions.',
  )
}

/** Runs a command line under `nativeprof run`, as a user would; shows what it prints and returns its standard output. */
function profile(file, options, program) {
  const out = `${OUTPUT}/${file}`
  const own = ['run', ...options, '-o', out]
  console.log(`\n$ npx nativeprof ${own.join(' ')} ${program}`)
  const { stdout, stderr } = node('dist/cli/main.js', ...own, ...program.split(' '))
  // Paths are shown from the root of the repository.
  process.stdout.write(`${stdout}${stderr.replaceAll(ROOT, '')}`)
  return stdout
}

function compare(slow, fast) {
  const [slowDigits, fastDigits] = [slow, fast].map((text) => Number.parseInt(text, 10))
  const [slowSeconds, fastSeconds] = [slow, fast].map((text) => Number(COUNTED_IN.exec(text)?.[1]))
  if (!(slowDigits === fastDigits)) throw new Error(`the counts differ: ${slowDigits} and ${fastDigits}`)
  say(
    '',
    `Both count ${slowDigits} digits: in ${slowSeconds} s of CPU time before, in ${fastSeconds} s after. ` +
      `That is ${(slowSeconds / fastSeconds).toFixed(1)} times as fast.`,
  )
}

function inTwentyFiveLines(file, program) {
  console.log(`\n$ node scripts/demo/profiler-in-25-lines.mjs ${program} > ${OUTPUT}/${file}`)
  const { stdout } = node('scripts/demo/profiler-in-25-lines.mjs', program)
  writeFileSync(join(ROOT, OUTPUT, file), stdout)
  const stacks = stdout.trimEnd().split('\n')
  const ticksOf = (stack) => Number(stack.slice(stack.lastIndexOf(' ') + 1))
  stacks.sort((one, other) => ticksOf(other) - ticksOf(one))
  const heaviest = stacks.slice(0, 2).map((stack) => `  …;${stack.split(';').slice(-2).join(';')}`)
  say(
    '',
    `${stacks.length} stacks; the heaviest, from their ends:`,
    ...heaviest.map((line) => line.replaceAll(`file://${ROOT}`, '')),
  )
}

/** Runs a script of the repository, and waits. What it printed is returned; if it fails, it is shown. */
function node(...args) {
  const { status, signal, error, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: Infinity,
    stdio: ['inherit', 'pipe', 'pipe'],
  })
  if (error) throw error
  if (status === 0) return { stdout, stderr }
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  throw new Error(`${args[0]} ended with ${signal ?? `exit code ${status}`}`)
}

function say(title, ...lines) {
  const heading = title === '' ? [] : [title, '='.repeat(title.length)]
  console.log(['', ...heading, ...lines].join('\n'))
}
