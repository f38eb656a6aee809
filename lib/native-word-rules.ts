// native-word-rules.ts — which native function means what to who writes JavaScript. One table, read from the top. Pure.
// Names are those of native symbols: demangled, without parameters, long template arguments as `<...>`. They are taken
// from the symbol tables of Node 20, 22, 24 and 26, and V8 renames things: a rule names a class rather than a function
// where it can. Neighbour: native-words.ts, which applies the table to a stack.

import { spellingOfBuiltin } from './builtin-spelling.js'
import { spellingOfRuntime } from './runtime-spelling.js'

/** What one function says of a stack that it is on. */
export interface Meaning {
  readonly word: string
  /** What functions further from JavaScript may add: their word is taken if it matches. */
  readonly narrower?: RegExp
}

interface Rule {
  readonly pattern: RegExp
  /** The word; or made of what the pattern captured, null if that says nothing. */
  readonly word: string | ((captured: string) => string | null)
  readonly narrower?: RegExp
}

export const COMPILER = '(compiler)'
export const PARSER = '(parser)'

const V8 = '^v8::internal::'
const NODE = String.raw`^node::(?:\(anonymous namespace\)::)?`

/** The garbage collector, wherever it is on the stack. Barriers and allocation, which are no collection, stay out. */
export const GARBAGE_COLLECTOR: RegExp = new RegExp(
  [
    // Collection by its entrances, from V8 11's `MinorMC` to V8 14's `MinorMS`.
    `${V8}Heap::(?:Collect(?:All|Garbage)|PreciseCollect|PerformGarbage|GarbageCollection|HandleGCRequest)`,
    `${V8}Heap::(?:Scavenge|MarkCompact|MinorMark|StartIncrementalMarking|FinalizeIncrementalMarking|StartMinorM)`,
    // And by its workers, of which helper threads run nothing else.
    `${V8}(?:Scavenge|Scavenging|IterateAndScavenge|MarkCompact|MinorMark|MinorGC|MinorMC|RootScavenge)`,
    `${V8}(?!ArrayBufferSweeper::(?:Append|Detach|Resize))(?:\\w*Marking(?!Barrier)\\w*|\\w*Sweep\\w*|\\w*Evacuat\\w*|PointersUpdating\\w*|RecordMigratedSlot\\w*)(?:::|<)`,
    `${V8}(?:PageEvacuationJob|RememberedSetUpdatingItem|UpdatingItem|ClearStringTableJobItem|WeakObjects|MemoryReducer)`,
    `${V8}(?:CppHeap::(?:\\w*(?:Mark|Trac|Sweep|Collect|Garbage|Finish)\\w*)|UnifiedHeapMark)`,
    `^cppgc::internal::(?:\\w*Mark\\w*|\\w*Sweep\\w*|\\w*Compact\\w*|Concurrent\\w*|PreFinalizer\\w*)(?:::|<)`,
    `^cppgc::internal::Heap(?:Base)?::(?:Collect|StartGarbage|FinalizeGarbage|StartIncremental|FinalizeIncremental)`,
    `^heap::base::(?:WorklistBase|Stack::IteratePointers)`,
  ].join('|'),
)

const CRYPTO_CLASSES: readonly (readonly [RegExp, string])[] = [
  [/PBKDF2/, 'crypto pbkdf2'],
  [/Scrypt/, 'crypto scrypt'],
  [/HKDF/, 'crypto hkdf'],
  [/Argon2/, 'crypto argon2'],
  [/KeyGen|Keygen|KeyPairGen/, 'crypto generateKey'],
  [/Random(?!Prime)/, 'crypto random'],
  [/Prime/, 'crypto prime'],
  [/Hmac|Kmac/, 'crypto hmac'],
  [/Hash|Shake|KangarooTwelve/, 'crypto hash'],
  [/Verify/, 'crypto verify'],
  [/Sign/, 'crypto sign'],
  [/Cipher/, 'crypto cipher'],
  [/DHBits|ECDH|DiffieHellman|KEM/, 'crypto diffieHellman'],
  [/TLSWrap|SecureContext/, 'tls'],
  [/X509|KeyObject|KeyExport|SPKAC|ManagedEVPPKey/, 'crypto key'],
]

function wordOfCrypto(names: string): string | null {
  return CRYPTO_CLASSES.find(([pattern]) => pattern.test(names))?.[1] ?? null
}

