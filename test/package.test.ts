// The package as a user gets it: packed, installed into an empty project outside the repository, imported, required,
// preloaded, run. What else the package promises is checked by `npm run check:package`, which takes longer.

import { join } from 'node:path'
import t from 'tap'
import { ROOT, runNode, scratchFolder } from './support/run-program.js'

const PACK = `
  import { pack } from ${JSON.stringify(join(ROOT, 'scripts/package/tarball.mjs'))}
  console.log(JSON.stringify(pack(process.argv[1])))`

t.test(
  'the tarball holds what a user needs and nothing else, and works from an empty project',
  { timeout: 400_000 },
  async (t) => {
    const folder = scratchFolder(t)
    const packed = await runNode(['--input-type=module', '-e', PACK, folder])
    t.equal(packed.code, 0, packed.stderr)
    const { file, problems } = JSON.parse(packed.stdout) as { file: string; problems: string[] }
    t.strictSame(problems, [])
    const proof = await runNode([join(ROOT, 'scripts/package/prove.mjs'), file], { deadlineMillis: 300_000 })
    t.strictSame({ code: proof.code, stderr: proof.stderr }, { code: 0, stderr: '' })
    const proven = proof.stdout.trimEnd().split('\n')
    t.strictSame(
      proven.map((line) => line.replace(`${process.version} `, '')),
      [
        'installs without a script',
        'imports',
        'requires',
        'preloads with -r nativeprof/auto',
        'runs with npx nativeprof run',
      ],
    )
  },
)
