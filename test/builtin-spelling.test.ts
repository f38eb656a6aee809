// V8's builtins by the names that JavaScript has for them. The names are those of Node 20, 22, 24 and 26.

import t from 'tap'
import { spellingOfBuiltin } from '#lib/builtin-spelling.js'

t.test('builtins are spelled as JavaScript spells them', async (t) => {
  const spellings: Readonly<Record<string, string | null>> = {
    ArrayPrototypeFill: 'Array.prototype.fill',
    ArrayBufferPrototypeSlice: 'ArrayBuffer.prototype.slice',
    ArrayBufferConstructor_DoNotInitialize: 'new ArrayBuffer',
    AtomicsWaitAsync: 'Atomics.waitAsync',
    AtomicsMutexLock: 'Atomics.Mutex.lock',
    BigIntAsUintN: 'BigInt.asUintN',
    CollatorInternalCompare: 'Intl.Collator.prototype.compare',
    ConsoleDirXml: 'console.dirxml',
    DateConstructor: 'new Date',
    DatePrototypeSetUTCFullYear: 'Date.prototype.setUTCFullYear',
    DatePrototypeToISOString: 'Date.prototype.toISOString',
    DatePrototypeToJson: 'Date.prototype.toJSON',
    DateTimeFormatPrototypeFormatToParts: 'Intl.DateTimeFormat.prototype.formatToParts',
    DateTimeFormatSupportedLocalesOf: 'Intl.DateTimeFormat.supportedLocalesOf',
    DateUTC: 'Date.UTC',
    ErrorCaptureStackTrace: 'Error.captureStackTrace',
    FunctionPrototypeLegacyCallerGetter: 'Function.prototype.caller',
    GlobalDecodeURIComponent: 'decodeURIComponent',
    IntlGetCanonicalLocales: 'Intl.getCanonicalLocales',
    JsonRawJson: 'JSON.rawJSON',
    NumberFormatInternalFormatNumber: 'Intl.NumberFormat.prototype.format',
    NumberPrototypeToPrecision: 'Number.prototype.toPrecision',
    ObjectDefineGetter: 'Object.prototype.__defineGetter__',
    ObjectGetOwnPropertyDescriptors: 'Object.getOwnPropertyDescriptors',
    ReflectOwnKeys: 'Reflect.ownKeys',
    RegExpCapture1Getter: 'RegExp.$1',
    RegExpInputSetter: 'RegExp.input',
    RegExpPrototypeToString: 'RegExp.prototype.toString',
    SharedArrayBufferPrototypeGetByteLength: 'SharedArrayBuffer.prototype.byteLength',
    StringFromCodePoint: 'String.fromCodePoint',
    StringPrototypeLocaleCompareIntl: 'String.prototype.localeCompare',
    StringPrototypeToUpperCaseIntl: 'String.prototype.toUpperCase',
    SymbolConstructor: 'Symbol',
    TemporalNowZonedDateTimeISO: 'Temporal.Now.zonedDateTimeISO',
    TemporalPlainDateTimePrototypeMonthsInYear: 'Temporal.PlainDateTime.prototype.monthsInYear',
    TemporalPlainDateFrom: 'Temporal.PlainDate.from',
    TypedArrayPrototypeCopyWithin: 'TypedArray.prototype.copyWithin',
    EmptyFunction: null,
    HandleApiCall: null,
    IsTraceCategoryEnabled: null,
    StrictPoisonPillThrower: null,
  }
  for (const [name, spelling] of Object.entries(spellings)) t.equal(spellingOfBuiltin(name), spelling, name)
})

t.test('what every supported Node has is found under its spelling', async (t) => {
  const everywhere = [
    ...[
      'ArrayPush',
      'ArrayPrototypeFill',
      'ArrayBufferPrototypeSlice',
      'AtomicsNotify',
      'BigIntAsIntN',
      'DateParse',
    ],
    ...[
      'DatePrototypeToLocaleTimeString',
      'DatePrototypeGetYear',
      'ErrorPrototypeToString',
      'FunctionPrototypeBind',
    ],
    ...[
      'FinalizationRegistryUnregister',
      'GlobalEscape',
      'JsonStringify',
      'ListFormatConstructor',
      'LocaleConstructor',
    ],
    ...[
      'MapPrototypeClear',
      'NumberFormatPrototypeFormatRange',
      'ObjectFreeze',
      'ObjectLookupSetter',
      'ReflectSet',
    ],
    ...[
      'RegExpLastParenGetter',
      'SegmenterPrototypeSegment',
      'StringRaw',
      'SymbolKeyFor',
      'StringPrototypeNormalizeIntl',
    ],
  ]
  for (const name of everywhere) {
    const path = (spellingOfBuiltin(name) ?? '').replace(/^new /, '').split('.')
    let place: unknown = globalThis
    let found = true
    for (const part of path) {
      const holder = Object(place) as Record<string, unknown>
      found &&= part in holder
      // The prototypes' getters throw when asked of the prototype itself.
      place = Object.getOwnPropertyDescriptor(holder, part)?.value
    }
    t.ok(found, `${name} is ${path.join('.')}`)
  }
})
