// command.mjs — runs the programs that a user of the package would run, as that user would have them run: without what an
// outer npm, a test runner or a profiled program left in the environment.

import { spawnSync } from 'node:child_process'
import { dirname, delimiter } from 'node:path'
import process from 'node:process'

const DEADLINE_MILLIS = 300_000

// What an outer `npm run` decides about the outer package. Registry, proxy, certificates and cache must stay.
const OUTER =
  /^(npm_(config_(prefix|local_prefix|global.*|location|dry_run|ignore_scripts|omit|include|only|production|package_lock.*|workspaces?|include_workspace_root|install_.*|save.*|os|cpu|libc|noproxy|nodedir|user_agent)|lifecycle_.*|package_.*|command|execpath)|NODE_OPTIONS|NATIVEPROF.*|TAP.*|INIT_CWD|NODE_PATH)$/i

/** The environment of a user who has the running node first on the PATH. */
export function userEnvironment(extra = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !OUTER.test(name))
  const PATH = dirname(process.execPath) + delimiter + process.env.PATH
  return { ...Object.fromEntries(kept), PATH, NO_COLOR: '1', ...extra }
}

/** Runs a program to its end: `{ code, signal, stdout, stderr }`. Throws if it cannot be started or does not end. */
export function run(program, args, { cwd, env = {}, input } = {}) {
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    input,
    env: userEnvironment(env),
    encoding: 'utf8',
    maxBuffer: Infinity,
    timeout: DEADLINE_MILLIS,
    killSignal: 'SIGKILL',
  })
  if (error) throw new Error(`${program} ${args.join(' ')}: ${error.message}\n${stdout ?? ''}${stderr ?? ''}`)
  return { code: status, signal, stdout, stderr }
}

/** The same, for what has to succeed; returns its standard output. */
export function succeed(program, args, options = {}) {
  const { code, signal, stdout, stderr } = run(program, args, options)
  if (code === 0) return stdout
  throw new Error(
    `${program} ${args.join(' ')} ended with ${signal ?? `exit code ${code}`}\n${stdout}${stderr}`,
  )
}

/** Throws an error with this sentence, and what was found, unless the condition holds. */
export function expect(condition, sentence, found = '') {
  if (condition) return
  const what = typeof found === 'string' ? found : JSON.stringify(found, null, 2)
  throw new Error(`not so: ${sentence}${what === '' ? '' : `\n${what}`}`)
}
