// busy.cjs — uses half a second of CPU time in one function, prints a line, and ends with an exit code of its own.
function spin(micros) {
  let sum = 0
  for (const start = process.cpuUsage(); ;) {
    for (let i = 0; i < 1e5; i++) sum += Math.sqrt(i)
    const { user, system } = process.cpuUsage(start)
    if (user + system >= micros) return sum
  }
}

spin(500_000)
console.log('done')
process.exitCode = 3
