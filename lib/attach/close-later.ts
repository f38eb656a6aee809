// close-later.ts — a process of its own: waits until the inspector of a process that was asked to open it does so, and closes
// it. For a process that is in a long native call, which cannot be told that it is no longer wanted.
// Arguments: the pid, then the ports that it listened at before.

import { Inspector, newPort } from './inspector.js'

/** As long as anybody's native call may take. */
const PATIENCE_MILLIS = 10 * 60_000

const [pid = 0, ...before] = process.argv.slice(2).map(Number)
try {
  const port = await newPort(pid, new Set(before), PATIENCE_MILLIS)
  if (port !== null) await (await Inspector.connect({ pid, port, wasOpen: false })).close()
} catch {
  // It has ended: nothing of it is open.
}
