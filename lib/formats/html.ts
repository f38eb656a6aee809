// html.ts — one file that shows the flame graph in any browser, from disk and without a network.
// The viewer is speedscope's published app (speedscope-app.ts); the profile is embedded as speedscope.ts writes it.
// The content security policy holds the promise: the page may run these two scripts and reach nothing outside itself.

import { createHash } from 'node:crypto'
import { titleText } from '../labels.js'
import type { Profile } from '../profile.js'
import { resolveSources } from '../sources/resolve.js'
import type { SourceOptions } from '../sources/resolve.js'
import { DEFAULT_THREADS } from '../threads.js'
import type { ThreadsName } from '../threads.js'
import { viewFor } from '../view.js'
import type { GranularityName, ViewName } from '../view.js'
import { inParts, wholeText } from './parts.js'
import { readSpeedscopeApp } from './speedscope-app.js'
import { speedscopeParts } from './speedscope.js'
import { toTable } from './table.js'

/** Choices for {@link toHtml}. */
export interface HtmlOptions extends SourceOptions {
  /** Which frames are shown; `js` by default. */
  readonly view?: ViewName
  /** Whether a frame stands for a function, `function`, the default, or for a line of it. */
  readonly granularity?: GranularityName | undefined
  /**
   * `auto`, the default, and `split`: a flame graph for each thread, as {@link SpeedscopeOptions.threads} has it; the
   * viewer lists them. `merged`: one flame graph of all threads.
   */
  readonly threads?: ThreadsName
}

/**
 * Chooses the left-heavy view unless the address names another one (`#view=sandwich`), then hands the profile to the app.
 * The app takes profiles from files, from addresses, and pasted as text. Only the last works everywhere without a
 * request, so the page pastes; a plain event with the one method that the app calls does for all browsers.
 */
const START_SCRIPT = `
if (!location.hash.includes('view=')) location.replace('#view=left-heavy')
addEventListener('DOMContentLoaded', () => {
  const text = document.getElementById('profile').textContent
  const paste = new Event('paste', { cancelable: true })
  Object.defineProperty(paste, 'clipboardData', { value: { getData: () => text } })
  document.dispatchEvent(paste)
})
`

/**
 * An HTML document with everything in it: the app, its font, the profile, and for readers without JavaScript the table.
 * Reads the app's files when called; throws `ERR_NATIVEPROF_OUTPUT` if they are not there.
 */
export function toHtml(recorded: Profile, options: HtmlOptions = {}): string {
  return wholeText(htmlParts(recorded, options))
}

/** The same in parts: as one text, a large profile would be in memory several times. Throws as {@link toHtml}. */
export function htmlParts(recorded: Profile, options: HtmlOptions = {}): Iterable<string> {
  const profile = resolveSources(recorded, options)
  const view = viewFor(profile, options.view)
  const { threads = DEFAULT_THREADS } = options
  return documentParts({
    title: titleText(profile, view),
    json: speedscopeParts(profile, { ...options, view, threads }),
    text: toTable(profile, { ...options, view, threads }),
  })
}

/** A document that shows what is in speedscope's JSON, given in parts; and a text, where there is no JavaScript. */
export function htmlDocument(content: DocumentContent): string {
  return wholeText(documentParts(content))
}

interface DocumentContent {
  readonly title: string
  readonly json: Iterable<string>
  readonly text: string
}

function documentParts({ title, json, text }: DocumentContent): Iterable<string> {
  const app = readSpeedscopeApp()
  // `wasm-unsafe-eval`: speedscope loads a demangler when a name begins with `_R` or `_Z`.
  const policy = [
    `default-src 'none'`,
    `script-src ${sourceHash(START_SCRIPT)} ${sourceHash(app.script)} 'wasm-unsafe-eval'`,
    `style-src 'unsafe-inline'`,
    `font-src data:`,
    `img-src data:`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ')
  const head = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="nativeprof">
<title>${escapeHtml(title)}</title>
<link rel="icon" type="image/png" href="${app.icon}">
<!--
The viewer is speedscope, https://github.com/jlfwong/speedscope:

${app.license.replaceAll('--', '- -').trim()}

The font in it is Source Code Pro, copyright Adobe, SIL Open Font License 1.1.
-->
<style>${app.style}</style>
<script id="profile" type="application/json">`
  const tail = `</script>
<script>${START_SCRIPT}</script>
</head>
<body>
<noscript><pre>
${escapeHtml(text)}</pre></noscript>
<script>${app.script}</script>
</body>
</html>
`
  return inParts(function* () {
    yield head
    for (const part of json) yield escapeJson(part)
    yield tail
  })
}

function sourceHash(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`
}

// No `<`, so no tag can end the element that the text stands in.
function escapeJson(json: string): string {
  return json.replaceAll('<', '\\u003c')
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
