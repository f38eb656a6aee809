// json-values.ts — values of JSON that a file may have wrong. Pure.

import { unreadable } from './input-errors.js'

/** A JSON object of which nothing is known. */
export type Json = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value if it is an object; throws ERR_NATIVEPROF_INPUT, which says what should be one. */
export function objectIn(value: unknown, what: string): Json {
  if (isObject(value)) return value
  throw unreadable(`the file is damaged: ${what} should be an object`)
}

export function listIn(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[]
  throw unreadable(`the file is damaged: ${what} should be a list`)
}

export function numberIn(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw unreadable(`the file is damaged: ${what} should be a number`)
}

/** The number, or what stands for one that is not there. */
export function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise
}

/** The text, or '' for what is none. */
export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
