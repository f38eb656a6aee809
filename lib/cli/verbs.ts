// verbs.ts — the verbs of the command line, in the order in which the help shows them. A new one is a file and a line here.

import { build } from './build.js'
import { convert } from './convert.js'
import { count } from './count.js'
import { diff } from './diff.js'
import { merge } from './merge.js'
import { run } from './run.js'
import { table } from './table.js'
import type { Verb } from './verb.js'
import { view } from './view.js'

export const VERBS: readonly Verb[] = [run, view, table, diff, convert, merge, count, build]
