// diff-html.ts — two profiles in one HTML file: flame graphs of what grew, of what shrank, and of each, in speedscope's app;
// for readers without JavaScript the table. Reads the app's files when called. Neighbour: html.ts (one profile).

import { diffOfPaired, pairProfiles } from '../diff/diff.js'
import type { DiffOptions, PairedProfiles } from '../diff/diff.js'
import { labelOfPair, stacksOf } from '../diff/stacks.js'
import { titleText } from '../labels.js'
import type { Profile } from '../profile.js'
import { viewFor } from '../view.js'
import { toDiffTable } from './diff-table.js'
import { htmlDocument } from './html.js'
import { speedscopeFrame } from './speedscope.js'

/**
 * An HTML document. A stack that took longer is in the flame graph of what grew, with the difference; one that took less in
 * that of what shrank. Throws `ERR_NATIVEPROF_OUTPUT` if the viewer is not there.
 */
export function toDiffHtml(before: Profile, after: Profile, options: DiffOptions = {}): string {
  const names = [before, after].map((profile) => titleText(profile, viewFor(profile, options.view)))
  return htmlOfPaired(pairProfiles(before, after, options), [names[0] ?? '', names[1] ?? ''])
}

export function htmlOfPaired(paired: PairedProfiles, names: readonly [string, string]): string {
  const [nameBefore, nameAfter] = names
  const stacks = stacksOf(paired)
  const profileOf = (name: string, nanosOf: (stack: (typeof stacks)[number]) => number): object => {
    const shown = stacks
      .map((stack) => ({ sample: stack.pairIds, weight: Math.round(nanosOf(stack)) }))
      .filter(({ weight }) => weight > 0)
    return {
      type: 'sampled',
      name,
      unit: paired.unit === 'ticks' ? 'none' : 'nanoseconds',
      startValue: 0,
      endValue: shown.reduce((sum, { weight }) => sum + weight, 0),
      samples: shown.map(({ sample }) => sample),
      weights: shown.map(({ weight }) => weight),
    }
  }
  const profiles = [
    profileOf('grew', ({ beforeNanos, afterNanos }) => afterNanos - beforeNanos),
    profileOf('shrank', ({ beforeNanos, afterNanos }) => beforeNanos - afterNanos),
    profileOf(`before: ${nameBefore}`, ({ beforeNanos }) => beforeNanos),
    profileOf(`after: ${nameAfter}`, ({ afterNanos }) => afterNanos),
  ]
  const title = `${nameBefore} → ${nameAfter}`
  const json = JSON.stringify({
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    exporter: 'nativeprof',
    name: title,
    activeProfileIndex: 0,
    shared: { frames: paired.pairs.map((pair) => speedscopeFrame(labelOfPair(pair))) },
    profiles,
  })
  return htmlDocument({ title, json: [json], text: toDiffTable(diffOfPaired(paired), { names }) })
}
