// handler_pace_test.cc: handlers leave their thread half of the time, and no tick is given up before that.

#include "handler_pace.h"

#include "tap.h"

using nativeprof::HandlerPace;

namespace {

constexpr uint64_t kMicro = 1000;
constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kStart = 3600 * kSecond;

// The share of ticks that are taken down within ten seconds, each of which takes `nanos`, when a tick is due every `period`.
double TakenShare(uint64_t nanos, uint64_t period) {
  HandlerPace pace = {};
  int ticks = 0;
  int taken = 0;
  for (uint64_t now = kStart; now < kStart + 10 * kSecond; ++ticks) {
    uint64_t end = now;
    if (pace.LeavesTime(now)) {
      pace.Took(nanos);
      end += nanos;
      ++taken;
    }
    while (now <= end) now += period;  // of those that are due meanwhile there is one
  }
  return static_cast<double>(taken) / ticks;
}

}  // namespace

TEST("as long as handlers take less than half of the time, each tick is taken down") {
  CHECK(TakenShare(20 * kMicro, 10'000 * kMicro) == 1);
  CHECK(TakenShare(49 * kMicro, 100 * kMicro) == 1);
}

TEST("where they take all of it, half of it is left") {
  const double share = TakenShare(99 * kMicro, 100 * kMicro);
  CHECK(share > 0.45 && share < 0.55);
  const double longer = TakenShare(1000 * kMicro, 100 * kMicro);
  // One of eleven ticks that could have come in two milliseconds, half of which is the handler's.
  CHECK(longer > 0.05 && longer < 0.2);
}

TEST("ticks in a row are taken down, and a handler that had to wait counts for nothing") {
  HandlerPace pace = {};
  for (int i = 0; i < 20; ++i) {
    CHECK(pace.LeavesTime(kStart + i));
    pace.Took(100 * kMicro);
  }
  HandlerPace waiting = {};
  for (int i = 0; i < 100; ++i) {
    CHECK(waiting.LeavesTime(kStart + i * 10'000 * kMicro));
    waiting.Took(i % 2 == 0 ? 50'000 * kMicro : 20 * kMicro);
  }
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
