// mapped-lines.ts — the mappings of a source map, decoded for those lines alone that are asked for. Pure.
// A segment takes some 100 bytes decoded, and 5 to 8 in the map; a profile asks for few lines of a large file. The numbers
// are base64 VLQ, each relative to the one before it, so all have to be read; but most need not be kept.
// Format: ECMA-426, "Mappings". Neighbour: source-map.ts, which hands the result to trace-mapping.

/** Generated column; then source, line and column in it; then name. All 0-based. */
export type Segment = [number] | [number, number, number, number] | [number, number, number, number, number]

const DIGITS = new Int8Array(128).fill(-1)
Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/').forEach((digit, value) => {
  DIGITS[digit.charCodeAt(0)] = value
})

/** The segments of each generated line, in the order of the map; none for lines that are not in `lines`, 1-based. */
export function mappedLines(mappings: string, lines: ReadonlySet<number>): Segment[][] {
  const none: Segment[] = []
  const result: Segment[][] = []
  // Column, source, line, column, name; the first starts anew in each line.
  const state = [0, 0, 0, 0, 0] as [number, number, number, number, number]
  let kept = lines.has(1) ? [] : none
  let fields = 0
  let value = 0
  let shift = 0
  for (let at = 0; at <= mappings.length; at++) {
    const code = at === mappings.length ? SEMICOLON : mappings.charCodeAt(at)
    const digit = DIGITS[code] ?? -1
    if (digit >= 0) {
      value += (digit & 31) * 2 ** shift
      shift += 5
      if ((digit & 32) !== 0) continue
      if (fields < 5) state[fields as 0] += value % 2 === 1 ? -Math.floor(value / 2) : value / 2
      fields++
      value = shift = 0
      continue
    }
    if (fields > 0 && kept !== none) kept.push(segmentOf(state, fields))
    fields = value = shift = 0
    if (code !== SEMICOLON) continue
    result.push(kept)
    state[0] = 0
    kept = lines.has(result.length + 1) ? [] : none
  }
  return result
}

const SEMICOLON = 59

function segmentOf([column, source, line, sourceColumn, name]: readonly number[], fields: number): Segment {
  if (fields < 4) return [column as number]
  const place = [column, source, line, sourceColumn] as [number, number, number, number]
  return fields === 4 ? place : [...place, name as number]
}
