// index.ts — the public API. Importing it loads the addon, if it can be loaded: a start is quick then. If it cannot, the
// start says why.

import { tryLoadBinding } from './binding.js'

export { startSampler } from './sampler.js'
export { attachThread } from './attach-thread.js'
export { currentStack } from './current-stack.js'
export type { CurrentStackOptions } from './current-stack.js'
export type { StackFrame } from './lone-stack.js'
export { withLabels } from './with-labels.js'
export type { Labels, LabelSet } from './label-sets.js'
export type { Sampler } from './sampler.js'
export type { SamplerOptions } from './options.js'
export { startContinuous } from './continuous/continuous.js'
export type { Continuous, ContinuousCounts, ContinuousOptions } from './continuous/continuous.js'
export type { DeliveryCounts } from './continuous/delivery.js'
export { directory } from './continuous/directory.js'
export type { DirectoryOptions } from './continuous/directory.js'
export type { FolderLimits } from './continuous/profile-folder.js'
export { pyroscope } from './continuous/pyroscope.js'
export type { PyroscopeOptions } from './continuous/pyroscope.js'
export type { Sink } from './continuous/sink.js'
export { pprofHandler } from './pprof-handler.js'
export type { PprofHandler, PprofHandlerOptions, PprofRequest, PprofResponse } from './pprof-handler.js'
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
  SavedAs,
  Script,
  Stack,
  StackTotal,
  Thread,
  Tier,
  TimerName,
} from './profile.js'
export { subtract } from './subtract.js'
export { mergeProfiles } from './merge.js'
export { filterProfile } from './filter.js'
export type { FilterOptions } from './filter.js'
export { diffProfiles } from './diff/diff.js'
export type { Change, DiffOptions, DiffRow, DiffSide, ProfileDiff } from './diff/diff.js'
export type { Label } from './labels.js'
export { toCollapsed } from './formats/collapsed.js'
export type { CollapsedOptions } from './formats/collapsed.js'
export { toCpuProfile } from './formats/cpuprofile.js'
export type { CpuProfileOptions } from './formats/cpuprofile.js'
export { toDiffCollapsed } from './formats/diff-collapsed.js'
export { toDiffHtml } from './formats/diff-html.js'
export { toDiffTable } from './formats/diff-table.js'
export type { DiffTableOptions } from './formats/diff-table.js'
export { toHtml } from './formats/html.js'
export type { HtmlOptions } from './formats/html.js'
export { toMarkdown } from './formats/markdown.js'
export type { MarkdownOptions } from './formats/markdown.js'
export { toPprof } from './formats/pprof.js'
export type { PprofOptions } from './formats/pprof.js'
export { toSpeedscope } from './formats/speedscope.js'
export type { SpeedscopeOptions } from './formats/speedscope.js'
export { readProfile } from './readers/read-profile.js'
export type { ReadOptions } from './readers/read-profile.js'
export { toTable } from './formats/table.js'
export type { TableOptions } from './formats/table.js'
export type { GroupingName } from './usage.js'
export type { ThreadsName } from './threads.js'
export type { GranularityName, ViewName } from './view.js'

tryLoadBinding()
