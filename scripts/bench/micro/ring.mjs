// ring.mjs — how much goes through the ring between handlers and the event loop.

import { runCompiled } from './compiled.mjs'
import { grouped, print, row } from './rows.mjs'

const { frames, writeNanos, readNanos, oneWriter, fourWriters } = runCompiled('ring')
print([
  row(
    `ring, a record of ${frames} frames, one thread in turn`,
    `${writeNanos.toFixed(0)} ns to write, ${readNanos.toFixed(0)} ns to read`,
  ),
  row('ring, one writer and one reader at once', `${grouped(oneWriter)} records a second`),
  row('ring, four writers and one reader at once', `${grouped(fourWriters)} records a second`),
])
