// pprof-tables.ts — the tables of a pprof profile: strings, mappings, functions, locations → frames. The samples are read
// after them (pprof.ts), for they stand before them in most files. Format: profile.proto, see formats/pprof.ts.

import { unreadable } from './input-errors.js'
import { kindOf, urlOf } from './place-text.js'
import type { DraftFrame, ProfileDraft } from './profile-draft.js'
import { WireReader } from './wire-reader.js'

/** A type of value, as texts. */
export interface ValueType {
  readonly type: string
  readonly unit: string
}

/** Everything of the file but its samples. */
export interface PprofTables {
  readonly string: (index: number) => string
  readonly sampleTypes: readonly ValueType[]
  readonly defaultSampleType: string
  readonly periodType: ValueType
  readonly period: number
  readonly timeNanos: number
  readonly durationNanos: number
  readonly comments: readonly string[]
  /** The file of the first mapping: the program. '' if there is none. */
  readonly program: string
  /** Frames of a location, root-first, as ids in the draft; undefined for a location that is not there. */
  readonly framesOfLocation: (locationId: number) => readonly number[] | undefined
}

interface MappingRow {
  readonly id: number
  readonly file: string
}

interface FunctionRow {
  readonly name: string
  readonly systemName: string
  readonly file: string
  readonly startLine: number
}

/** Reads the tables, and puts the frames into `draft`. Throws ERR_NATIVEPROF_INPUT. */
export function readTables(bytes: Uint8Array, draft: ProfileDraft): PprofTables {
  const strings = stringsOf(bytes)
  const string = (index: number): string => {
    const text = strings[index]
    if (text === undefined) throw unreadable(`this is no whole pprof profile: it has no string ${index}`)
    return text
  }
  const sampleTypes: ValueType[] = []
  const comments: number[] = []
  const mappings = new Map<number, MappingRow>()
  const functions = new Map<number, FunctionRow>()
  const locations: number[] = []
  let [period, timeNanos, durationNanos, defaultType, program] = [0, 0, 0, 0, -1]
  let periodType: ValueType = { type: '', unit: '' }
  const reader = new WireReader(bytes)
  while (reader.next()) {
    if (reader.field === 1) sampleTypes.push(valueType(bytes, reader, string))
    else if (reader.field === 3) {
      const mapping = mappingOf(bytes, reader, string)
      mappings.set(mapping.id, mapping)
      if (program < 0) program = mapping.id
    } else if (reader.field === 4) locations.push(reader.requireBytes().start, reader.end)
    else if (reader.field === 5) addFunction(functions, bytes, { reader, string })
    else if (reader.field === 9) timeNanos = reader.number
    else if (reader.field === 10) durationNanos = reader.number
    else if (reader.field === 11) periodType = valueType(bytes, reader, string)
    else if (reader.field === 12) period = reader.number
    else if (reader.field === 13) reader.numbersInto(comments, comments.length)
    else if (reader.field === 14) defaultType = reader.number
  }
  if (sampleTypes.length === 0) throw unreadable('this is no pprof profile: it has no types of samples')
  const said = comments.map(string)
  const isOurs = said.includes('exporter: nativeprof')
  const frameIdsOfLocation = new Map<number, readonly number[]>()
  const location = new WireReader(bytes)
  for (let at = 0; at < locations.length; at += 2) {
    location.reset(locations[at] as number, locations[at + 1] as number)
    const row = locationOf(bytes, location, { mappings, functions })
    if (frameIdsOfLocation.has(row.id)) throw unreadable(`this pprof profile has two locations ${row.id}`)
    frameIdsOfLocation.set(
      row.id,
      row.frames(isOurs).map((frame) => draft.frame(frame)),
    )
  }
  return {
    string,
    sampleTypes,
    defaultSampleType: string(defaultType),
    periodType,
    period,
    timeNanos,
    durationNanos,
    comments: said,
    program: mappings.get(program)?.file ?? '',
    framesOfLocation: lookUp(frameIdsOfLocation),
  }
}

// Most files count locations from 1. An array is quicker then, and there may be ten millions of questions.
function lookUp<Value>(values: ReadonlyMap<number, Value>): (key: number) => Value | undefined {
  const dense: Value[] = []
  for (const [key, value] of values) {
    if (key !== dense.length + 1) return (id) => values.get(id)
    dense.push(value)
  }
  return (id) => dense[id - 1]
}

// The whole table first: everything refers to it, and it is last in most files. Reads the framing of all else, too.
function stringsOf(bytes: Uint8Array): string[] {
  const decoder = new TextDecoder()
  const strings: string[] = []
  const reader = new WireReader(bytes)
  while (reader.next()) if (reader.field === 6) strings.push(reader.text(decoder))
  if (strings[0] !== '')
    throw unreadable('this is no pprof profile: its table of strings does not begin with an empty one')
  return strings
}

