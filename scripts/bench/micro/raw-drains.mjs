// raw-drains.mjs — samples this process and keeps what the addon gives, as bytes.

import { loadBinding } from '../../../dist/binding.js'

const SLICE_WORDS = 8192

/** The timer for rates beyond the kernel's tick where it can be had, else the default. */
export function fastTimer() {
  return loadBinding().probeTimer('perf') === '' ? 'perf' : 'process'
}

/** Has `work(drain)` run while this process is sampled; `drain()` takes what there is, if it takes long. Returns all drains. */
export function drainsOf({ hz, timer }, work) {
  const binding = loadBinding()
  const taken = []
  const take = (toTheEnd) => taken.push(binding.drain(SLICE_WORDS, toTheEnd))
  const [code, reason] = binding.start({
    timer,
    mayMoveTimer: false,
    periodNanos: 1e9 / hz,
    maxDepth: 256,
    bufferBytes: 64 * 2 ** 20,
    onDrain: () => {},
  })
  if (code !== '') throw new Error(`the sampler did not start: ${code} ${reason}`)
  try {
    work(() => take(false))
  } finally {
    binding.stop()
    take(true)
    binding.release()
  }
  return taken
}
