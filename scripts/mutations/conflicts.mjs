// conflicts.mjs — guards of the handler beside other profilers: entries of table.mjs.

export const CONFLICT_MUTATIONS = [
  {
    name: 'errno is what a handler left in it',
    file: 'native/sigprof_handler.cc',
    from: 'const ErrnoGuard errno_guard;',
    to: '',
    test: 'conflicts',
    grep: 'errno',
  },
  {
    name: 'a signal that was taken is not taken back',
    file: 'native/sigprof_handler.cc',
    from: 'return TakeSignal() ? Held::kTakenBack : Held::kRefused;',
    to: 'return Held::kYes;',
    test: 'conflicts',
    grep: 'inspector, us first',
  },
  {
    name: 'a handler that was there first counts for nothing',
    file: 'native/sigprof_handler.cc',
    from: 'if (!IsForeign(current)) return TakeSignal();',
    to: 'return TakeSignal();',
    test: 'conflicts',
    grep: 'inspector, rival first',
  },
  {
    name: 'what is not ours is not passed on',
    file: 'native/sigprof_handler.cc',
    from: 'if (previous == nullptr || !IsForeign(*previous) || forwarding) return;',
    to: 'return;',
    test: 'conflicts',
    grep: 'handler, us first',
  },
  {
    name: "the process's timer is taken for ours, whoever set it",
    file: 'native/timer/itimer.cc',
    from: 'return is_ours ? ItimerOwner::kUs : ItimerOwner::kOther;',
    to: 'return is_ours ? ItimerOwner::kUs : ItimerOwner::kUs;',
    test: 'conflicts',
    grep: 'itimer, us first',
  },
  {
    name: 'copies take the code events from each other',
    file: 'native/code_event_hub.cc',
    from: 'return first == nullptr ? kOwnHub : *first;',
    to: 'return first == nullptr ? kOwnHub : kOwnHub;',
    test: 'conflicts',
    grep: 'copy, ',
  },
]
