// require.cjs — the API as a CommonJS file has it: samples its own loop, and prints what came of it.
const { startSampler, toCollapsed } = require('nativeprof')

const sampler = startSampler({ hz: 100 })
function spin(micros) {
  const start = process.cpuUsage()
  let used
  do {
    for (let i = 0; i < 1e5; i++) Math.sqrt(i)
    used = process.cpuUsage(start)
  } while (used.user + used.system < micros)
}
spin(500_000)
const profile = sampler.stop()
const { ticks, samples, dropped, notWalkable } = profile.counters
console.log(
  JSON.stringify({ ticks, samples, dropped, notWalkable, spins: toCollapsed(profile).includes('spin') }),
)
