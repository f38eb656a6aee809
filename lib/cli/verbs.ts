// verbs.ts — the verbs of the command line, in the order in which the help shows them. A new one is a file and a line here.

import { count } from './count.js'
import { run } from './run.js'
import type { Verb } from './verb.js'

export const VERBS: readonly Verb[] = [run, count]
