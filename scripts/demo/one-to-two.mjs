// one-to-two.mjs — a() and b() call the same work, b() for twice as long: a profiler must find 1 : 2.
// Neither is called often enough for V8 to optimize it, so work() keeps a frame of its own and is not copied into them.

const ROUNDS = 20_000_000

function work(rounds) {
  let hash = 0
  for (let i = 0; i < rounds; i++) hash = (hash * 31 + i) % 1_000_003
  return hash
}

function a() {
  return work(ROUNDS)
}

function b() {
  return work(2 * ROUNDS)
}

let sum = 0
for (let i = 0; i < 8; i++) sum += a() + b()
console.error(`one-to-two: done, checksum ${sum}`)
