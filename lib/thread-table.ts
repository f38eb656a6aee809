// thread-table.ts — the threads of a recording, each once, whatever it was when it was first met.

import type { Thread } from './profile.js'

/** Ids are indexes into `threads`. The main thread has id 0. */
export class ThreadTable {
  readonly threads: Thread[]
  // A worker has ticks before it attaches and after it has detached; they are its own.
  readonly #idByTid = new Map<number, number>()

  constructor(mainTid: number) {
    this.threads = [{ name: 'main', kind: 'main', tid: mainTid }]
    this.#idByTid.set(mainTid, 0)
  }

  /** The id of the thread that the kernel calls `tid`. */
  idOf(tid: number): number {
    let id = this.#idByTid.get(tid)
    if (id === undefined) {
      id = this.threads.push({ name: '', kind: 'other', tid }) - 1
      this.#idByTid.set(tid, id)
    }
    return id
  }

  /** The kernel's name for a thread; one that runs JavaScript keeps its own. */
  nameOther(tid: number, name: string): void {
    const id = this.idOf(tid)
    if (this.threads[id]?.kind === 'other') this.threads[id] = { name, kind: 'other', tid }
  }

  /** It is a worker. `name` is '' if it was given none. */
  nameWorker(tid: number, workerId: number, name: string): void {
    const hasName = name !== '' && name !== DEFAULT_WORKER_NAME
    const text = hasName ? `${workerId} (${name})` : String(workerId)
    this.threads[this.idOf(tid)] = { name: text, kind: 'worker', tid }
  }
}

/** What node calls a worker that was given no name. */
const DEFAULT_WORKER_NAME = 'WorkerThread'
