// verb.ts — what a verb of the command line is. Neighbours: verbs.ts (the list of them), a file for each.

/** A verb, as `nativeprof <name>` runs it. */
export interface Verb {
  readonly name: string
  /** Whether `nativeprof --help` shows it; `help --all` shows them all. */
  readonly isCommon: boolean
  /** A line of what it is typed as, and one or two of what it does, without indentation. */
  readonly usage: string
  readonly summary: readonly string[]
  /** What its --help prints: at most 24 lines of 80 columns. */
  readonly help: string
  /** Throws coded errors for wrong usage; sets the exit code. */
  readonly run: (args: readonly string[]) => void | Promise<void>
}
