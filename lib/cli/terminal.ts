// terminal.ts — what a stream of the command line can show.

import type { WriteStream } from 'node:tty'
import { LEAST_COLUMNS } from '../formats/cells.js'

/** Width and colour of tables on a terminal; nothing elsewhere. NO_COLOR (https://no-color.org) and TERM=dumb are obeyed. */
export function terminalStyle(stream: WriteStream): { columns?: number; color?: boolean } {
  if (!stream.isTTY) return {}
  const { NO_COLOR = '', TERM } = process.env
  const columns = stream.columns >= LEAST_COLUMNS ? { columns: stream.columns } : {}
  return { ...columns, color: NO_COLOR === '' && TERM !== 'dumb' }
}
