// The pull handler: what it answers, to `go tool pprof` and to others, under the servers that people use.

import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import type { Test } from 'tap'
import { NativeprofError, pprofHandler } from 'nativeprof'
import { fixture, scratchFolder } from './support/run-program.js'
import { startProgram, until } from './support/started-program.js'
import { GO } from './support/tools.js'

const SERVER = fixture('pprof-server.mjs')

interface Server {
  readonly url: string
  /** Asks for /work, one request after the other, until the callback has done. */
  readonly underLoad: <Result>(callback: () => Promise<Result>) => Promise<Result>
}

async function startServer(t: Test, kind = 'http', options: Record<string, unknown> = {}): Promise<Server> {
  const program = await startProgram(t, [SERVER, kind, JSON.stringify(options)])
  const url = `http://127.0.0.1:${program.firstLine}`
  return {
    url,
    async underLoad(callback) {
      let isDone = false
      const load = async (): Promise<void> => {
        while (!isDone) await (await fetch(`${url}/work`)).text()
      }
      const loading = load()
      try {
        return await callback()
      } finally {
        isDone = true
        await loading
      }
    },
  }
}

async function goPprof(t: Test, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(GO.path, ['tool', 'pprof', '-symbolize=none', ...args], {
    env: { ...process.env, PPROF_TMPDIR: scratchFolder(t), HOME: scratchFolder(t) },
  })
  return stdout
}

/** The share of a function in `-top`, with its callees, in milliseconds. */
function cumulative(top: string, name: string): number {
  for (const line of top.split('\n')) {
    const found = /^\s*\S+\s+\S+%\s+\S+%\s+([\d.]+)(ms|s)\s+\S+%\s+(.*)$/.exec(line)
    if (found?.[3]?.startsWith(name)) return Number(found[1]) * (found[2] === 's' ? 1000 : 1)
  }
  return 0
}

t.test(
  'go tool pprof pulls from a server under load, twice at once, and names the hot handler',
  { skip: GO.skip },
  async (t) => {
    const { url, underLoad } = await startServer(t)
    const folder = scratchFolder(t)
    const files = ['a', 'b'].map((name) => join(folder, `${name}.pb.gz`))
    const tops = await underLoad(async () =>
      Promise.all(
        files.map(async (file) => {
          const top = await goPprof(t, '-top', `${url}/debug/pprof/profile?seconds=1`)
          writeFileSync(
            file,
            Buffer.from(await (await fetch(`${url}/debug/pprof/profile?seconds=1`)).arrayBuffer()),
          )
          return top
        }),
      ),
    )
    for (const top of tops) {
      const first = top.split('\n').find((line) => /^\s*[\d.]+m?s\s/.test(line))
      t.match(first, /hotHandler$/, 'the function with the most time of its own')
      t.match(top, /^Type: cpu$/m)
    }
    const [a = '', b = ''] = files
    const merged = await goPprof(t, '-top', '-unit=ms', '-nodefraction=0', a, b)
    const parts = await Promise.all(
      files.map((file) => goPprof(t, '-top', '-unit=ms', '-nodefraction=0', file)),
    )
    const sum = parts.reduce((nanos, part) => nanos + cumulative(part, 'hotHandler'), 0)
    t.ok(sum > 0)
    t.ok(Math.abs(cumulative(merged, 'hotHandler') - sum) <= 2, 'two profiles merge to their sum')
  },
)

