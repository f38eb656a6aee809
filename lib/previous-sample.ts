// previous-sample.ts — what is kept of one sample for the next one, which mostly has the same callers. Data only.

/** The sample before, leaf-first, and the stack of each of its frames. */
export interface Previous {
  readonly addresses: Float64Array
  readonly stackIds: Int32Array
  /** 1 for each frame that is left out, for it passes through: it may turn out to be the last one. */
  readonly passes: Uint8Array
  /** How many frames at the leaf end are native. */
  readonly run: number
}

export const NO_PREVIOUS: Previous = {
  addresses: new Float64Array(0),
  stackIds: new Int32Array(0),
  passes: new Uint8Array(0),
  run: 0,
}
