// run-progress.ts — the line on a terminal that says how far a recording is: `12 s, 11.9 s CPU, 1190 ticks`.
//
// The terminal belongs to the program. So the line stands at the right edge, dim, in the row of the cursor, and the cursor
// stays where it is: what the program prints next goes where it would have gone. It is only drawn while the program prints
// nothing; whoever writes to a terminal changes its file, and Linux tells of it. Where that cannot be told there is no
// line. The number of ticks is the one that the program itself told last; CPU time is what the kernel says.

import * as fs from 'node:fs'

const FIRST_MILLIS = 2000
const EVERY_MILLIS = 1000
/** How long the program must have printed nothing. */
const SILENCE_MILLIS = 2000
/** What is heard of the terminal so soon after we wrote to it is what we wrote. */
const ECHO_MILLIS = 50
const LEAST_COLUMNS = 60
/** USER_HZ, which is 100 on every Linux that node runs on. */
const MILLIS_PER_JIFFY = 10

export class RunProgress {
  readonly #watcher: fs.FSWatcher
  readonly #startedMillis = performance.now()
  #drawnMillis = -Infinity
  #heardMillis = -Infinity
  #isShown = false
  #timer: NodeJS.Timeout | undefined

  private constructor(terminal: string) {
    this.#watcher = fs.watch(terminal, { persistent: false }, () => {
      const now = performance.now()
      if (now - this.#drawnMillis < ECHO_MILLIS) return
      this.#heardMillis = now
      this.#isShown = false
    })
    this.#watcher.on('error', () => {
      this.stop()
    })
  }

  /** null where standard error is no terminal, or one that cannot be watched. */
  static onTerminal(): RunProgress | null {
    if (!process.stderr.isTTY || process.platform !== 'linux' || process.env['TERM'] === 'dumb') return null
    try {
      return new RunProgress(fs.readlinkSync('/proc/self/fd/2'))
    } catch {
      return null
    }
  }

  /** Shows how far the process is, which tells its ticks in a file. */
  follow(pid: number, ticksFile: string): void {
    const draw = (): void => {
      const ticks = readText(ticksFile)
      if (ticks === 'over') this.stop()
      else this.#draw(this.#textOf(pid, ticks))
    }
    this.#timer = setTimeout(() => {
      draw()
      this.#timer = setInterval(draw, EVERY_MILLIS)
    }, FIRST_MILLIS)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#watcher.close()
    if (this.#isShown) process.stderr.write('\x1b[K')
    this.#isShown = false
  }

  #textOf(pid: number, ticks: string): string {
    const seconds = Math.floor((performance.now() - this.#startedMillis) / 1000)
    const cpu = cpuMillisOf(pid)
    return [
      `nativeprof: ${seconds} s`,
      ...(cpu === null ? [] : [`${(cpu / 1000).toFixed(1)} s CPU`]),
      ...(ticks === '' ? [] : [`${ticks} ticks`]),
    ].join(', ')
  }

  // Save the cursor, go to the column, clear from there on, write, restore the cursor.
  #draw(text: string): void {
    const now = performance.now()
    const { columns } = process.stderr
    if (columns < LEAST_COLUMNS || now - this.#heardMillis < SILENCE_MILLIS) return
    this.#drawnMillis = now
    this.#isShown = true
    process.stderr.write(`\x1b7\x1b[${columns - text.length - 1}G\x1b[K\x1b[2m${text}\x1b[0m\x1b8`)
  }
}

function readText(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** User and system time of a process and the children that it has waited for; null where the kernel does not say. */
function cpuMillisOf(pid: number): number | null {
  const stat = readText(`/proc/${pid}/stat`)
  // The name, in parentheses, may have spaces; the times are the 14th to 17th field, the third follows the name.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const jiffies = fields.slice(11, 15).map(Number)
  if (jiffies.length < 4 || jiffies.some(Number.isNaN)) return null
  return jiffies.reduce((sum, each) => sum + each, 0) * MILLIS_PER_JIFFY
}
