// builtin-spelling.ts — V8's name of a builtin in C++ → how JavaScript spells it. Pure. Neighbour: native-words.ts.
// V8 writes `ArrayPrototypeFill` for `Array.prototype.fill` and `DateNow` for `Date.now`; the rest are exceptions.

/** Builtins that carry others, or stand for nothing that a program called. */
const NAMELESS =
  /^(?:HandleApi|Illegal|Empty|Dummy|Unsupported|StrictPoison|CallAsyncModule|SharedSpaceJSObject)/

/** The constructors that live in a namespace of their own, by namespace. */
const NAMESPACES: Readonly<Record<string, readonly string[]>> = {
  Atomics: ['Mutex', 'Condition'],
  Intl: [
    ...[
      'Collator',
      'DateTimeFormat',
      'DisplayNames',
      'DurationFormat',
      'ListFormat',
      'Locale',
      'NumberFormat',
    ],
    ...['PluralRules', 'RelativeTimeFormat', 'Segmenter', 'Segments', 'SegmentIterator', 'V8BreakIterator'],
  ],
  Temporal: [
    ...['Calendar', 'Duration', 'Instant', 'Now', 'PlainDate', 'PlainDateTime', 'PlainMonthDay', 'PlainTime'],
    ...['PlainYearMonth', 'TimeZone', 'ZonedDateTime'],
  ],
}

/** What may stand in front of the dot of a static function. */
const OWNERS: readonly string[] = [
  ...[
    'Array',
    'ArrayBuffer',
    'Atomics',
    'BigInt',
    'Date',
    'Error',
    'Intl',
    'Math',
    'Number',
    'Object',
    'Promise',
  ],
  ...['Proxy', 'Reflect', 'RegExp', 'SharedArrayBuffer', 'String', 'Symbol', 'Uint8Array', 'WebAssembly'],
]

const SPELLINGS: Readonly<Record<string, string>> = {
  ArrayConcat: 'Array.prototype.concat',
  ArrayPop: 'Array.prototype.pop',
  ArrayPush: 'Array.prototype.push',
  ArrayShift: 'Array.prototype.shift',
  ArrayUnshift: 'Array.prototype.unshift',
  ArrayBufferConstructor_DoNotInitialize: 'new ArrayBuffer',
  BigIntConstructor: 'BigInt',
  FinalizationRegistryUnregister: 'FinalizationRegistry.prototype.unregister',
  ConsoleDirXml: 'console.dirxml',
  JsonIsRawJson: 'JSON.isRawJSON',
  JsonRawJson: 'JSON.rawJSON',
  NumberFormatInternalFormatNumber: 'Intl.NumberFormat.prototype.format',
  NumberFormatPrototypeFormatNumber: 'Intl.NumberFormat.prototype.format',
  ObjectDefineGetter: 'Object.prototype.__defineGetter__',
  ObjectDefineSetter: 'Object.prototype.__defineSetter__',
  ObjectLookupGetter: 'Object.prototype.__lookupGetter__',
  ObjectLookupSetter: 'Object.prototype.__lookupSetter__',
  ObjectPrototypeGetProto: 'Object.prototype.__proto__',
  ObjectPrototypeSetProto: 'Object.prototype.__proto__',
  SharedArrayBufferPrototypeGetByteLength: 'SharedArrayBuffer.prototype.byteLength',
  SymbolConstructor: 'Symbol',
}

/** `Array.prototype.fill` for `ArrayPrototypeFill`; null for what no program calls by a name. */
export function spellingOfBuiltin(name: string): string | null {
  if (NAMELESS.test(name)) return null
  const known = Object.hasOwn(SPELLINGS, name) ? SPELLINGS[name] : undefined
  if (known !== undefined) return known
  if (name.startsWith('Json')) return `JSON.${lowerFirst(name.slice('Json'.length))}`
  if (name.startsWith('Global')) return lowerFirst(name.slice('Global'.length))
  if (name.startsWith('Console')) return `console.${lowerFirst(name.slice('Console'.length))}`
  if (name.endsWith('Constructor')) return `new ${qualified(name.slice(0, -'Constructor'.length))}`
  const capture = /^RegExpCapture(\d)Getter$/.exec(name)
  if (capture) return `RegExp.$${capture[1]}`
  // `Internal`: the function that `Intl` binds to an object when its property is read.
  const [, owner, member] = /^(.+?)(?:Prototype|(?<=Collator|Format)Internal)([A-Z].*)$/.exec(name) ?? []
  if (owner !== undefined && member !== undefined) return `${qualified(owner)}.prototype.${memberOf(member)}`
  return spellingOfStatic(name)
}

function spellingOfStatic(name: string): string | null {
  for (const [namespace, owners] of Object.entries(NAMESPACES)) {
    const bare = namespace === 'Intl' ? name : name.slice(namespace.length)
    if (namespace !== 'Intl' && !name.startsWith(namespace)) continue
    const owner = longestPrefix(owners, bare)
    if (owner !== undefined) return `${namespace}.${owner}.${memberOf(bare.slice(owner.length))}`
  }
  const owner = longestPrefix(OWNERS, name)
  return owner === undefined ? null : `${owner}.${memberOf(name.slice(owner.length))}`
}

function longestPrefix(owners: readonly string[], name: string): string | undefined {
  return owners
    .filter((owner) => name.startsWith(owner) && /^[A-Z]/.test(name.slice(owner.length)))
    .sort((a, b) => b.length - a.length)[0]
}

function qualified(owner: string): string {
  for (const [namespace, owners] of Object.entries(NAMESPACES)) {
    if (namespace === 'Intl' && owners.includes(owner)) return `${namespace}.${owner}`
    if (owner.startsWith(namespace) && owners.includes(owner.slice(namespace.length)))
      return `${namespace}.${owner.slice(namespace.length)}`
  }
  return owner
}

// Getters and setters are the property; `Intl` at the end says how V8 does it.
function memberOf(member: string): string {
  const plain = member
    .replace(/(?<=.)(?:Intl|Getter|Setter)$/, '')
    .replace(/^(?:Legacy|Get(?=Disposed))/, '')
    .replace(/^ToJson$/, 'ToJSON')
  return lowerFirst(plain)
}

/** `toISOString`, but `UTC`. */
function lowerFirst(text: string): string {
  return /^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1)
}
