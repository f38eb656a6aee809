// wrong-node.mjs — every prebuilt file, loaded into every Node: into the one that it was made for it loads, all others refuse it with a
// code and live on. Takes in whatever prebuilds/ holds: of all platforms, if they were built.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fetchNode } from '../../fetch-nodes.mjs'
import { NODE_VERSIONS } from '../../node-versions.mjs'
import { parsePrebuild } from '../../targets.mjs'
import { expect, run } from '../command.mjs'

export function check({ project, say }) {
  const folder = join(project, 'node_modules/nativeprof')
  const loader = pathToFileURL(join(folder, 'dist/binding.js')).href
  const names = readdirSync(join(folder, 'prebuilds'), { recursive: true })
  const files = names.filter((name) => parsePrebuild(name) !== null)
  let refused = 0
  for (const { major, abi } of NODE_VERSIONS) {
    const node = join(fetchNode(major), 'bin/node')
    for (const name of files) {
      const file = join(folder, 'prebuilds', name)
      const program = `import { openBinding } from ${JSON.stringify(loader)}
        try { openBinding(${JSON.stringify(file)}); console.log('loaded') } catch (error) { console.log(error.code) }`
      const { code, stdout, stderr } = run(node, ['--input-type=module', '-e', program], { cwd: project })
      const made = parsePrebuild(name)
      const fits = made.name === 'linux-x64' && made.abi === Number(abi)
      const wanted = fits ? 'loaded\n' : 'ERR_NATIVEPROF_NO_BINDING\n'
      expect(code === 0 && stdout === wanted, `${name} in Node ${major}`, { code, stdout, stderr })
      if (!fits) refused++
    }
  }
  say(
    `${files.length} prebuilt files in ${NODE_VERSIONS.length} Nodes: ${refused} refusals, each with a code`,
  )
}
