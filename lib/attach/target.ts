// target.ts — what /proc says of a process before it is touched: whether it is there, ours, a Node.js that listens for SIGUSR1,
// and where it listens for connections. Linux. Sends nothing: SIGUSR1 ends a process that does not expect it.

import * as fs from 'node:fs'
import { constants } from 'node:os'
import { NativeprofError } from '../errors.js'

/** Exported by every node, in its own binary or in libnode. */
const NODE_SYMBOL = Buffer.from('_ZN4node5StartEiPPc')

/** The symbol names stand near the beginning of the file; node's code and snapshot, behind them, are 100 MB. */
const CHUNK_BYTES = 4 * 2 ** 20

/**
 * Throws ERR_NATIVEPROF_TARGET, and says why, for a process that cannot be reached by SIGUSR1 and the inspector; else returns.
 */
export function checkTarget(pid: number): void {
  if (process.platform !== 'linux') throw unreachable('attaching needs the /proc of Linux')
  if (pid === process.pid) throw unreachable('that is this very process')
  const status = readStatus(pid)
  const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1])
  const own = process.geteuid?.()
  if (own !== 0 && uid !== own) {
    throw unreachable(`process ${pid} belongs to another user (uid ${uid}); attach as that user, or as root`)
  }
  if (/^State:\s+[ZX]/m.test(status)) throw unreachable(`process ${pid} has ended`)
  if (!isNode(pid)) throw unreachable(`process ${pid} is not a Node.js (${commandOf(pid)})`)
  const caught = BigInt(`0x${/^SigCgt:\s+([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`)
  if ((caught & (1n << BigInt(constants.signals.SIGUSR1 - 1))) === 0n) {
    throw unreachable(
      `process ${pid} does not listen for SIGUSR1: it was started with --disable-sigusr1, has not come that far, or was built without an inspector`,
    )
  }
}

/** The TCP ports that a process listens at. */
export function listeningPorts(pid: number): Set<number> {
  const inodes = new Set<string>()
  try {
    for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkAt(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined) inodes.add(inode)
    }
  } catch (cause) {
    throw unreachable(`process ${pid} cannot be looked at: ${(cause as Error).message}`, cause)
  }
  const ports = new Set<number>()
  for (const table of ['tcp', 'tcp6']) {
    for (const line of textOf(`/proc/${pid}/net/${table}`).split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
      // 0A is LISTEN.
      if (state === '0A' && inodes.has(inode))
        ports.add(parseInt(local.slice(local.lastIndexOf(':') + 1), 16))
    }
  }
  return ports
}

/** Whether a connection from here arrives there: containers have networks of their own. */
export function isInOurNetwork(pid: number): boolean {
  return linkAt(`/proc/${pid}/ns/net`) === linkAt('/proc/self/ns/net')
}

/** The port that the command line names for the inspector, and node's default. */
export function inspectorPorts(pid: number): number[] {
  const named = /--(?:inspect(?:-brk|-port|-wait)?|debug-port)=(?:\S*:)?(\d+)/.exec(commandOf(pid))?.[1]
  return named === undefined ? [9229] : [Number(named), 9229]
}

export function unreachable(message: string, cause?: unknown): NativeprofError {
  return new NativeprofError('ERR_NATIVEPROF_TARGET', message, { cause })
}

function readStatus(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch (cause) {
    throw unreachable(`there is no process ${pid}`, cause)
  }
}

function commandOf(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim().slice(0, 200)
}

function isNode(pid: number): boolean {
  if (textOf(`/proc/${pid}/maps`).includes('/libnode.so')) return true
  let fd: number
  try {
    fd = fs.openSync(`/proc/${pid}/exe`, 'r')
  } catch {
    return false
  }
  try {
    const overlap = NODE_SYMBOL.length
    const chunk = Buffer.alloc(CHUNK_BYTES + overlap)
    for (let at = 0; ; at += CHUNK_BYTES) {
      const bytes = fs.readSync(fd, chunk, 0, chunk.length, at)
      if (chunk.subarray(0, bytes).includes(NODE_SYMBOL)) return true
      if (bytes < chunk.length) return false
    }
  } finally {
    fs.closeSync(fd)
  }
}

function textOf(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function linkAt(path: string): string {
  try {
    return fs.readlinkSync(path)
  } catch {
    return ''
  }
}
