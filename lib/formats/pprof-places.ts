// pprof-places.ts — the mappings, functions and locations of a pprof profile. Pure. Neighbour: pprof.ts.

import type { FunctionInput, LocationInput, MappingInput } from 'pprof-format'
import { labelText, locationText } from '../labels.js'
import type { Label, LabelTable } from '../labels.js'
import { functionOf } from '../profile.js'
import type { Profile } from '../profile.js'

/** The tables of mappings, functions and locations, filled as they are asked for. Ids count from 1. */
export class PprofPlaces {
  readonly mappings: MappingInput[] = []
  readonly functions: FunctionInput[] = []
  readonly locations: LocationInput[] = []
  readonly #profile: Profile
  readonly #table: LabelTable
  readonly #text: (words: string) => number
  readonly #mappingIds = new Map<string, number>()
  readonly #functionIds: number[] = []
  readonly #locationIds = new Map<string, number>()
  /** By frame: the label that it was last shown with, and the location of that. */
  readonly #labelIdOfFrame: Int32Array
  readonly #locationIdOfFrame: Int32Array

  constructor(profile: Profile, table: LabelTable, text: (words: string) => number) {
    this.#profile = profile
    this.#labelIdOfFrame = new Int32Array(profile.frames.length).fill(-1)
    this.#locationIdOfFrame = new Int32Array(profile.frames.length)
    this.#table = table
    this.#text = text
    // Readers take the first for the program.
    this.#mappingId(profile.process.command[0] ?? 'node')
  }

  /** What a stack's frame adds to the locations of its caller; 0 for nothing. */
  locationOf(stackId: number): number {
    const labelId = this.#table.labelIdOfStack[stackId]
    if (labelId === undefined) throw new RangeError(`stack ${stackId} is not in this profile`)
    return labelId < 0 ? 0 : this.#locationId(stackId, labelId)
  }

  /** A location below all others of a stack that was sampled; 0 for none. */
  leafLocationOf(stackId: number): number {
    const labelId = this.#table.leafLabelIds.get(stackId)
    return labelId === undefined ? 0 : this.#locationId(stackId, labelId)
  }

  #locationId(stackId: number, labelId: number): number {
    const frameId = this.#profile.stacks[stackId]?.frameId ?? -1
    // A frame is in many stacks, and nearly always shown in the same way.
    if (this.#labelIdOfFrame[frameId] === labelId) return this.#locationIdOfFrame[frameId] as number
    const id = this.#locationIdOf(stackId, frameId, labelId)
    this.#labelIdOfFrame[frameId] = labelId
    this.#locationIdOfFrame[frameId] = id
    return id
  }

  #locationIdOf(stackId: number, frameId: number, labelId: number): number {
    const frame = this.#profile.frames[frameId]
    const label = this.#table.labels[labelId]
    if (!frame || !label) throw new RangeError(`stack ${stackId} is not in this profile`)
    // What stands for several frames, or for none, is at no line.
    const isItself = label.file !== ''
    const { url } = functionOf(this.#profile, frame)
    const mappingId = frame.kind === 'native' && isItself && url !== '' ? this.#mappingId(url) : 1
    const line = isItself ? frame.line : 0
    const column = isItself ? frame.column : 0
    const key = `${labelId} ${line} ${column} ${mappingId}`
    const known = this.#locationIds.get(key)
    if (known !== undefined) return known
    const id = this.locations.length + 1
    const functionId = this.#functionId(labelId, label)
    this.locations.push({ id, mappingId, line: [{ functionId, line, column }] })
    this.#locationIds.set(key, id)
    return id
  }

  #functionId(labelId: number, label: Label): number {
    const known = this.#functionIds[labelId]
    if (known !== undefined) return known
    const id = this.functions.length + 1
    this.functions.push({
      id,
      name: this.#text(nameOf(label)),
      systemName: this.#text(labelText(label)),
      filename: this.#text(label.file),
      startLine: label.line,
    })
    this.#functionIds[labelId] = id
    return id
  }

  // Symbolized, says each of them, so that no reader tries to do it again from the file.
  #mappingId(file: string): number {
    const known = this.#mappingIds.get(file)
    if (known !== undefined) return known
    const id = this.mappings.length + 1
    this.mappings.push({
      id,
      filename: this.#text(file),
      hasFunctions: true,
      hasFilenames: true,
      hasLineNumbers: true,
      hasInlineFrames: true,
    })
    this.#mappingIds.set(file, id)
    return id
  }
}

/**
 * `go tool pprof` takes functions of one name for one, so that all anonymous functions of a program would be one. These,
 * and others whose name is a word in parentheses, are told apart by where they are: `(anonymous app.js:3:9)`.
 */
function nameOf(label: Label): string {
  const word = /^\((.*)\)$/.exec(label.name)?.[1]
  if (word === undefined || label.line === 0) return label.name
  return `(${word} ${locationText({ ...label, file: label.file.slice(label.file.lastIndexOf('/') + 1) })})`
}
