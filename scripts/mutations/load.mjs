// load.mjs — guards of what is bounded and of what is written: entries of table.mjs.

export const LOAD_MUTATIONS = [
  {
    name: 'code that V8 no longer lists is kept',
    file: 'lib/code-map.ts',
    from: 'if (range.order >= order) continue',
    to: 'if (range.order >= order * 0) continue',
    test: 'bounds',
  },
  {
    name: 'code events that there was no room for change nothing',
    file: 'lib/symbolize.ts',
    from: 'this.hasLost = true\n        this.#codeMap.clear()',
    to: 'this.hasLost = true',
    test: 'bounds',
  },
  {
    name: 'stacks are kept without a limit',
    file: 'lib/stack-table.ts',
    from: 'parentId !== NO_STACK && this.stacks.length >=',
    to: 'parentId !== NO_STACK && -1 >=',
    test: 'bounds',
  },
  {
    name: 'a worker shares the entry of one that is gone and had its number',
    file: 'lib/thread-table.ts',
    from: "=== 'worker') this.#idByTid.delete(tid)",
    to: "=== 'main') this.#idByTid.delete(tid)",
    test: 'bounds',
  },
  {
    name: 'profiles are written into node_modules',
    file: 'lib/output-file.ts',
    from: 'if (!options.replace) refusePackages(path)',
    to: "if (path === '') refusePackages(path)",
    test: 'output-file',
  },
  {
    name: 'anybody may read a profile',
    file: 'lib/output-file.ts',
    from: 'mode: 0o600',
    to: 'mode: 0o644',
    test: 'output-file',
  },
  {
    name: 'notes reach the terminal as they are',
    file: 'lib/closing-line.ts',
    from: '${printable(line)}',
    to: "${printable('') + line}",
    test: 'closing-line',
  },
]
