// open-carrier.ts — has the number of a label set follow calls, awaits, timers and callbacks, and shows the handler where it is.
//
// Where AsyncLocalStorage uses AsyncContextFrame (Node 24 and later), the numbers are the values of a storage, and the handler
// looks them up. That is checked against values that are known, at the start and now and then. Elsewhere, or where the check
// fails, async hooks follow them and write the number into memory that the handler reads. Both native sides are in label_source.h.

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Binding } from './binding.js'
import { DISAGREES, HookCarrier, ScanCarrier } from './label-carrier.js'
import type { LabelCarrier } from './label-carrier.js'

/** From here on, AsyncLocalStorage uses AsyncContextFrame unless it is told not to. */
const FIRST_MAJOR_WITH_FRAMES = 24

/** The carrier of the calling thread. Call once per thread. */
export function openCarrier(binding: Binding): LabelCarrier {
  // Of a buffer, for that is outside of V8's heap and does not move.
  const slot = new Uint32Array(new ArrayBuffer(Uint32Array.BYTES_PER_ELEMENT))
  binding.openLabels(slot.buffer)
  const storage = new AsyncLocalStorage<number>()
  // The storages of the check would stay in the context, and in all that comes of it, with no value.
  const context = binding.contextNow()
  const carrier = new ScanCarrier(binding, storage, slot)
  const whyNot = tryScan(binding, storage, carrier)
  binding.exchangeContext(binding.contextNow(), context)
  if (whyNot === '') return carrier
  // Older versions of node are expected to have hooks.
  if (Number.parseInt(process.versions.node) >= FIRST_MAJOR_WITH_FRAMES) binding.setWhyLabelHooks(whyNot)
  return new HookCarrier(slot)
}

/** Values that no set of labels has, and no tick bears, for checks. See native/label_sets.h. */
const KNOWN = [0x5a5a5a5a, 0x40000000, 0x7fffffff]

/** '' if the handler finds what the storage says; else why not. */
function tryScan(binding: Binding, storage: AsyncLocalStorage<number>, carrier: LabelCarrier): string {
  const whyNot = storage.run(KNOWN[0] as number, () => binding.scanLabels(storage, KNOWN[0] as number))
  if (whyNot !== '') return whyNot
  const finds = (value: number): boolean => binding.labelNow() === value
  const others = Array.from({ length: 10 }, () => new AsyncLocalStorage<object>())
  const besideOthers = (left: number, check: () => boolean): boolean => {
    const other = others[left - 1]
    return other === undefined ? check() : other.run({}, () => besideOthers(left - 1, check))
  }
  const isRight =
    finds(storage.getStore() ?? 0) &&
    KNOWN.every((value) =>
      storage.run(value, () => finds(value) && besideOthers(others.length, () => finds(value))),
    ) &&
    besideOthers(others.length, () =>
      KNOWN.every((value) => storage.run(value, () => finds(value)) && finds(0)),
    ) &&
    storage.exit(() => finds(0)) &&
    // Where no storage has a value, contexts are used again.
    binding.exchangeContext(binding.contextNow(), undefined) &&
    [...KNOWN, ...KNOWN].every((value) => {
      const outer = carrier.place()
      return carrier.run(outer, carrier.inner(outer, value), () => finds(value)) && finds(0)
    })
  if (isRight) return ''
  binding.stopLabelScan()
  return DISAGREES
}
