// profile-files.ts — the files that the profile of this process is written to, maybe more than once: what comes later takes the place
// of what was there.

import type { Destination } from './destination.js'
import { writeFile } from './output-file.js'
import type { Content, Written } from './output-file.js'

export class ProfileFiles {
  readonly #written = new Map<Destination, Written>()

  /** As `writeFile()`: a file of somebody else's gets no other content, one of ours does. `path`: where the destination is. */
  write(destination: Destination, path: string, content: Content): Written {
    const { ending, replace } = destination
    const before = this.#written.get(destination)
    const written =
      before === undefined
        ? writeFile(path, content, { replace, ending })
        : { ...writeFile(before.path, content, { replace: true, ending }), detour: before.detour }
    this.#written.set(destination, written)
    return written
  }
}
