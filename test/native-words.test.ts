// What the runtime did, from the names of native functions. The names are those that the symbol tables of Node 20, 22, 24
// and 26 have, written as the profiler writes them: without parameters, long template arguments as `<...>`.

import t from 'tap'
import { threadWordOf, wordOf } from '#lib/native-words.js'
import type { NativeSymbol } from '#lib/native-words.js'
import type { VmState } from '#lib/records.js'

const NODE = '/usr/bin/node'
const API = 'v8::internal::Builtin_HandleApiCall'
const RUN = 'node::crypto::CryptoJob<...>::Run'

// Root-first, as a flame graph shows them: the first was called by JavaScript.
const WORDS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'JSON.parse': [
    ['v8::internal::Builtin_JsonParse', 'v8::internal::JsonParser<unsigned char>::ParseJson', 'memcpy'],
    ['v8::internal::JsonParser<unsigned short>::MakeString'],
  ],
  'JSON.stringify': [
    ['v8::internal::Builtin_JsonStringify', 'v8::internal::JsonStringifier::SerializeString<false>'],
    ['v8::internal::FastJsonStringifier<unsigned char>::SerializeDouble'],
  ],
  'Array.prototype.unshift': [['v8::internal::Builtin_ArrayUnshift', 'memmove']],
  'Array.prototype.concat': [['v8::internal::Builtin_ArrayConcat']],
  'Math.log10': [['v8::base::ieee754::log10', 'v8::base::ieee754::log']],
  'Math.atan2': [['v8::base::ieee754::atan2']],
  'Math.asinh': [['v8::base::ieee754::asinh']],
  'Math.pow': [['v8::base::ieee754::legacy::pow'], ['v8::internal::math::pow']],
  'Object.keys': [['v8::internal::Runtime_ObjectKeys', 'v8::internal::KeyAccumulator::GetKeys']],
  '(object literal)': [['v8::internal::Runtime_CreateObjectLiteral']],
  '(string concatenation)': [['v8::internal::Runtime_StringAdd'], ['v8::internal::Runtime_Add']],
  'Date.now': [['v8::internal::Runtime_DateCurrentTime'], ['v8::internal::Builtin_DateNow', 'clock_gettime']],
  'Object.defineProperty': [['v8::internal::Builtin_ObjectDefineProperty']],
  'Uint8Array.fromBase64': [['v8::internal::Builtin_Impl_Uint8ArrayFromBase64']],
  RegExp: [
    ['v8::internal::Runtime_RegExpExec', 'v8::internal::RegExpImpl::IrregexpExec'],
    ['v8::internal::Runtime_RegExpExecTreatMatchAtEndAsFailure'],
    ['v8::internal::Runtime_StringReplaceNonGlobalRegExpWithFunction'],
    ['v8::internal::RegExpMacroAssemblerX64::CheckCharacter'],
  ],
  structuredClone: [
    [
      API,
      'node::worker::(anonymous namespace)::StructuredClone',
      'v8::internal::ValueSerializer::WriteJSSet',
    ],
    ['v8::internal::ValueDeserializer::ReadDenseJSArray'],
  ],
  postMessage: [[API, 'node::worker::Message::Serialize', 'v8::internal::ValueSerializer::WriteJSSet']],
  'v8.serialize': [[API, 'node::serdes::SerializerContext::WriteValue']],
  'v8.deserialize': [[API, 'node::serdes::DeserializerContext::ReadValue']],
  'crypto pbkdf2': [
    ['node::crypto::CryptoJob<node::crypto::PBKDF2Traits>::Run', 'PKCS5_PBKDF2_HMAC', 'EVP_Digest'],
    ['node::crypto::DeriveBitsJob<node::crypto::PBKDF2Traits>::DoThreadPoolWork'],
    ['PKCS5_PBKDF2_HMAC', 'sha512_block_data_order_avx2'],
  ],
  'crypto scrypt': [['node::crypto::ScryptTraits::DeriveBits', 'EVP_PBE_scrypt'], ['EVP_PBE_scrypt']],
  'crypto hkdf': [['node::crypto::HKDFTraits::EncodeOutput']],
  'crypto argon2': [['node::crypto::DeriveBitsJob<node::crypto::Argon2Traits>::DoThreadPoolWork']],
  'crypto generateKey': [
    [RUN, 'node::crypto::KeyGenJob<...>::DoThreadPoolWork', 'RAND_bytes', 'bn_mul_mont'],
    [RUN, 'node::crypto::KeyGenJob<node::crypto::SecretKeyGenTraits>::DoThreadPoolWork'],
  ],
  'crypto random': [[API, 'node::crypto::CryptoJob<node::crypto::RandomBytesTraits>::Run'], ['RAND_bytes']],
  'crypto prime': [['node::crypto::CryptoJob<node::crypto::RandomPrimeTraits>::Run']],
  'crypto hash': [
    [API, 'node::crypto::Hash::HashUpdate', 'EVP_DigestUpdate'],
    ['sha256_block_data_order_shaext'],
  ],
  'crypto hmac': [[API, 'node::crypto::Hmac::HmacUpdate', 'EVP_DigestUpdate']],
  'crypto sign': [[API, 'node::crypto::Sign::SignFinal', 'bn_mul_mont']],
  'crypto verify': [[API, 'node::crypto::Verify::VerifyFinal']],
  'crypto cipher': [[API, 'node::crypto::CipherBase::Update', 'EVP_EncryptUpdate'], ['aesni_ecb_encrypt']],
  'crypto diffieHellman': [[API, 'node::crypto::ECDH::ComputeSecret']],
  'crypto key': [[API, 'node::crypto::KeyObjectHandle::Init']],
  crypto: [[RUN, 'memcpy'], ['bn_mul_mont'], ['EVP_PKEY_keygen', 'RAND_bytes']],
  tls: [['node::crypto::TLSWrap::ClearOut', 'SSL_read'], ['SSL_read']],
  zlib: [
    [API, 'node::(anonymous namespace)::CompressionStream<...>::Write<false>', 'Cr_z_deflate'],
    ['node::(anonymous namespace)::ZlibContext::DoThreadPoolWork', 'deflate_slow'],
    ['Cr_z_inflate'],
    ['deflate_fast'],
  ],
  brotli: [
    ['node::(anonymous namespace)::CompressionStream<...>::Write<false>', 'BrotliEncoderCompressStream'],
    ['node::(anonymous namespace)::BrotliEncoderContext::DoThreadPoolWork'],
  ],
  zstd: [['node::(anonymous namespace)::CompressionStream<...>::Write<false>', 'ZSTD_compressStream2']],
  'module loading': [
    [API, 'node::contextify::CompileFunctionForCJSLoader', 'v8::internal::Compiler::GetWrappedFunction'],
    [API, 'node::loader::ModuleWrap::New'],
    [API, 'node::fs::InternalModuleStat', 'uv_fs_stat'],
    ['node::builtins::BuiltinLoader::LookupAndCompile', 'v8::internal::Compiler::Compile'],
  ],
  vm: [[API, 'node::contextify::ContextifyScript::New', 'v8::internal::Compiler::Compile']],
  fs: [[API, 'node::fs::Read', 'uv_fs_read', 'read'], ['uv_fs_stat'], ['uv__fs_work', 'pread']],
  dns: [[API, 'node::cares_wrap::(anonymous namespace)::AfterGetAddrInfo'], ['uv__getaddrinfo_work']],
  'stream write': [
    [API, 'node::StreamBase::WriteBuffer', 'uv_try_write', 'writev'],
    ['uv__write', 'sendmsg'],
  ],
  stream: [['uv__stream_io', 'node::LibuvStreamWrap::OnUvRead'], ['node::TCPWrap::Listen']],
  udp: [[API, 'node::UDPWrap::Send', 'uv__udp_sendmsg']],
  'http parser': [['node::http_parser::Parser::Execute', 'llhttp__internal_execute'], ['llhttp_execute']],
  http2: [[API, 'node::http2::Http2Session::SendPendingData', 'nghttp2_session_mem_send']],
  TextEncoder: [[API, 'node::encoding_binding::BindingData::EncodeUtf8String']],
  TextDecoder: [
    [API, 'node::encoding_binding::BindingData::DecodeUTF8'],
    ['node::i18n::ConverterObject::Decode'],
  ],
  Buffer: [[API, 'node::Buffer::(anonymous namespace)::IndexOfBuffer'], ['node::StringBytes::Write']],
  URL: [[API, 'node::url::BindingData::Parse', 'ada::url_aggregator::get_hash'], ['ada::can_parse']],
  sqlite: [[API, 'node::sqlite::StatementSync::All', 'sqlite3_step']],
  'WebAssembly compile': [
    ['v8::internal::wasm::WasmEngine::SyncCompile', 'v8::internal::compiler::CompileWasmImportCallWrapper'],
    ['v8::internal::Runtime_WasmCompileLazy'],
    ['v8::internal::wasm::(anonymous namespace)::BackgroundCompileJob::Run'],
  ],
  'WebAssembly instantiate': [['v8::internal::wasm::WasmEngine::SyncInstantiate']],
  '(compiler)': [
    [
      'v8::internal::Runtime_CompileLazy',
      'v8::internal::Compiler::Compile',
      'v8::internal::interpreter::BytecodeGenerator::Visit',
    ],
    [
      'v8::internal::Runtime_BytecodeBudgetInterrupt_Ignition',
      'v8::internal::TieringManager::OnInterruptTick',
    ],
    ['v8::internal::maglev::MaglevGraphBuilder::Build'],
    ['v8::internal::baseline::BaselineCompiler::GenerateCode'],
    ['v8::internal::OptimizingCompileDispatcher::InstallOptimizedFunctions'],
    ['v8::internal::OptimizingCompileTaskExecutor::RunCompilationJob'],
    ['v8::internal::compiler::PipelineCompilationJob::ExecuteJobImpl'],
  ],
  '(parser)': [
    ['v8::internal::Compiler::Compile', 'v8::internal::parsing::ParseAny', 'v8::internal::Scanner::Scan'],
    ['v8::internal::ParserBase<v8::internal::PreParser>::ParseStatementList'],
    ['v8::internal::PreParser::PreParseFunction'],
  ],
  '(deoptimizer)': [['v8::internal::Deoptimizer::DoComputeOutputFrames']],
  '(error)': [
    ['v8::internal::Isolate::CaptureAndSetErrorStack'],
    ['v8::internal::Accessors::ErrorStackGetter'],
  ],
  '(property access)': [['v8::internal::Runtime_KeyedLoadIC_Miss', 'v8::internal::KeyedLoadIC::Load']],
  Intl: [['v8::internal::Intl::CanonicalizeLocaleList'], ['icu_78::DateFormatSymbols::initializeData']],
  BigInt: [['v8::internal::BigInt::Multiply', 'v8::bigint::ProcessorImpl::MultiplySchoolbook']],
  '(native)': [['memcpy'], [API], ['', ''], ['v8::internal::Runtime_NewClosure'], []],
}