function valueType(bytes: Uint8Array, field: WireReader, string: (index: number) => string): ValueType {
  const reader = new WireReader(bytes, field.requireBytes().start, field.end)
  let [type, unit] = [0, 0]
  while (reader.next()) {
    if (reader.field === 1) type = reader.number
    else if (reader.field === 2) unit = reader.number
  }
  return { type: string(type), unit: string(unit) }
}

function mappingOf(bytes: Uint8Array, field: WireReader, string: (index: number) => string): MappingRow {
  const reader = new WireReader(bytes, field.requireBytes().start, field.end)
  let [id, file] = [0, 0]
  while (reader.next()) {
    if (reader.field === 1) id = reader.number
    else if (reader.field === 5) file = reader.number
  }
  return { id, file: string(file) }
}

function addFunction(
  functions: Map<number, FunctionRow>,
  bytes: Uint8Array,
  { reader: field, string }: { reader: WireReader; string: (index: number) => string },
): void {
  const reader = new WireReader(bytes, field.requireBytes().start, field.end)
  let [id, name, systemName, file, startLine] = [0, 0, 0, 0, 0]
  while (reader.next()) {
    if (reader.field === 1) id = reader.number
    else if (reader.field === 2) name = reader.number
    else if (reader.field === 3) systemName = reader.number
    else if (reader.field === 4) file = reader.number
    else if (reader.field === 5) startLine = reader.number
  }
  if (functions.has(id)) throw unreadable(`this pprof profile has two functions ${id}`)
  functions.set(id, {
    name: string(name),
    systemName: string(systemName),
    file: string(file),
    startLine: Math.max(0, startLine),
  })
}

interface LocationRow {
  readonly id: number
  /** Root-first. */
  readonly frames: (isOurs: boolean) => DraftFrame[]
}

function locationOf(
  bytes: Uint8Array,
  reader: WireReader,
  { mappings, functions }: { mappings: Map<number, MappingRow>; functions: Map<number, FunctionRow> },
): LocationRow {
  let [id, mappingId, address] = [0, 0, 0]
  const lines: { functionId: number; line: number; column: number }[] = []
  const line = new WireReader(bytes)
  while (reader.next()) {
    if (reader.field === 1) id = reader.number
    else if (reader.field === 2) mappingId = reader.number
    else if (reader.field === 3) address = reader.number
    else if (reader.field === 4) {
      const row = { functionId: 0, line: 0, column: 0 }
      line.reset(reader.requireBytes().start, reader.end)
      while (line.next()) {
        if (line.field === 1) row.functionId = line.number
        else if (line.field === 2) row.line = Math.max(0, line.number)
        else if (line.field === 3) row.column = Math.max(0, line.number)
      }
      lines.push(row)
    }
  }
  const module = mappings.get(mappingId)?.file ?? ''
  const frames = (isOurs: boolean): DraftFrame[] => {
    if (lines.length === 0) return [unnamed(address, module)]
    // The first line is the innermost function, the last the one that all others were inlined into.
    return lines
      .map((row, index) => {
        const fn = functions.get(row.functionId)
        if (!fn) throw unreadable(`this is no whole pprof profile: it has no function ${row.functionId}`)
        const place = { atLine: row.line, atColumn: row.column, inlined: index < lines.length - 1 }
        return { ...(isOurs ? ourFrame(fn, module) : foreignFrame(fn, module)), ...place }
      })
      .reverse()
  }
  return { id, frames }
}

function unnamed(address: number, module: string): DraftFrame {
  const name = address === 0 ? '(unknown code)' : `0x${address.toString(16)}`
  return { name, url: module, kind: 'native', line: 0, column: 0 }
}

// The system name is the label with its place; it has the column, and the name without what tells it from others.
function ourFrame({ name, systemName, file, startLine }: FunctionRow, module: string): DraftFrame {
  const place = file === '' ? '' : startLine === 0 ? ` ${file}` : ` ${file}:${startLine}`
  const at = place === '' ? -1 : systemName.lastIndexOf(place)
  const column = Number(/^:(\d+)$/.exec(systemName.slice(at + place.length))?.[1] ?? 0)
  const plainName = at > 0 ? systemName.slice(0, at) : name
  const kind = kindOf(plainName, file, false)
  const url = kind === 'native' && module.endsWith(`/${urlOf(file, kind)}`) ? module : urlOf(file, kind)
  return { name: plainName, url, kind, line: startLine, column: at > 0 ? column : 0 }
}

function foreignFrame({ name, systemName, file, startLine }: FunctionRow, module: string): DraftFrame {
  const text = name || systemName || '(anonymous)'
  const kind = kindOf(text, file || module, module !== '' && file === '')
  return { name: text, url: file || (kind === 'native' ? module : ''), kind, line: startLine, column: 0 }
}
