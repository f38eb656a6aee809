// stdout.ts — standard output of the command line, whose reader may go at any time, as `head` does.

import type { Content } from '../output-file.js'

/** Writes it all; returns when it is written, or nobody reads any more. */
export async function writeToStdout(content: Content): Promise<void> {
  if (process.stdout.listenerCount('error', ignore) === 0) process.stdout.on('error', ignore)
  if (typeof content === 'string' || content instanceof Uint8Array) {
    await write(content)
    return
  }
  for (const part of content) if (!(await write(part))) return
}

/** Whether there is still somebody who reads. */
async function write(content: string | Uint8Array): Promise<boolean> {
  return new Promise((done) => {
    process.stdout.write(content, (error) => {
      done(!(error instanceof Error))
    })
  })
}

// The callback says it, and the event comes later.
function ignore(): void {}
