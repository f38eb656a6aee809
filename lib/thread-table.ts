// thread-table.ts — the threads of a recording, each once, whatever it was when it was first met.

import type { Thread } from './profile.js'

/** Threads beyond these share an entry. */
const MAX_THREADS = 10_000

/** Ids are indexes into `threads`. The main thread has id 0. */
export class ThreadTable {
  readonly threads: Thread[]
  readonly #max: number
  #sharedId: number | undefined
  // A worker has ticks before it attaches and after it has detached; they are its own.
  readonly #idByTid = new Map<number, number>()

  constructor(mainTid: number, max: number = MAX_THREADS) {
    this.#max = max
    this.threads = [{ name: 'main', kind: 'main', tid: mainTid }]
    this.#idByTid.set(mainTid, 0)
  }

  /** The id of the thread that the kernel calls `tid`. */
  idOf(tid: number): number {
    let id = this.#idByTid.get(tid)
    if (id === undefined) {
      id = this.#add({ name: '', kind: 'other', tid })
      // Of those that share an entry nothing is remembered, for there is no end of them.
      if (id !== this.#sharedId) this.#idByTid.set(tid, id)
    }
    return id
  }

  /** The kernel's name for a thread; one that runs JavaScript keeps its own. */
  nameOther(tid: number, name: string): void {
    const id = this.idOf(tid)
    if (id !== this.#sharedId && this.threads[id]?.kind === 'other')
      this.threads[id] = { name, kind: 'other', tid }
  }

  /** It is a worker. `name` is '' if it was given none. */
  nameWorker(tid: number, workerId: number, name: string): void {
    const hasName = name !== '' && name !== DEFAULT_WORKER_NAME
    const text = hasName ? `${workerId} (${name})` : String(workerId)
    // The kernel gives numbers of threads that have ended to new ones, in time.
    if (this.threads[this.idOf(tid)]?.kind === 'worker') this.#idByTid.delete(tid)
    const id = this.idOf(tid)
    if (id !== this.#sharedId) this.threads[id] = { name: text, kind: 'worker', tid }
  }

  #add(thread: Thread): number {
    if (this.threads.length < this.#max) return this.threads.push(thread) - 1
    this.#sharedId ??= this.threads.push({ name: '(more threads)', kind: 'other', tid: 0 }) - 1
    return this.#sharedId
  }
}

/** What node calls a worker that was given no name. */
const DEFAULT_WORKER_NAME = 'WorkerThread'
