// phases.mjs — works in phases that it times itself with the CPU clock of the process, and prints, as JSON, the microseconds of
// each. The phases are what profilers are known to see differently: property loads of many shapes, garbage, C++, regular expressions.
// Run it with --single-threaded: then the clock of the process is that of the one thread that is sampled.

import { createHash } from 'node:crypto'
import process from 'node:process'

const ROUNDS = 8
const CHUNK_MICROS = 50_000

let sink = 0

function numeric() {
  let sum = 0
  for (let i = 1; i < 60_000; i++) sum += Math.sqrt(i) / (1 + (i & 7))
  sink += sum
}

function strings() {
  let text = ''
  for (let i = 0; i < 2_000; i++) text += String.fromCharCode(97 + (i % 26)) + i
  sink += text.split('7').length
}

function sorting() {
  const values = Array.from({ length: 1_500 }, (_, i) => (i * 7919) % 1_009)
  values.sort((a, b) => a - b)
  sink += values[3]
}

const tree = Array.from({ length: 150 }, (_, i) => ({ id: i, name: `name ${i}`, tags: ['a', String(i)] }))
function json() {
  sink += JSON.parse(JSON.stringify(tree)).length
}

const lines = Array.from({ length: 200 }, (_, i) => `GET /users/${i}/posts?page=${i} 200 ${i * 3}ms`).join(
  '\n',
)
function regexp() {
  for (const match of lines.matchAll(/(GET|POST) \/(\w+)\/(\d+).*?(\d+)ms/g)) sink += Number(match[4])
}

let kept = []
function garbage() {
  const next = []
  for (let i = 0; i < 4_000; i++) next.push({ i, values: [i, i + 1], before: kept[i % (kept.length + 1)] })
  for (const each of next) each.before = undefined
  kept = next
  sink += kept.length
}

const data = Buffer.alloc(2 ** 18, 7)
function hashing() {
  sink += createHash('sha256').update(data).digest()[0]
}

// Objects of many shapes, so that every property load in accessMany misses the inline caches.
const shapes = Array.from({ length: 64 }, (_, i) => {
  const shape = {}
  for (let k = 0; k <= i % 16; k++) shape[`x${(i * 7 + k) % 40}_${i}`] = k
  return Object.assign(shape, { a: i, b: `b${i}`, c: [i], d: i / 2 })
})
function accessMany() {
  let n = 0
  for (let i = 0; i < 2_000; i++) {
    const o = shapes[(i * 5) & 63]
    const p = shapes[(i * 11 + 1) & 63]
    n += o.a + p.a + o.d + p.d + o.c.length + p.b.length
    o.a = (p.a + i) & 63
    p.d = o.d / 2
  }
  sink += n
}

const PHASES = { numeric, strings, sorting, json, regexp, garbage, hashing, accessMany }

const cpuMicros = () => {
  const { user, system } = process.cpuUsage()
  return user + system
}

function runPhase(work) {
  const start = cpuMicros()
  let now
  do {
    for (let i = 0; i < 4; i++) work()
    now = cpuMicros()
  } while (now - start < CHUNK_MICROS)
  return now - start
}

const clock = Object.fromEntries(Object.keys(PHASES).map((name) => [name, 0]))
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, work] of Object.entries(PHASES)) clock[name] += runPhase(work)
}
console.log(JSON.stringify({ clock, sink: sink !== 0 }))
