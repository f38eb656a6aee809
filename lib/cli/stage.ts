// stage.ts — the line on a terminal that says what takes so long. Only where standard error is a terminal, and only as long
// as it lasts. The work is synchronous, so the line is written before each of its parts.

let isShown = false

/** Says what comes next. */
export function showStage(what: string): void {
  if (!process.stderr.isTTY) return
  const text = `nativeprof: ${what} …`.slice(0, Math.max(20, process.stderr.columns - 1))
  process.stderr.write(`\r\x1b[2K${text}`)
  isShown = true
}

/** Before anything else is printed. */
export function clearStage(): void {
  if (isShown) process.stderr.write('\r\x1b[2K')
  isShown = false
}
