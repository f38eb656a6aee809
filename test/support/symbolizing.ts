// symbolizing.ts — a symbolizer among functions made by hand: JavaScript at offsets of CODE, native functions by name.

import { NativeFrames } from '#lib/native-frames.js'
import { NativeSymbolizer } from '#lib/native-symbolizer.js'
import type { RawSample } from '#lib/records.js'
import { NO_STACK, StackTable } from '#lib/stack-table.js'
import { Symbolizer } from '#lib/symbolize.js'
import { codeAdded, codeMoved } from './raw-bytes.js'

/** Where V8's code lies. */
export const CODE = 0x7f12_0000_0000
export const CODE_BYTES = 0x10_0000
/** Where bytecode may lie, which is no code to V8. */
export const HEAP = 0x1234_0000_0000
/** Where native functions are, one after the other. */
export const NATIVE = 0x5555_0000_0000
export const NATIVE_BYTES = 0x100
export const OWN_URL = 'file:///app/node_modules/nativeprof/dist/'
export const OWN_MODULE = '/app/node_modules/nativeprof/prebuilds/linux-x64/nativeprof.node'

const NODE = '/usr/bin/node'

/** The native functions of the process and their modules, in the order of their addresses. */
export const NATIVES: readonly (readonly [name: string, module: string])[] = [
  ['main', NODE],
  ['node::SpinEventLoop', NODE],
  ['v8::internal::Builtin_JsonParse', NODE],
  ['v8::internal::JsonParser<unsigned char>::ParseJson', NODE],
  ['v8::internal::Heap::CollectGarbage', NODE],
  ['memcpy', '/usr/lib/libc.so.6'],
  ['start_thread', '/usr/lib/libc.so.6'],
  ['worker', NODE],
  ['uv__queue_work', NODE],
  ['PKCS5_PBKDF2_HMAC', NODE],
  ['node::PlatformWorkerThread', NODE],
  ['Work', '/app/node_modules/sharp/sharp.node'],
  ['nativeprof::Drain', OWN_MODULE],
]

/** An address of a native function as a record has it: by default, one that its callees return to. */
export function inNative(name: string, offset = 0x40): number {
  const index = NATIVES.findIndex(([each]) => each === name)
  if (index < 0) throw new Error(`there is no native function ${name}`)
  return -(NATIVE + index * NATIVE_BYTES + offset)
}

/** Module and name of each address, flat, as the addon tells them. */
export function symbolsOf(addresses: Float64Array): string[] {
  return [...addresses].flatMap((address) => {
    const [name, module] = NATIVES[Math.floor((address - NATIVE) / NATIVE_BYTES)] ?? []
    return name === undefined || module === undefined ? ['', `0x${address.toString(16)}`] : [module, name]
  })
}

/** A symbolizer of a thread with JavaScript, which has been told of these code events. */
export function makeSymbolizer(...events: readonly Buffer[]) {
  const table = new StackTable()
  const nativeFrames = new NativeFrames(table, symbolsOf)
  const codeRanges = Float64Array.of(0x1000, 0x1000, CODE, CODE_BYTES)
  const symbolizer = new Symbolizer({
    table,
    nativeFrames,
    ownUrl: OWN_URL,
    ownModule: OWN_MODULE,
    codeRanges,
    findCode: () => new ArrayBuffer(0),
  })
  symbolizer.addCodeEvents(Buffer.concat(events))
  const stackOf = (addresses: readonly number[], more: Partial<RawSample> = {}) =>
    textOf(table, symbolizer.stackOf(sampleOf(addresses, more)))
  return {
    table,
    symbolizer,
    /** Leaf-first, offsets of CODE and addresses of native functions → names, root-first. */
    stackOf: (places: readonly number[], more: Partial<RawSample> = {}) =>
      stackOf(
        places.map((place) => (place > -NATIVE ? CODE + place : place)),
        more,
      ),
    /** The same with addresses as they are in a record. */
    stackOfAddresses: stackOf,
  }
}

/** A symbolizer of threads without JavaScript. */
export function makeNativeSymbolizer() {
  const table = new StackTable()
  const nativeFrames = new NativeFrames(table, symbolsOf)
  const symbolizer = new NativeSymbolizer({ table, nativeFrames, ownModule: OWN_MODULE })
  return {
    table,
    stackOf: (addresses: readonly number[], more: Partial<RawSample> = {}) =>
      textOf(table, symbolizer.stackOf(sampleOf(addresses, more))),
  }
}

export function sampleOf(addresses: readonly number[], more: Partial<RawSample>): RawSample {
  return {
    kind: 'sample',
    timeNanos: 0,
    sequence: 1000,
    threadNumber: 1,
    tid: 1,
    ticks: 1,
    vmState: 'js',
    labelNumber: 0,
    codeIsMoving: false,
    addresses: Float64Array.from(addresses),
    ...more,
  }
}

/** The names of a stack, root-first. */
export function textOf(table: StackTable, stackId: number): string {
  const names: string[] = []
  for (let id = stackId; id !== NO_STACK; id = table.stacks[id]?.parentId ?? NO_STACK) {
    const frame = table.frames[table.stacks[id]?.frameId ?? -1]
    names.push(table.functions[frame?.functionId ?? -1]?.name ?? '?')
  }
  return names.reverse().join(';')
}

/** V8's name for a function of the program. */
export function fn(name: string): string {
  return `JS:~${name} /app/main.js:2:9`
}

/** A code event: 100 bytes of code at CODE + offset. */
export function add(sequence: number, offset: number, name: string, { callable = false } = {}): Buffer {
  return addAt(sequence, CODE + offset, name, { callable })
}

/** A code event: 100 bytes of code anywhere. */
export function addAt(sequence: number, start: number, name: string, { callable = false } = {}): Buffer {
  return codeAdded({ sequence: BigInt(sequence), start: BigInt(start), sizeBytes: 100n, name, callable })
}

/** A code event: pairs of old and new offset. */
export function moved(sequence: number, offsets: readonly number[]): Buffer {
  return codeMoved(
    BigInt(sequence),
    offsets.map((offset) => BigInt(CODE + offset)),
  )
}
