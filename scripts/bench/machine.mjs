// machine.mjs — on what, with what and when it was measured.

import { execFileSync } from 'node:child_process'
import os from 'node:os'
import process from 'node:process'
import { ROOT } from './places.mjs'
import { versionsInstalled } from './install.mjs'

/** Facts to put beside every figure. The load is that of the minute before. */
export function describeMachine() {
  const [cpu] = os.cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpu.model.trim(),
    cores: os.cpus().length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()}`,
    arch: process.arch,
    node: process.version,
    v8: process.versions.v8,
    commit: execFileSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, encoding: 'utf8' }).trim(),
    loadBefore: os.loadavg()[0],
    versions: versionsInstalled(),
  }
}

/** In two sentences of Markdown. */
export function machineText({ date, cpu, cores, memoryGiB, kernel, arch, node, v8, commit, loadBefore }) {
  const isBusy = loadBefore > 0.5
  return (
    `Measured on ${date}: ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${kernel} ${arch}; Node ${node} (V8 ${v8}); nativeprof at ${commit}. ` +
    (isBusy
      ? `**The machine was not quiet**: its load was ${loadBefore.toFixed(1)} before the first run. Read the intervals, not the medians.`
      : `The load of the machine was ${loadBefore.toFixed(1)} before the first run.`)
  )
}