const COLLECTIONS: readonly (readonly string[])[] = [
  ['v8::internal::Heap::CollectGarbage', 'v8::internal::Heap::PerformGarbageCollection'],
  ['v8::internal::Heap::Scavenge', 'v8::internal::ScavengerCollector::CollectGarbage'],
  [
    'v8::internal::Builtin_JsonParse',
    'v8::internal::HeapAllocator::AllocateRawWithLightRetrySlowPath',
    'v8::internal::Heap::CollectGarbage',
  ],
  ['v8::internal::MarkingVisitorBase<...>::VisitEmbeddedPointer'],
  ['v8::internal::MinorMarkCompactCollector::MarkLiveObjects'],
  ['v8::internal::MinorMarkSweepCollector::CollectGarbage'],
  ['v8::internal::IncrementalMarking::Step'],
  ['v8::internal::PointersUpdatingVisitor::VisitPointer'],
  ['v8::internal::Sweeper::LocalSweeper::ParallelSweepPage'],
  ['cppgc::internal::MarkerBase::FinishMarking'],
  ['cppgc::internal::Sweeper::SweeperImpl::IncrementalSweepTask::Run'],
]

t.test('the function nearest to JavaScript says what it is, in words of JavaScript', async (t) => {
  for (const [expected, stacks] of Object.entries(WORDS)) {
    for (const stack of stacks)
      t.strictSame(word(stack), { name: expected, kind: 'runtime' }, stack.join(' → '))
  }
})

