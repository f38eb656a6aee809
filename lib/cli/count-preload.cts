// count-preload.cts — what `nativeprof count` loads into a program. CommonJS, so that --require takes it; see count-run.ts.

const { joinCount } = require('./count-run.js') as typeof import('./count-run.js')
joinCount()

export {}
