// label-sets.ts — what labels may be called, and sets of them as text: equal sets have equal texts. Pure.

import { NativeprofError } from './errors.js'

/** Names and values. Values that are `undefined` are left out. */
export type Labels = Readonly<Record<string, string | number | boolean | undefined>>

/** A set as a profile has it. */
export type LabelSet = Readonly<Record<string, string>>

/** Labels of one set. */
export const MAX_LABELS = 16
/** UTF-16 units. */
export const MAX_NAME_LENGTH = 64
/** UTF-16 units; what is longer is cut. */
export const MAX_VALUE_LENGTH = 200

/** What the readers of profiles take for the thread. */
const RESERVED = new Set(['thread', 'thread_id', 'thread_name'])

// As in Prometheus, and with the dots of OpenTelemetry.
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/

/**
 * The labels as they are recorded. A name is the programmer's, and is refused if it cannot be one; a value may be anybody's, and
 * is made to fit: control characters and halves of characters become U+FFFD, and what is too long is cut.
 * Throws ERR_NATIVEPROF_INVALID_ARGUMENT.
 */
export function checkLabels(labels: Labels): LabelSet {
  // Callers that are not type-checked.
  if (typeof labels !== 'object' || (labels as unknown) === null || Array.isArray(labels))
    throw refusal('labels are an object of names and values, such as { route: "/users" }')
  const set: [string, string][] = []
  for (const [name, value] of Object.entries(labels) as [string, unknown][]) {
    if (value === undefined) continue
    checkName(name)
    set.push([name, checkValue(name, value)])
  }
  if (set.length > MAX_LABELS)
    throw refusal(`${set.length} labels are too many for one set; at most ${MAX_LABELS}`)
  return Object.fromEntries(set)
}

/** The outer labels with the inner ones over them. Throws ERR_NATIVEPROF_INVALID_ARGUMENT if these are too many together. */
export function mergeLabels(outer: LabelSet, inner: LabelSet): LabelSet {
  const merged = { ...outer, ...inner }
  const count = Object.keys(merged).length
  if (count > MAX_LABELS)
    throw refusal(`${count} labels, those outside included, are too many for one set; at most ${MAX_LABELS}`)
  return merged
}

/** Equal for equal sets only. */
export function textOfLabels(set: LabelSet): string {
  return JSON.stringify(Object.entries(set).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The set that a text is of. */
export function labelsOfText(text: string): LabelSet {
  return Object.fromEntries(JSON.parse(text) as [string, string][])
}

/** The names in `route,tenant`. Throws ERR_NATIVEPROF_INVALID_ARGUMENT for what is no name of a label. */
export function labelNamesOf(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  for (const name of names) checkName(name)
  return names
}

/** Throws ERR_NATIVEPROF_INVALID_ARGUMENT for what is no name of a label. */
export function checkName(name: string): void {
  const shown = JSON.stringify(name.slice(0, MAX_NAME_LENGTH))
  if (name === '') throw refusal('a label has an empty name')
  if (name.length > MAX_NAME_LENGTH)
    throw refusal(`the name of a label is too long: ${shown}…; at most ${MAX_NAME_LENGTH} characters`)
  if (!NAME.test(name))
    throw refusal(
      `${shown} cannot be the name of a label; letters, digits, "_", "." and "-" can, a letter or "_" first`,
    )
  if (RESERVED.has(name) || name.startsWith('__'))
    throw refusal(`the label ${shown} is reserved; choose another name`)
}

function checkValue(name: string, value: unknown): string {
  if (typeof value === 'string') {
    // A cut may leave half a character.
    const cut = value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH - 1)}…` : value
    return cut.replace(/[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]/gu, '\ufffd')
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw refusal(
    `the label ${JSON.stringify(name)} is a ${typeof value}; strings, numbers and booleans can be`,
  )
}

function refusal(message: string): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_INVALID_ARGUMENT', message)
}