t.test('it answers with headers and texts as Go does', async (t) => {
  const { url } = await startServer(t)
  const profile = await fetch(`${url}/debug/pprof/profile?seconds=1`)
  t.equal(profile.status, 200)
  t.equal(profile.headers.get('content-type'), 'application/octet-stream')
  t.equal(profile.headers.get('content-disposition'), 'attachment; filename="profile"')
  t.equal(profile.headers.get('x-content-type-options'), 'nosniff')
  t.equal(profile.headers.get('content-encoding'), null, 'the gzip is the format')
  const bytes = Buffer.from(await profile.arrayBuffer())
  t.ok(gunzipSync(bytes).includes('nanoseconds'))

  const head = await fetch(`${url}/debug/pprof/profile`, { method: 'HEAD' })
  t.equal(head.status, 200)

  const cases: [path: string, status: number, text: string | RegExp][] = [
    ['profile?seconds=-1', 400, 'invalid value for "seconds" - must be a positive integer\n'],
    ['profile?seconds=0', 400, 'invalid value for "seconds" - must be a positive integer\n'],
    ['profile?seconds=1e9', 400, 'invalid value for "seconds" - must be a positive integer\n'],
    ['profile?seconds=1.5', 400, 'invalid value for "seconds" - must be a positive integer\n'],
    ['profile?seconds=1000000000', 400, "profile duration exceeds the server's limit of 600 seconds\n"],
    ['heap', 404, 'Unknown profile\n'],
    ['profile/more', 404, 'Unknown profile\n'],
  ]
  for (const [path, status, text] of cases) {
    const answer = await fetch(`${url}/debug/pprof/${path}`)
    t.equal(answer.status, status, path)
    t.equal(answer.headers.get('x-go-pprof'), '1', path)
    t.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8', path)
    t.equal(await answer.text(), text, path)
  }
  const post = await fetch(`${url}/debug/pprof/profile`, { method: 'POST' })
  t.equal(post.status, 405)
  t.equal(post.headers.get('allow'), 'GET, HEAD')

  t.match(await (await fetch(`${url}/debug/pprof/`)).text(), /href="profile"/)
  t.match(await (await fetch(`${url}/debug/pprof`)).text(), /href="pprof\/profile"/, 'relative to /debug/')
})

t.test('it works under Express and Fastify', async (t) => {
  for (const kind of ['express', 'fastify']) {
    const { url, underLoad } = await startServer(t, kind)
    const bytes = await underLoad(async () => {
      const answer = await fetch(`${url}/debug/pprof/profile?seconds=1`)
      t.equal(answer.status, 200, kind)
      return Buffer.from(await answer.arrayBuffer())
    })
    t.ok(gunzipSync(bytes).includes('hotHandler'), `${kind}: the profile names the handler`)
    t.match(await (await fetch(`${url}/debug/pprof/`)).text(), /href="profile"/, kind)
    t.equal((await fetch(`${url}/debug/pprof/profile?seconds=x`)).status, 400, kind)
  }
})

t.test('requests are capped, and one whose client has gone gives its place back', async (t) => {
  const { url } = await startServer(t, 'http', { maxConcurrent: 2 })
  const clients = [1, 2].map(() => {
    const client = request(`${url}/debug/pprof/profile?seconds=600`)
    client.on('error', () => undefined).end()
    return client
  })
  const isFull = async (): Promise<boolean> => {
    const answer = await fetch(`${url}/debug/pprof/profile?seconds=1`)
    const text = await answer.text()
    if (answer.status === 503) {
      t.equal(answer.headers.get('x-go-pprof'), '1')
      t.match(text, /^Could not enable CPU profiling: 2 profiles are being taken already\n$/)
    }
    return answer.status === 503
  }
  await until(isFull, 'the places are never taken')
  clients[0]?.destroy()
  await until(async () => !(await isFull()), 'the place is never given back')
  clients[1]?.destroy()
})

t.test('after close() it refuses, and who waits is told', async (t) => {
  const { url } = await startServer(t)
  const waiting = fetch(`${url}/debug/pprof/profile?seconds=600`)
  // The first request is served before the second, if both come; if the second overtakes it, it is refused as well.
  await (await fetch(`${url}/close`)).text()
  const answer = await waiting
  t.equal(answer.status, 503)
  t.match(await answer.text(), /it has been closed/)
  t.equal((await fetch(`${url}/debug/pprof/profile?seconds=1`)).status, 503)
})

t.test('a server with the handler in it ends when it has nothing else to do', async (t) => {
  const folder = scratchFolder(t)
  const script = join(folder, 'ends.mjs')
  const index = new URL('../../dist/index.js', import.meta.url).href
  writeFileSync(
    script,
    `import { pprofHandler } from ${JSON.stringify(index)}; pprofHandler(); console.log('begun')`,
  )
  const program = await startProgram(t, [script])
  const { code, signal } = await program.end()
  t.equal(code, 0)
  t.equal(signal, null)
  t.equal(program.stderr(), '')
})

t.test('bad options are refused with a code', (t) => {
  const bad: unknown[] = [
    { maxConcurrent: 0 },
    { maxSeconds: 1.5 },
    { maxSeconds: '5' },
    { herz: 5 },
    null,
    7,
  ]
  for (const options of bad) {
    try {
      pprofHandler(options as object)
      t.fail('it was accepted')
    } catch (error) {
      t.ok(error instanceof NativeprofError)
      t.equal((error as NativeprofError).code, 'ERR_NATIVEPROF_INVALID_ARGUMENT')
    }
  }
  t.end()
})
