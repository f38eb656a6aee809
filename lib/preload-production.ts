// preload-production.ts — what nativeprof/auto does for a program that runs for long: windows that are pushed, and files by signal.
// Neighbour: preload.ts, which loads this if the environment asks for it.

import { loadBinding } from './binding.js'
import { closingLines } from './closing-line.js'
import { complain, print } from './complaint.js'
import { startContinuous } from './continuous/continuous.js'
import { defaultApp, deliveryLine } from './continuous/delivery-line.js'
import { pyroscope } from './continuous/pyroscope.js'
import { writtenAs } from './destination.js'
import type { EnvSettings } from './env.js'
import { samplerOptionsOf } from './options.js'
import { onProcessEnd } from './process-end.js'
import type { ProductionEnv, RecordingSignal } from './production-env.js'
import { recordBySignal } from './signal-recording.js'

/** Starts and stops by a signal; a file for each window. */
export function bySignal(
  settings: EnvSettings,
  signal: RecordingSignal,
  { keep, keepBytes }: ProductionEnv,
): void {
  const { format, view, granularity } = writtenAs(settings)
  const { sourceMaps, packagePaths, quiet } = settings
  recordBySignal({
    signal,
    samplerOptions: samplerOptionsOf(settings),
    folder: settings.out ?? process.cwd(),
    limits: { ...(keep !== undefined && { keep }), ...(keepBytes !== undefined && { maxBytes: keepBytes }) },
    format,
    writeOptions: { view, granularity, sourceMaps, packagePaths },
    onWritten: (profile, file) => {
      if (!quiet) print(closingLines(profile, file))
    },
    onError: complain,
  })
}

/** Sends windows to a server. What is lost is told at the end, unless everything is to be quiet. */
export function push(settings: EnvSettings, { pyroscope: server, windowMillis }: ProductionEnv): void {
  if (server === undefined) return
  const { url, app = defaultApp(), labels, token, user, password, tenant } = server
  const sink = pyroscope({
    url,
    app,
    labels,
    ...(token !== undefined && { token }),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(tenant !== undefined && { tenant }),
  })
  const continuous = startContinuous({
    ...samplerOptionsOf(settings),
    ...(windowMillis !== undefined && { windowMs: windowMillis }),
    sinks: [sink],
  })
  onProcessEnd(loadBinding(), () => {
    if (!settings.quiet) print(deliveryLine(continuous.counts()))
  })
}
