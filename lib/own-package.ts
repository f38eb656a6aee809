// own-package.ts — where this package lies on disk: its binaries, and the packages it needs, are found from there.
// A bundler that puts these modules into a file of its own leaves both behind. Then the package is looked for beside the
// bundle, as an installed one; a copy of another version does not count.

import { existsSync, readFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// By way of a value: webpack takes calls of the import out, for it means to resolve them itself.
const { createRequire } = nodeModule

/** The version of the package; that in package.json, which a bundle does not have. */
export const VERSION = '0.1.0'

// In a CommonJS bundle of esbuild there is none; in one of webpack it is that of the source file when it was bundled.
const ownUrl = import.meta.url as string | undefined

/** The URL of the folder of our modules, by which V8 reports them; '' if a bundle has taken them in. */
export const OWN_MODULES_URL: string = isOwnFile() && ownUrl !== undefined ? new URL('.', ownUrl).href : ''

/**
 * The folder with package.json and prebuilds. Null if these modules are in a bundle and no installed package of the same
 * version is in reach of it.
 */
export function packageFolder(): string | null {
  if (isOwnFile() && ownUrl !== undefined) return fileURLToPath(new URL('..', ownUrl))
  const starts = [ownUrl, process.argv[1], join(process.cwd(), 'app.js')]
  for (const start of starts) {
    const folder = start === undefined ? null : installedBeside(start)
    if (folder !== null) return folder
  }
  return null
}

/** The path of a file of the package, given from its folder. */
export function ownFile(path: string): string {
  return join(packageFolder() ?? process.cwd(), path)
}

/** `require` as a file of this package has it. In a bundle without the package, as the program has it. */
export function ownRequire(): NodeJS.Require {
  return createRequire(join(packageFolder() ?? process.cwd(), 'package.json'))
}

function isOwnFile(): boolean {
  return ownUrl?.endsWith('/dist/own-package.js') === true && existsSync(new URL(ownUrl))
}

function installedBeside(file: string): string | null {
  try {
    const found = createRequire(file).resolve('nativeprof/package.json')
    const { version } = JSON.parse(readFileSync(found, 'utf8')) as { version: unknown }
    return version === VERSION ? dirname(found) : null
  } catch {
    return null
  }
}
