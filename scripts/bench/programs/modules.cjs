// modules.cjs — loads 900 modules and a few of lodash and date-fns, as a program with many dependencies does when it starts, and then calls
// the functions of date-fns, each on a date, over and over.

const { readdirSync } = require('node:fs')
const { dirname, join } = require('node:path')

const COUNT = 900
const ROUNDS = 3000

// Those that load many others at once would go beyond the count.
const isOne = (file) => !/^(cdn|index|locale|fp|lodash|core)\b|min\./.test(file)
const filesOf = (folder, ending) =>
  readdirSync(folder)
    .filter((file) => file.endsWith(ending) && isOne(file))
    .map((file) => join(folder, file))
const dates = dirname(require.resolve('date-fns/package.json'))
const candidates = [
  ...filesOf(dates, '.cjs'),
  ...filesOf(dirname(require.resolve('lodash/package.json')), '.js'),
  ...filesOf(join(dates, 'fp'), '.cjs'),
]
const loaded = () => Object.keys(require.cache).length
const functions = []
for (const file of candidates) {
  if (loaded() >= COUNT) break
  const exported = require(file)
  // Of one date each: sets, starts, ends, differences, questions. Intervals would be of a thousand days.
  if (dirname(file) === dates && !/each|nterval|closest|format|parse/.test(file)) {
    functions.push(...Object.values(exported).filter((each) => typeof each === 'function' && each.length > 0))
  }
}
if (loaded() < COUNT) throw new Error(`only ${loaded()} modules are there`)

const [first, second] = [new Date(1e12), new Date(1.1e12)]
let refusals = 0
for (let round = 0; round < ROUNDS; round++) {
  for (const each of functions) {
    try {
      each(first, second)
    } catch {
      refusals++ // it wants something else than dates, and says so
    }
  }
}
console.log(loaded(), functions.length, refusals)
