// stdout.ts — standard output of the command line, whose reader may go at any time, as `head` does.

/** Writes it all; returns when it is written, or nobody reads any more. */
export async function writeToStdout(content: string | Uint8Array): Promise<void> {
  await new Promise<void>((done) => {
    process.stdout.once('error', () => {
      done()
    })
    process.stdout.write(content, () => {
      done()
    })
  })
}
