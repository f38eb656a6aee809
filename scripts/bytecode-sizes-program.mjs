// bytecode-sizes-program.mjs — what the TypeScript compiler has no use for, so that bytecode-sizes.mjs sees most of V8's
// bytecodes. Does nothing of use.

import { runChains } from '../test/fixtures/chains.mjs'

let generations = 0
runChains({ seed: 3, isEnough: () => ++generations > 120 })

class Base {
  #own = 1
  static shared = 2
  static {
    this.text = super.toString
  }
  get value() {
    return this.#own
  }
  set value(value) {
    this.#own = value
  }
  #isOne(other) {
    return #own in other
  }
  test() {
    return this.#isOne(this) + delete this.missing
  }
}

class Derived extends Base {
  constructor(...rest) {
    super(...rest)
    super.value = 3
  }
  test() {
    return super.test?.()
  }
}

async function* numbers() {
  for await (const x of [1, 2]) yield* [x]
  try {
    yield 1
  } finally {
    await 3
  }
}

function choose(x) {
  switch (x) {
    case 0:
      return 1
    case 1:
      return 2
    case 2:
      return 3
    case 3:
      return 4
    case 4:
      return 5
    case 5:
      return 6
    default:
      return typeof x === 'string' ? ~x : ((((-x) ** 2 % 3) >>> 1) ^ 5) | (2 & 3)
  }
}

const derived = new Derived()
derived.test()
derived.value = derived.value + choose(3) + choose('a')
for await (const number of numbers()) choose(number)
const { a = 1, ...rest } = { c: 2 }
const object = { __proto__: null, ['k' + a]: 2, ...rest }
for (const key in object) if (!(object instanceof Object) && key in object) delete object[key]
let logical
logical ??= 1
logical ||= 2
logical &&= 3
logical++
logical--
choose(1n + 2n, logical === null, logical === undefined, void 0)
new Function('o', 'with (o) { x; x = 1; delete x; typeof x; y() }')({ x: 1, y: () => 1 })
