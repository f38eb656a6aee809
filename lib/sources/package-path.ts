// package-path.ts — the file of an npm package by the name of the package, wherever it is installed. Pure.

const NODE_MODULES = /^.*[/\\]node_modules[/\\](?!\.pnpm[/\\]|\.store[/\\])(?=[^/\\])/s

/**
 * `/app/node_modules/express/lib/router.js` → `express/lib/router.js`; also of a `file://` URL, and of a package that
 * another one, or pnpm's store, contains. Anything else stays as it is.
 */
export function packagePath(url: string): string {
  const short = url.replace(NODE_MODULES, '')
  if (short === url || !url.startsWith('file://')) return short
  try {
    return decodeURIComponent(short)
  } catch {
    return short
  }
}