const RULES: readonly Rule[] = [
  // What JavaScript called by a name.
  { pattern: /^v8::internal::(?:JsonParse|Runtime_JsonParse)|^v8::JSON::Parse/, word: 'JSON.parse' },
  { pattern: /^v8::internal::(?:Fast)?JsonStringif|^v8::JSON::Stringify/, word: 'JSON.stringify' },
  { pattern: /^v8::internal::Builtin_(?:Impl_)?(?:Stats_)?(\w+)/, word: spellingOfBuiltin },
  // Compiled code calls these by themselves; `**` is `pow`, too.
  {
    pattern:
      /^v8::(?:base::ieee754(?:::legacy)?|internal::math)::(a?(?:cos|sin|tan)h?|atan2|cbrt|exp|expm1|log(?:10|1p|2)?|pow)$/,
    word: (name) => `Math.${name}`,
  },
  {
    pattern: new RegExp(`${NODE}(?:worker::)?(?:\\(anonymous namespace\\)::)?StructuredClone`),
    word: 'structuredClone',
  },
  { pattern: new RegExp(`${NODE}worker::(?:Message|MessagePort)::`), word: 'postMessage' },
  { pattern: new RegExp(`${NODE}serdes::Serializer`), word: 'v8.serialize' },
  { pattern: new RegExp(`${NODE}serdes::Deserializer`), word: 'v8.deserialize' },
  { pattern: /^v8::(?:internal::)?Value(?:S|Des)erializer::/, word: 'structuredClone' },

  // Node's own modules.
  { pattern: new RegExp(`${NODE}crypto::(.*)`), word: wordOfCrypto },
  { pattern: new RegExp(`${NODE}crypto::`), word: 'crypto', narrower: /^crypto / },
  {
    pattern: new RegExp(`${NODE}(?:Brotli|CompressionStream<.*Brotli)|^Brotli(?:En|De)coder`),
    word: 'brotli',
  },
  { pattern: new RegExp(`${NODE}(?:Zstd|CompressionStream<.*Zstd)|^ZSTD_`), word: 'zstd' },
  {
    pattern: new RegExp(`${NODE}(?:zlib::|Zlib|\\w*CompressionStream)`),
    word: 'zlib',
    narrower: /^(?:brotli|zstd)$/,
  },
  {
    pattern: /^(?:Cr_z_)?(?:deflate|inflate|gz(?:read|write|open|close)|crc32|adler32)(?:_|$|[A-Z])/,
    word: 'zlib',
  },
  { pattern: new RegExp(`${NODE}(?:loader|modules|builtins)::|${NODE}CompileCache`), word: 'module loading' },
  { pattern: new RegExp(`${NODE}fs::(?:InternalModule|GetFormatOf|LegacyMain)`), word: 'module loading' },
  {
    pattern: new RegExp(`${NODE}contextify::(?:CompileFunctionFor|ContainsModuleSyntax|ShouldRetryAsESM)`),
    word: 'module loading',
  },
  { pattern: new RegExp(`${NODE}binding::(?:DLOpen|DLib)|^dlopen`), word: 'module loading' },
  { pattern: new RegExp(`${NODE}contextify::`), word: 'vm' },
  {
    pattern: new RegExp(`${NODE}(?:fs|fs_dir)::|${NODE}(?:FSReq|FSEventWrap|StatWatcher)|^uv__?fs_`),
    word: 'fs',
  },
  { pattern: new RegExp(`${NODE}cares_wrap::|^ares_|^uv__?get(?:addr|name)info|^getaddrinfo$`), word: 'dns' },
  { pattern: new RegExp(`${NODE}(?:http_parser::|Parser::)|^llhttp_`), word: 'http parser' },
  { pattern: new RegExp(`${NODE}http2::|^nghttp2_`), word: 'http2' },
  { pattern: new RegExp(`${NODE}(?:UDPWrap|SendWrap|JSUDPWrap)|^uv__?udp`), word: 'udp' },
  {
    pattern: new RegExp(`${NODE}(?:StreamBase::Write|LibuvStreamWrap::Do(?:Try)?Write)`),
    word: 'stream write',
  },
  { pattern: /^uv_+(?:try_)?write/, word: 'stream write' },
  {
    pattern: new RegExp(`${NODE}(?:LibuvStreamWrap|StreamBase|StreamPipe|JSStream|TCPWrap|PipeWrap|TTYWrap)`),
    word: 'stream',
  },
  { pattern: /^uv__(?:stream|read|server_io|tcp)/, word: 'stream' },
  { pattern: new RegExp(`${NODE}encoding_binding::BindingData::Encode`), word: 'TextEncoder' },
  {
    pattern: new RegExp(`${NODE}(?:encoding_binding::BindingData::Decode|i18n::Converter)`),
    word: 'TextDecoder',
  },
  { pattern: new RegExp(`${NODE}(?:Buffer|StringBytes|i18n|stringsearch)::`), word: 'Buffer' },
  { pattern: new RegExp(`${NODE}(?:url|url_pattern|encoding_binding)::|^ada::`), word: 'URL' },
  {
    pattern: new RegExp(`${NODE}(?:SyncProcessRunner|ProcessWrap|SyncProcess)|^uv_spawn`),
    word: 'child_process',
  },
  { pattern: new RegExp(`${NODE}sqlite::|^sqlite3`), word: 'sqlite' },
  { pattern: new RegExp(`${NODE}(?:heap|v8_utils)::`), word: 'v8' },
  { pattern: new RegExp(`${NODE}(os|process|wasi|performance|ffi|report)::`), word: (name) => name },

  // WebAssembly before V8's compilers, which it uses.
  { pattern: /^v8::internal::wasm::.*Instan(?:tiat|ceBuilder)/, word: 'WebAssembly instantiate' },
  {
    pattern: /^v8::internal::wasm::.*(?:Compil|Decod|Liftoff|TurboFan|Validat)/i,
    word: 'WebAssembly compile',
  },
  { pattern: /^v8::internal::Runtime_Wasm(?:\w*Compile|TriggerTierUp)/, word: 'WebAssembly compile' },
  { pattern: /^v8::Wasm(?:ModuleObject::Compile|Streaming|ModuleCompilation)/, word: 'WebAssembly compile' },

  // What V8 does on its own.
  {
    pattern:
      /^v8::internal::(?:Runtime_)?(?:RegExp|Irregexp|NativeRegExp|ExperimentalRegExp|TextNode|ChoiceNode)/,
    word: 'RegExp',
  },
  { pattern: /^v8::internal::Runtime_String\w*RegExp/, word: 'RegExp' },
  {
    pattern: /^v8::internal::(?:compiler|maglev|baseline|turboshaft|interpreter)::/,
    word: COMPILER,
    narrower: /^\(parser\)$/,
  },
  {
    pattern:
      /^v8::internal::(?:Compiler|\w*Compilation(?:Job|Info|Cache)|\w*Compile(?:Task|Dispatcher|TaskExecutor)|TieringManager|CodeSerializer)\w*(?:::|$)/,
    word: COMPILER,
    narrower: /^\(parser\)$/,
  },
  {
    pattern:
      /^v8::(?:internal::Runtime_(?:Compile|BytecodeBudgetInterrupt|\w*Optimiz|InstallBaseline)|ScriptCompiler::|Script::Compile|internal::\(anonymous namespace\)::\w*Compile)/,
    word: COMPILER,
    narrower: /^\(parser\)$/,
  },
  {
    pattern:
      /^v8::internal::(?:Parser|PreParser|Scanner|parsing|ParserBase|ParseInfo|Processor|Preparse\w*|PreparseDataBuilder|AstValueFactory|\w*CharacterStream|Utf8ExternalStreamingStream)(?:::|<)/,
    word: PARSER,
  },
  {
    pattern: /^v8::internal::(?:Deoptimizer|Translat(?:ed|ion)\w*)::|^v8::internal::Runtime_\w*Deoptimize/,
    word: '(deoptimizer)',
  },
  {
    pattern:
      /^v8::internal::(?:ErrorUtils|CallPrinter|CallSiteInfo|MessageHandler|Isolate::(?:Capture|Throw|CreateMessage)|Runtime_(?:Re)?Throw|Runtime_New\w*Error|Accessors::ErrorStack)/,
    word: '(error)',
  },
  {
    pattern: /^v8::internal::(?:Runtime_\w*IC_|\w*IC::|Runtime_(?:Get|Set|Has|Delete|Define)\w*Property)/,
    word: '(property access)',
  },
  {
    pattern:
      /^v8::internal::(?:Intl|JS(?:Collator|DateTime|NumberFormat|Locale|Segment|PluralRules|ListFormat)\w*)::|^icu_\d+::/,
    word: 'Intl',
  },
  { pattern: /^v8::internal::Runtime_(\w+)$/, word: spellingOfRuntime },
  { pattern: /^v8::internal::(?:Mutable)?BigInt::|^v8::bigint::/, word: 'BigInt' },
  { pattern: /^v8::internal::(?:HeapProfiler|HeapSnapshot\w*|V8HeapExplorer)::/, word: 'v8' },

  // OpenSSL by its own names: its assembly sets up no frames, and node's callers may be missing.
  { pattern: /^PKCS5_PBKDF2/, word: 'crypto pbkdf2' },
  { pattern: /^(?:EVP_PBE_scrypt|salsa208_|scryptROMix|scryptBlockMix)/, word: 'crypto scrypt' },
  { pattern: /^(?:HMAC_|hmac_)/, word: 'crypto hmac' },
  {
    pattern: /^(?:EVP_Digest(?!Sign|Verify)|(?:SHA|sha)(?:1|256|384|512|3)_|MD5_|md5_|KeccakF1600)/,
    word: 'crypto hash',
  },
  { pattern: /^(?:RAND_|drbg_)/, word: 'crypto random' },
  {
    pattern: /^(?:EVP_(?:Cipher|Encrypt|Decrypt)|AES_|aes(?:ni)?_|vpaes_|gcm_ghash|ChaCha20_)/,
    word: 'crypto cipher',
  },
  { pattern: /^(?:SSL_|tls_|ssl3_|tls1)/, word: 'tls' },
  {
    pattern: /^(?:EVP_|RSA_|EC_|ECDSA_|ossl_|BN_|bn_|X509_|ecp_|x25519_)/,
    word: 'crypto',
  },
]

/** What a function says, null if nothing. A function of an addon says which addon. */
export function meaningOf({
  name,
  module,
}: {
  readonly name: string
  readonly module: string
}): Meaning | null {
  if (module.endsWith('.node')) return { word: module.slice(module.lastIndexOf('/') + 1) }
  for (const { pattern, word, narrower } of RULES) {
    const match = pattern.exec(name)
    const found = match && (typeof word === 'string' ? word : word(match[1] ?? ''))
    if (found) return narrower === undefined ? { word: found } : { word: found, narrower }
  }
  return null
}
