// ask-stacks.ts — asks a process under nativeprof/auto where its threads are, whatever they are doing: see native/stack_requests.h.

import { randomInt } from 'node:crypto'
import * as fs from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { loadBinding } from '../binding.js'
import { NativeprofError } from '../errors.js'
import { isComplete, readAnswer } from './stack-answer.js'
import type { ThreadStack } from './stack-answer.js'

const POLL_MILLIS = 10

/**
 * The threads of the process; null if it cannot be asked in this way: it was started without nativeprof/auto, does not sample
 * at the moment, or did not answer within `millis`. Sends no signal to a process that does not expect one.
 */
export async function askForStacks(pid: number, millis: number): Promise<ThreadStack[] | null> {
  const signal = signalOf(pid)
  if (signal === null) return null
  const before = new Set(answersOf(pid).map(({ name }) => name))
  const problem = sendRequest(pid, signal, randomInt(1, 2 ** 32 - 1))
  if (problem !== '') return null
  const end = performance.now() + millis
  do {
    for (const { name, path } of answersOf(pid)) {
      const bytes = before.has(name) ? null : bytesOf(path)
      if (bytes !== null && isComplete(bytes)) return readAnswer(bytes)
    }
    await delay(POLL_MILLIS)
  } while (performance.now() < end)
  return null
}

/** By which signal the process is asked, as the name of the thread says that answers; null if there is none. */
function signalOf(pid: number): number | null {
  for (const tid of listOf(`/proc/${pid}/task`)) {
    const name = /^nativeprof:(\d{1,2})\n$/.exec(textOf(`/proc/${pid}/task/${tid}/comm`))?.[1]
    if (name !== undefined) return Number(name)
  }
  return null
}

// Where nativeprof cannot run here, there is the inspector.
function sendRequest(pid: number, signal: number, number: number): string {
  try {
    return loadBinding().askForStacks(pid, signal, number)
  } catch (error) {
    if (error instanceof NativeprofError) return error.message
    throw error
  }
}

/** The files in memory with answers: complete ones, and one that is being written. */
function answersOf(pid: number): { readonly name: string; readonly path: string }[] {
  const folder = `/proc/${pid}/fd`
  return listOf(folder).flatMap((fd) => {
    const path = `${folder}/${fd}`
    const name = /^\/memfd:(nativeprof:\d+) /.exec(linkAt(path))?.[1]
    return name === undefined ? [] : [{ name, path }]
  })
}

// It may be closed at any time.
function bytesOf(path: string): Buffer | null {
  try {
    return fs.readFileSync(path)
  } catch {
    return null
  }
}

function linkAt(path: string): string {
  try {
    return fs.readlinkSync(path)
  } catch {
    return ''
  }
}

function listOf(folder: string): string[] {
  try {
    return fs.readdirSync(folder)
  } catch {
    return []
  }
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