t.test('a collection is one wherever it is on the stack, and whatever the state', async (t) => {
  const collector = { name: '(garbage collector)', kind: 'gc' }
  for (const stack of COLLECTIONS) t.strictSame(word(stack), collector, stack.join(' → '))
  t.strictSame(word(['v8::internal::Builtin_JsonParse'], 'gc'), collector)
  t.strictSame(word([], 'gc'), collector)
})

t.test('barriers and allocations are no collections', async (t) => {
  for (const name of [
    'v8::internal::MarkingBarrier::Write',
    'v8::internal::ArrayBufferSweeper::Append',
    'v8::internal::HeapAllocator::AllocateRawWithLightRetrySlowPath',
    'v8::internal::DependentCode::MarkCodeForDeoptimization',
    'cppgc::internal::WriteBarrier::DijkstraMarkingBarrierSlow',
  ])
    t.strictSame(word([name]), { name: '(native)', kind: 'runtime' }, name)
})

t.test('what V8 says it does counts where the names say nothing, as in a node without symbols', async (t) => {
  const states: Partial<Record<VmState, string>> = {
    parser: '(parser)',
    compiler: '(compiler)',
    'bytecode-compiler': '(compiler)',
    'atomics-wait': 'Atomics.wait',
    external: '(native)',
    js: '(native)',
  }
  for (const [state, expected] of Object.entries(states))
    t.equal(word([''], state as VmState).name, expected, state)
  t.equal(word(['node::fs::Read'], 'external').name, 'fs')
  t.equal(word(['v8::internal::Compiler::Compile'], 'parser').name, '(parser)')
  t.equal(word(['node::contextify::ContextifyScript::New'], 'parser').name, 'vm', 'but names come first')
})

