// table.mjs — the guards that mutations.mjs takes out, one entry each.

import { CONFLICT_MUTATIONS } from './conflicts.mjs'
import { LOAD_MUTATIONS } from './load.mjs'

/**
 * `name`: what is missing, in words. `file`, `from`, `to`: a text that stands in the file exactly once, and what to put in
 * its place. `test`: the file in test/ that has to fail then. `grep`: only those of its tests whose name has this in it.
 */
export const MUTATIONS = [...CONFLICT_MUTATIONS, ...LOAD_MUTATIONS]
