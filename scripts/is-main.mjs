// is-main.mjs — tells a script that also exports functions whether it was started as a program.
// Both sides are real paths: the repository may be reached through a symbolic link.

import { realpathSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** True if the module with this `import.meta.url` is the program. */
export function isMain(url) {
  const program = process.argv[1]
  return program !== undefined && realpathSync(program) === realpathSync(fileURLToPath(url))
}
