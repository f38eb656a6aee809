// places.mjs — where things are, for the scripts of this folder.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const HERE = fileURLToPath(new URL('.', import.meta.url)).replace(/\/$/, '')
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
/** What is kept between runs, and is not for the repository. */
export const KEPT = join(ROOT, 'build/bench')
