// workloads.mjs — the real programs that are measured, by name: each does a fixed amount of work and ends by itself.

import { join } from 'node:path'
import { HERE, ROOT } from './places.mjs'

const program = (file) => join(HERE, 'programs', file)

/**
 * `args(folder)`: node's arguments; the folder may be written to. `requests`: a server, which is asked that often, and prints its
 * port. `hasClock`: it prints the microseconds of CPU time of each of its phases.
 */
export const WORKLOADS = {
  'type-check': {
    title: 'TypeScript checks the types of this project',
    args: () => [
      join(HERE, 'node_modules/typescript/bin/tsc'),
      '--noEmit',
      '--skipLibCheck',
      'false',
      '-p',
      ROOT,
    ],
  },
  parse: { title: 'acorn parses the TypeScript compiler', args: () => [program('parse.mjs')] },
  bundle: {
    title: 'webpack bundles date-fns, lodash and acorn',
    args: (folder) => [program('bundle.mjs'), folder],
  },
  server: {
    title: 'Fastify under autocannon, 10 connections',
    args: () => [program('server.mjs')],
    requests: 12_000,
  },
  json: { title: 'a pipeline of JSON records, compressed', args: () => [program('json.mjs')] },
  workers: { title: 'four workers that parse and print', args: () => [program('workers.mjs')] },
  modules: { title: 'a program with 900 modules', args: () => [program('modules.cjs')] },
  phases: {
    title: 'a program that times its own phases',
    args: () => ['--single-threaded', program('phases.mjs')],
    hasClock: true,
  },
}
