#!/usr/bin/env node
// node-gyp-local.mjs — node-gyp as prebuildify calls it, with the headers of the asked version taken from this machine.
// prebuildify passes `--target=<version>` and expects a download; this maps the version to a `--nodedir`.
// prebuild.mjs has fetched the headers before.

import process from 'node:process'
import { headersOf, nodeGyp, versionByNumber } from './native-build.mjs'

const args = process.argv.slice(2)
const target = args.find((arg) => arg.startsWith('--target='))?.slice('--target='.length)
const version = versionByNumber(target)
const nodedir = version ? headersOf(version) : null

try {
  if (nodedir === null) throw new Error(`no headers for Node ${target} here; run scripts/fetch-nodes.mjs`)
  nodeGyp(process.cwd(), args, nodedir)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
