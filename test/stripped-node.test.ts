// A node without its symbol table, as some distributions ship it: the reader is told once, and what is exported has names.

import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fixture, run, scratchFolder } from './support/run-program.js'
import { hottest, ofMainThread, ticksOf } from './support/stacks.js'
import type { PlainStack } from './support/stacks.js'
import { STRIP } from './support/tools.js'

const isLinux = process.platform === 'linux'

t.test(
  'a stripped node',
  { skip: isLinux ? STRIP.skip : 'strip breaks the signature of the binary' },
  async (t) => {
    const node = join(scratchFolder(t), 'node')
    copyFileSync(process.execPath, node)
    const stripped = await run(STRIP.path, ['--strip-all', node])
    t.equal(stripped.code, 0, stripped.stderr)
    t.ok(readFileSync(node).length < readFileSync(process.execPath).length, 'it had a symbol table')
    const { code, stdout, stderr } = await run(node, [fixture('stripped-node.mjs')])
    t.equal(code, 0, stderr)
    const { stacks, notes } = JSON.parse(stdout) as {
      stacks: readonly PlainStack[]
      notes: readonly string[]
    }
    const told = notes.filter((note) => note.includes('no symbol table'))
    t.equal(told.length, 1, 'the reader is told once', { notes })

    const own = ofMainThread(stacks).filter(({ frames }) =>
      frames.some(({ name }) => name === 'hashPasswords'),
    )
    t.ok(ticksOf(own) >= 50, `${ticksOf(own)} ticks in the JavaScript that called`)
    const named = own.filter(({ frames }) =>
      frames.some(({ name, url }) => url === node && !name.startsWith('node+')),
    )
    t.ok(ticksOf(named) >= ticksOf(own) * 0.9, `${ticksOf(named)} of ${ticksOf(own)} have exported names`, {
      hottest: hottest(own),
    })
  },
)
