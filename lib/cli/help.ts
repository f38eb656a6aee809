// help.ts — what --help prints: of all verbs, or of the common ones. Each text fits a screen of 24 lines and 80 columns.

import type { Verb } from './verb.js'

const USAGE_COLUMNS = 29

const OTHER_WAYS = `Other ways in:
  node -r nativeprof/auto app.js              the same, without another process
  import { startSampler } from 'nativeprof'   a part of a program
`

/** `nativeprof --help`: the common verbs; with `all`, every verb. */
export function helpOf(verbs: readonly Verb[], all: boolean): string {
  const shown = verbs.filter((verb) => all || verb.isCommon)
  return `nativeprof: where did the CPU time of a Node.js program go?

${shown.map(entryOf).join('')}
  nativeprof VERB --help       its options
${all ? '' : '  nativeprof help --all        all verbs\n'}  nativeprof --version
${all ? '' : `\n${OTHER_WAYS}`}`
}

function entryOf({ usage, summary }: Verb): string {
  const [first = '', ...rest] = summary
  const text = `  nativeprof ${usage}`
  const lines =
    text.length < USAGE_COLUMNS
      ? [text.padEnd(USAGE_COLUMNS + 2) + first]
      : [text, ' '.repeat(USAGE_COLUMNS + 2) + first]
  for (const line of rest) lines.push(' '.repeat(USAGE_COLUMNS + 2) + line)
  return lines.map((line) => `${line}\n`).join('')
}
