// said-names.ts — names of ours as files have them: null for any other. Pure.

import type { SavedAs, TimerName } from '../profile.js'

export function viewOf(text: string): SavedAs['view'] {
  return text === 'js' || text === 'mixed' || text === 'native' ? text : null
}

export function timerOf(text: string): TimerName | null {
  return text === 'process' || text === 'thread' || text === 'perf' || text === 'wall' ? text : null
}
