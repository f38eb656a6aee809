// before-execve.ts — calls back when the process is about to become another program by `process.execve()` (Node 22.15 and later). Node
// says so through a channel, which a program does not notice, when the arguments are known to be right. The profiling timer
// passes on to the other program, which, if it does not expect it, dies of it.

import { subscribe } from 'node:diagnostics_channel'

/** Calls `callback`, which must not throw, each time. */
export function beforeExecve(callback: () => void): void {
  subscribe('process.execve', callback)
}
