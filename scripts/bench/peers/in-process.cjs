// in-process.cjs — each peer that is started from within the program: start(hz), and stop(), which returns what makes the finished file
// of it. All by the API that its users would call. One profile per thread, as each of them does it, and nativeprof one per process.

const { isMainThread } = require('node:worker_threads')

const MICROS = 1e6
const KERNEL_HZ = 250

/** By name: `open()` loads the peer and returns `{ start(hz), stop() }`; stop() returns `{ encode(), ending, facts }`, encode() the file's bytes. */
const IN_PROCESS = {
  nativeprof() {
    // As its own preload does.
    if (!isMainThread) {
      const { attachThread } = require('../../../dist/attach-thread.js')
      return { start: () => attachThread(), stop: () => null }
    }
    const { startSampler, toPprof } = require('../../../dist/index.js')
    let sampler
    // As the default, up to the kernel's own tick; beyond it by the timer that is for such rates, where it can be had.
    const startAt = (hz) => {
      if (hz <= KERNEL_HZ) return startSampler({ hz })
      try {
        return startSampler({ hz, timer: 'perf' })
      } catch (error) {
        if (error.code !== 'ERR_NATIVEPROF_TIMER_UNAVAILABLE') throw error
        return startSampler({ hz })
      }
    }
    return {
      start(hz) {
        sampler = startAt(hz)
      },
      stop() {
        const profile = sampler.stop()
        const { counters, cost, cpuNanos, coverage, timer } = profile
        return {
          encode: () => toPprof(profile),
          ending: '.pb.gz',
          facts: { counters, cost, cpuNanos, coverage, timer },
        }
      },
    }
  },

  '@datadog/pprof'() {
    const { encodeSync, time } = require('@datadog/pprof')
    return {
      // Without an end of its own the duration only sizes the buffer.
      start: (hz) => time.start({ intervalMicros: MICROS / hz, durationMillis: 60_000 }),
      stop() {
        const profile = time.stop()
        return { encode: () => encodeSync(profile), ending: '.pb.gz', facts: {} }
      },
    }
  },

  'v8-profiler-next'() {
    const profiler = require('v8-profiler-next')
    profiler.setGenerateType(1) // the format of now, with positions
    return {
      start(hz) {
        profiler.setSamplingInterval(MICROS / hz)
        profiler.startProfiling('bench', true)
      },
      stop() {
        const profile = profiler.stopProfiling('bench')
        const encode = () => {
          // All that its export() does, which gives the text in the next tick: at the end of a process there is none.
          const bytes = Buffer.from(JSON.stringify(profile))
          profile.delete()
          return bytes
        }
        return { encode, ending: '.cpuprofile', facts: {} }
      },
    }
  },

  // What --cpu-prof is made of; for pauses, which the flag itself does not let one see.
  inspector() {
    const { Session } = require('node:inspector')
    const session = new Session()
    session.connect()
    const post = (method, params = {}) => {
      let answer
      session.post(method, params, (error, result) => {
        if (error) throw new Error(`${method}: ${error.message}`)
        answer = result
      })
      return answer
    }
    return {
      start(hz) {
        post('Profiler.enable')
        post('Profiler.setSamplingInterval', { interval: MICROS / hz })
        post('Profiler.start')
      },
      stop() {
        const { profile } = post('Profiler.stop')
        return { encode: () => Buffer.from(JSON.stringify(profile)), ending: '.cpuprofile', facts: {} }
      },
    }
  },
}

module.exports = { IN_PROCESS }
