// object-file.mjs — reads the call graph out of compiled object files (ELF, x86-64), with objdump and c++filt of the
// binutils. Used by check-signal-safety.mjs.
// The unit is the function, not the file. A function's references are the relocations inside it, and those jumps and
// calls within a section that the assembler could settle by itself. Whose address is taken counts as called: too much
// is found rather than too little. Calls through pointers cannot be followed; they are counted.

import { spawnSync } from 'node:child_process'
import process from 'node:process'

// address flags section size [visibility] name, as `objdump -t` prints them
const SYMBOL = /^([0-9a-f]+) (.{7}) (\S+)\t([0-9a-f]+) (?:\.(?:hidden|internal|protected) )?(.+)$/
const SECTION = /^Disassembly of section (.+):$/
const RELOCATION = /^\t+[0-9a-f]+: (R_X86_64_\S+)\t(.+?)(?:([+-])0x([0-9a-f]+))?$/
const INSTRUCTION = /^ *([0-9a-f]+):\t(.*)$/
const INDIRECT = /^(?:[a-z0-9.]+ +)*(?:call|jmp)[a-z]* +\*(.*)$/
// `call 1b0 <f>`, `jne 1b0 <f+0x8>`, `lea 0x1c(%rip),%rax  # 1b0 <f>`
const TARGET = /^(?:(?:[a-z0-9.]+ +)*(?:call|j[a-z]+)(?: |,p[nt] )+|.*# )([0-9a-f]+) <[^>]+>$/

/** A PC-relative field is 4 bytes long, ends its instruction, and counts from there. */
const FIELD_BYTES = 4
/** How far the parts of a jump table's code may lie apart. */
const JUMP_TABLE_INSTRUCTIONS = 8

/**
 * The functions of some object files: `[{ name, section, start, end, object, linkName, isLocal, calls, indirectCalls }]`.
 * `name` is demangled; `calls` holds functions of the same list and, as strings, demangled names of whatever none of the
 * files defines.
 */
export function readFunctions(files) {
  const objects = files.map(parseObject)
  const demangled = demangle(objects)
  const defined = new Map() // link name → what the linker may choose from
  for (const object of objects) {
    for (const fn of object.functions) {
      fn.name = demangled.get(fn.linkName)
      if (!fn.isLocal) defined.set(fn.linkName, [...(defined.get(fn.linkName) ?? []), fn])
    }
  }
  const data = new Set(objects.flatMap((object) => [...object.data]))
  for (const object of objects) {
    for (const fn of object.functions) {
      const found = [...fn.references].flatMap((reference) => {
        if (typeof reference !== 'string') return [functionAt(object, reference)].filter(Boolean)
        const own = object.functions.filter(({ linkName, isLocal }) => isLocal && linkName === reference)
        if (own.length > 0) return own
        return defined.get(reference) ?? (data.has(reference) ? [] : [demangled.get(reference)])
      })
      fn.calls = [...new Set(found)].filter((callee) => callee !== fn)
    }
  }
  return objects.flatMap((object) => object.functions)
}

/** Runs a program of the binutils and returns what it prints; throws an Error that says what is wrong. */
export function runTool(program, args, input = '') {
  const options = { encoding: 'utf8', input, maxBuffer: Infinity, env: { ...process.env, LC_ALL: 'C' } }
  const { status, stdout, stderr, error } = spawnSync(program, args, options)
  if (error?.code === 'ENOENT') throw new Error(`there is no ${program} here; it comes with the binutils`)
  if (error) throw error
  if (status !== 0) throw new Error(stderr.trim() || `${program} ended with exit code ${status}`)
  return stdout
}

function parseObject(file) {
  const object = { file, functions: [], data: new Set(), sections: new Set() }
  const lines = runTool('objdump', ['-t', '-d', '-r', '--no-show-raw-insn', file]).split('\n')
  for (const line of lines) addSymbol(object, line)

  const code = new Set(object.functions.map((fn) => fn.section))
  let section = ''
  let fn // the function that the line belongs to; none in the padding between two
  let settled // where the instruction above jumps to within its section, as far as is known
  let recent = [] // the latest instructions, newest first
  for (const line of lines) {
    const heading = SECTION.exec(line)
    const instruction = INSTRUCTION.exec(line)
    const relocation = RELOCATION.exec(line)
    if (relocation && fn) {
      // It says more than the target that the instruction shows: that one is what stands there before linking.
      fn.references.delete(settled)
      addRelocation({ object, code, fn, instruction: recent[0] }, relocation)
    } else if (instruction) {
      const [, address, text] = instruction
      fn = functionAt(object, { section, address: parseInt(address, 16) })
      recent = [text.trimEnd(), ...recent].slice(0, JUMP_TABLE_INSTRUCTIONS)
      const indirect = INDIRECT.exec(recent[0])
      const target = TARGET.exec(recent[0])
      settled = target && { section, address: parseInt(target[1], 16) }
      if (indirect && fn && !isJumpTable(indirect[1], recent)) fn.indirectCalls++
      if (settled && fn && functionAt(object, settled) !== fn) fn.references.add(settled)
    } else if (heading) {
      section = heading[1]
      recent = []
    }
  }
  return object
}

function addSymbol(object, line) {
  const match = SYMBOL.exec(line)
  if (!match) return
  const [, address, flags, section, size, linkName] = match
  const start = parseInt(address, 16)
  if (flags.includes('d')) object.sections.add(section)
  else if (flags.includes('F')) {
    const isLocal = flags.startsWith('l')
    const end = start + parseInt(size, 16)
    const found = { references: new Set(), calls: [], indirectCalls: 0 }
    object.functions.push({ linkName, section, start, end, isLocal, object: object.file, ...found })
  } else if (section !== '*UND*') object.data.add(linkName)
}

function addRelocation({ object, code, fn, instruction }, [, type, symbol, sign, digits]) {
  // A thread-local by way of a descriptor: the first access on a thread may call malloc, as __tls_get_addr does.
  if (type.includes('TLSDESC')) {
    fn.references.add('__tls_get_addr')
    if (type.endsWith('CALL')) fn.indirectCalls--
  } else if (object.sections.has(symbol)) {
    if (!code.has(symbol)) return
    const addend = digits === undefined ? 0 : parseInt(digits, 16) * (sign === '-' ? -1 : 1)
    const isRelative = type.endsWith('PC32') || type.endsWith('PLT32')
    fn.references.add({ section: symbol, address: addend + (isRelative ? FIELD_BYTES : 0) })
  } else {
    fn.references.add(symbol)
    // `call *f@GOTPCREL(%rip)` names its target.
    if (type.includes('GOTPCREL') && INDIRECT.test(instruction)) fn.indirectCalls--
  }
}

// A switch: movslq (table,index,4),%r; add table,%r; jmp *%r. Compilers put labels of the same function into the table.
function isJumpTable(operand, [, ...before]) {
  const register = /^%r\w+$/.exec(operand)?.[0]
  if (register === undefined) return false
  const load = before.find((text) => text.startsWith('movslq') && text.endsWith(`,4),${register}`))
  return load !== undefined && before.some((text) => text.startsWith('add ') && text.endsWith(`,${register}`))
}

function functionAt(object, { section, address }) {
  return object.functions.find((fn) => fn.section === section && fn.start <= address && address < fn.end)
}

function demangle(objects) {
  const functions = objects.flatMap((object) => object.functions)
  const references = functions.flatMap((fn) => [...fn.references]).filter((name) => typeof name === 'string')
  const names = [...new Set([...functions.map((fn) => fn.linkName), ...references])]
  const readable = runTool('c++filt', [], names.join('\n') + '\n').split('\n')
  return new Map(names.map((name, i) => [name, readable[i]]))
}
