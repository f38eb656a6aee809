// profiler-in-25-lines.mjs — node profiler-in-25-lines.mjs app.mjs | flamegraph.pl > app.svg
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startSampler } from 'nativeprof'

const sampler = startSampler({ hz: 100 }) // one sample for every 10 ms of CPU time

process.on('exit', () => {
  const { totals, stacks, frames, functions } = sampler.stop()
  const ticksByStack = new Map()
  for (const { stackId, ticks } of totals) {
    const names = []
    // A stack is its leaf, and the stack that called it. Flame graphs are read from the root.
    for (let id = stackId; id >= 0; id = stacks[id].parentId) {
      const { name, url, line } = functions[frames[stacks[id].frameId].functionId]
      names.unshift(line > 0 ? `${name} ${url}:${line}` : name)
    }
    const stack = names.map((name) => name.replaceAll(';', ',')).join(';')
    ticksByStack.set(stack, (ticksByStack.get(stack) ?? 0) + ticks)
  }
  for (const [stack, ticks] of ticksByStack) console.log(`${stack} ${ticks}`)
})

process.argv.splice(1, 1) // so that the program finds its own arguments
await import(pathToFileURL(resolve(process.argv[1])))
