// speedscope-app.ts — reads the published speedscope app from its npm package, as parts for one HTML file.
// Context: reads files, synchronously, when called. The names of the app's files change with every release, so they
// are taken from its own index.html. Neighbour: html.ts puts the parts together.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { NativeprofError } from '../errors.js'
import { ownRequire } from '../own-package.js'

/** The parts of the app, ready to stand between the tags of an HTML document. */
export interface SpeedscopeApp {
  readonly script: string
  /** With the font inside it. */
  readonly style: string
  /** A `data:` URL. */
  readonly icon: string
  /** The terms under which the parts may be passed on. */
  readonly license: string
}

/** Throws `ERR_NATIVEPROF_OUTPUT` if the package is not installed, or is not put together as it used to be. */
export function readSpeedscopeApp(): SpeedscopeApp {
  try {
    const root = dirname(ownRequire().resolve('speedscope/package.json'))
    const folder = join(root, 'dist', 'release')
    const index = readFileSync(join(folder, 'index.html'), 'utf8')
    return {
      script: inlineScript(readFileSync(join(folder, nameIn(index, /<script src="([^"]+)"/)), 'utf8')),
      style: inlineStyle(
        readFileSync(join(folder, nameIn(index, /<link rel="stylesheet" href="([^"]+)"/)), 'utf8'),
        folder,
      ),
      icon: dataUrl(
        join(folder, nameIn(index, /<link rel="icon" type="image\/png" [^>]*href="([^"]+)"/)),
        'image/png',
      ),
      license: readFileSync(join(root, 'LICENSE'), 'utf8'),
    }
  } catch (cause) {
    const message =
      'cannot read the viewer from the package "speedscope"; reinstall nativeprof, or write another format'
    throw new NativeprofError('ERR_NATIVEPROF_OUTPUT', message, { cause })
  }
}

function nameIn(index: string, pattern: RegExp): string {
  const name = pattern.exec(index)?.[1]
  if (name === undefined) throw new Error(`nothing in speedscope's index.html matches ${pattern.source}`)
  return name
}

// `\x3c` means `<` in strings, templates and patterns alike, the only places where these tags can be in a script.
function inlineScript(script: string): string {
  return withoutSourceMap(script).replace(/<(?=\/?script|!--)/gi, '\\x3c')
}

function inlineStyle(style: string, folder: string): string {
  const toDataUrl = (_: string, file: string): string => `url("${dataUrl(join(folder, file), 'font/woff2')}")`
  return withoutSourceMap(style).replace(/url\("([^"]+\.woff2)"\)/g, toDataUrl)
}

// The map is not in the package; a browser with its developer tools open would ask for it.
function withoutSourceMap(text: string): string {
  return text.replace(/^(\/\/|\/\*)# sourceMappingURL=.*$/gm, '').trim()
}

function dataUrl(file: string, mediaType: string): string {
  return `data:${mediaType};base64,${readFileSync(file, 'base64')}`
}