t.test('without JavaScript on the stack it is the program, unless it waits or is known', async (t) => {
  const alone = (...stack: string[]): string => wordOf(symbols(stack), 'other', { alone: true }).name
  t.equal(alone('main', 'node::Start', 'node::SpinEventLoop', 'uv_run'), '(program)')
  t.equal(alone('main', 'node::Start', 'uv_run', 'uv__io_poll', 'epoll_wait'), '(idle)')
  t.equal(alone('main', 'node::Start', 'uv_run', 'uv__io_poll', 'uv__stream_io', 'read'), 'stream')
  t.equal(alone('uv__io_poll', 'memcpy'), '(program)', 'only a leaf waits')
})

t.test("a function of an addon's is called by the addon", async (t) => {
  const stack = [
    { name: 'v8impl::(anonymous namespace)::FunctionCallbackWrapper::Invoke', module: NODE },
    { name: 'Resize', module: '/app/node_modules/sharp/build/Release/sharp-linux-x64.node' },
    { name: 'deflate', module: '/lib/libz.so.1' },
  ]
  t.equal(wordOf([...stack].reverse(), 'external').name, 'sharp-linux-x64.node')
})

t.test('a thread without JavaScript is called by what started it', async (t) => {
  const of = (...stack: string[]): string => threadWordOf(symbols(stack)).name
  const worker = 'node::(anonymous namespace)::PlatformWorkerThread'
  t.equal(of('start_thread', worker), '(V8 worker)')
  t.equal(
    of('clone3', 'start_thread', worker, 'v8::internal::ScavengerCollector::JobTask::Run'),
    '(V8 worker: garbage collector)',
  )
  t.equal(of(worker, 'v8::internal::ConcurrentMarking::JobTaskMajor::Run'), '(V8 worker: garbage collector)')
  t.equal(
    of(worker, 'v8::internal::compiler::PipelineCompilationJob::ExecuteJobImpl'),
    '(V8 worker: compiler)',
  )
  t.equal(
    of(worker, 'v8::internal::BackgroundCompileTask::Run', 'v8::internal::Parser::ParseOnBackground'),
    '(V8 worker: compiler)',
  )
  t.equal(
    of(worker, 'v8::internal::wasm::(anonymous namespace)::BackgroundCompileJob::Run'),
    '(V8 worker: compiler)',
  )
  t.equal(
    of('v8::internal::Sweeper::MajorSweeperJob::RunImpl'),
    '(V8 worker: garbage collector)',
    'the root was cut off',
  )
  t.equal(of('node::WorkerThreadsTaskRunner::DelayedTaskScheduler::Run', 'uv_run'), '(V8 worker)')
  t.equal(of('start_thread', 'worker', 'uv__fs_work', 'pread'), '(libuv pool)')
  t.equal(of('uv__getaddrinfo_work', 'getaddrinfo'), '(libuv pool)')
  t.equal(of('start_thread', 'node::worker::Worker::StartThread::{lambda#1}::_FUN'), '(worker, not attached)')
  t.equal(of('start_thread', 'node::inspector::(anonymous namespace)::StartIoThreadMain'), '(inspector)')
  t.equal(of('start_thread', 'node::SigintWatchdogHelper::RunSigintWatchdog'), '(watchdog)')
  t.equal(of('start_thread', 'node::Watchdog::Run'), '(watchdog)')
  t.equal(of('start_thread', 'pthread_cond_wait'), '(other threads)')
  t.equal(of(), '(other threads)')
})

t.test('threads of addons and of other libraries are not taken for those of node', async (t) => {
  const sharp = { name: 'start', module: '/app/sharp.node' }
  const start = { name: 'start_thread', module: '/lib/libc.so.6' }
  t.equal(threadWordOf([{ name: 'g', module: '/lib/libglib.so.2' }, sharp, start]).name, '(sharp.node)')
  t.equal(threadWordOf([{ name: 'worker', module: '/lib/libjobs.so.1' }, start]).name, '(other threads)')
  t.equal(threadWordOf([{ name: 'worker', module: '/lib/libuv.so.1' }, start]).name, '(libuv pool)')
})

function word(rootFirst: readonly string[], vmState: VmState = 'other'): { name: string; kind: string } {
  return wordOf(symbols(rootFirst), vmState)
}

/** Leaf-first, in node. */
function symbols(rootFirst: readonly string[]): NativeSymbol[] {
  return rootFirst.map((name) => ({ name, module: NODE })).reverse()
}
