// index.ts — the public API. Importing it loads the addon, if it can be loaded: a start is quick then. If it cannot, the
// start says why.

import { tryLoadBinding } from './binding.js'

export { startSampler } from './sampler.js'
export { attachThread } from './attach-thread.js'
export { currentStack } from './current-stack.js'
export type { CurrentStackOptions, StackFrame } from './current-stack.js'
export { withLabels } from './with-labels.js'
export type { Labels, LabelSet } from './label-sets.js'
export type { Sampler } from './sampler.js'
export type { SamplerOptions } from './options.js'
export { NativeprofError } from './errors.js'
export type { ErrorCode } from './errors.js'
export { framesLeafFirst, framesRootFirst, functionOf } from './profile.js'
export type {
  Cost,
  Counters,
  Frame,
  FrameKind,
  ProcessInfo,
  Profile,
  ProfileFunction,
  Sample,
  Script,
  Stack,
  StackTotal,
  Thread,
  Tier,
  TimerName,
} from './profile.js'
export { subtract } from './subtract.js'
export { toCollapsed } from './formats/collapsed.js'
export type { CollapsedOptions } from './formats/collapsed.js'
export { toHtml } from './formats/html.js'
export type { HtmlOptions } from './formats/html.js'
export { toSpeedscope } from './formats/speedscope.js'
export type { SpeedscopeOptions } from './formats/speedscope.js'
export { toTable } from './formats/table.js'
export type { TableOptions } from './formats/table.js'
export type { ThreadsName } from './threads.js'
export type { GranularityName, ViewName } from './view.js'

tryLoadBinding()
