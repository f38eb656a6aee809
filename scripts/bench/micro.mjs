// micro.mjs [--quick] [--only NAME]… — what the parts cost, one by one: `npm run bench:micro`. Every script of micro/ in a process of
// its own; writes docs/benchmarks-micro.md and docs/benchmarks-micro.json. `--quick` is for seeing that it works; a script that
// fails is told, and fails the whole.

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { installDependencies } from './install.mjs'
import { describeMachine, machineText } from './machine.mjs'
import { HERE, ROOT } from './places.mjs'

const PARTS = {
  tick: 'A tick, as the program feels it',
  handler: 'The handler',
  ring: 'The ring',
  'code-events': 'Code events',
  pipeline: 'From bytes to flame graph',
  growth: 'Growth',
  starts: 'Starting',
  blocks: 'Snapshots and stopping',
  idle: 'An idle process',
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: Object.keys(PARTS) },
  },
})
for (const name of values.only) {
  if (!Object.hasOwn(PARTS, name)) {
    throw new Error(`there is no ${name}; there are ${Object.keys(PARTS).join(', ')}`)
  }
}

for (const problem of installDependencies()) console.log(problem)
const machine = describeMachine()
const parts = values.only.map((name) => ({ name, title: PARTS[name], ...measured(name) }))
writeFileSync(
  join(ROOT, 'docs/benchmarks-micro.json'),
  `${JSON.stringify({ machine, isQuick: values.quick, parts }, null, 1)}\n`,
)
writeFileSync(join(ROOT, 'docs/benchmarks-micro.md'), pageOf())
console.log('docs/benchmarks-micro.md and docs/benchmarks-micro.json are written')

function measured(name) {
  const flags = name === 'handler' ? ['--json', ...(values.quick ? ['--millis', '300'] : [])] : []
  const quick = values.quick && name !== 'handler' ? ['--quick'] : []
  try {
    const script = join(HERE, 'micro', `${name}.mjs`)
    const output = execFileSync(
      process.execPath,
      ['--no-warnings', '--expose-gc', script, ...flags, ...quick],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    // A build may have printed before.
    const rows = JSON.parse(output.trim().split('\n').at(-1))
    for (const { what, measured: value, isMet } of rows) console.log(`${what}: ${value}${verdict(isMet)}`)
    return { rows }
  } catch (error) {
    process.exitCode = 1
    console.log(`${name}: ${error.message}`)
    return { rows: [], failure: error.message.split('\n')[0] }
  }
}

function verdict(isMet) {
  return isMet === null ? '' : isMet ? ' (met)' : ' (not met)'
}

function pageOf() {
  return `${[
    '# Benchmarks of the parts',
    'Written by `npm run bench:micro`; do not edit. The same as data: [benchmarks-micro.json](benchmarks-micro.json).',
    machineText(machine),
    ...(values.quick ? ['**A quick run**, which shows that the scripts work, and no more.'] : []),
    ...parts.flatMap(({ title, rows, failure }) => [
      `## ${title}`,
      failure === undefined ? tableOf(rows) : `Not measured: ${failure}.`,
    ]),
  ].join('\n\n')}\n`
}

function tableOf(rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
  return [
    line(['', 'measured', 'target', '']),
    line(['---', '---', '---', '---']),
    ...rows.map(({ what, measured: value, target, isMet }) =>
      line([what, value, target, isMet === null ? '' : isMet ? 'met' : 'not met']),
    ),
  ].join('\n')
}
