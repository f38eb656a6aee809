// ring_buffer_concurrency_test.cc: the ring when a signal interrupts a writer or the reader between any two
// instructions, and when threads write at once. Signals are real; each test goes on until it has seen so many of them
// that a hole in the protocol would have shown, or a deadline has passed.
//
// Under ThreadSanitizer a handler runs only at calls into libc, so holes of a few instructions are found without it, and
// what is wrong with the order of memory accesses is found with it.

#include <sys/time.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <initializer_list>
#include <thread>

#include "numbered_records.h"

using namespace nativeprof;
using numbered::Reader;
using numbered::Writer;

namespace {

constexpr size_t kSmallBytes = 4096;  // 512 words: 8 of the longest records
constexpr double kDeadlineSeconds = 20;
#if defined(__SANITIZE_THREAD__)
// Its handlers take tens of microseconds: faster, and nothing else would run.
constexpr int kSignalMicros = 200;
constexpr uint64_t kSignals = 2000;
#else
constexpr int kSignalMicros = 20;
constexpr uint64_t kSignals = 20'000;
#endif

double Seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Calls `on_signal` in a signal handler, at no foreseeable moment, while it lives. One at a time.
class Interrupts {
 public:
  static constexpr int kSignal = SIGALRM;

  // By the process's timer: for tests with one thread.
  explicit Interrupts(void (*on_signal)(), int every_micros = 0) {
    handler = on_signal;
    struct sigaction action = {};
    action.sa_handler = Handle;
    action.sa_flags = SA_RESTART;
    sigfillset(&action.sa_mask);
    CHECK(sigaction(kSignal, &action, nullptr) == 0);
    SetTimer(every_micros);
  }
  ~Interrupts() {
    SetTimer(0);
    std::signal(kSignal, SIG_IGN);  // for one that is still on its way
  }

 private:
  static void Handle(int) { handler(); }
  static void SetTimer(int every_micros) {
    const itimerval timer = {{0, every_micros}, {0, every_micros}};
    CHECK(setitimer(ITIMER_REAL, &timer, nullptr) == 0);
  }
  static void (*handler)();
};
void (*Interrupts::handler)() = nullptr;

// What a test and its handler share. Handlers come on the same thread, so relaxed is enough.
RingBuffer ring;
thread_local Writer* signal_writer = nullptr;  // of the current thread's handler
std::atomic<uint32_t> open_number{0};          // of the record that is reserved and not published; 0: none
std::atomic<uint64_t> signals{0};
std::atomic<uint64_t> signals_in_between{0};
constexpr auto relaxed = std::memory_order_relaxed;

// Whether a test should go on.
bool IsMoreNeeded(const std::atomic<uint64_t>& count, uint64_t wanted, double start) {
  return count.load(relaxed) < wanted && Seconds() - start < kDeadlineSeconds;
}

void Begin(size_t ring_bytes) {
  CHECK(ring.Allocate(ring_bytes));
  signals = 0;
  signals_in_between = 0;
  open_number = 0;
}

}  // namespace

TEST("a writer interrupted between reserve and publish: the handler's records come out behind its own, in order") {
  constexpr uint64_t kWanted = kSignals / 4;
  constexpr uint32_t kMain = 1;
  constexpr uint32_t kHandler = 2;
  Begin(1 << 20);  // room for the signals of a long wait in between: the machine may be busy
  Writer writer = {kMain};
  Writer in_handler = {kHandler};
  Reader reader;
  signal_writer = &in_handler;
  uint32_t published = 0;  // number of the latest record of main that was read
  const auto check_order = [&](uint64_t id, uint32_t note) {
    if (id == kMain) published = note;
    else if (note != 0) CHECK_EQUAL(published, note);  // struck while `note` was open: comes right behind it
  };
  {
    const Interrupts interrupts(
        [] {
          const uint32_t open = open_number.load(relaxed);
          numbered::Write(ring, *signal_writer, open, [] {});
          signals.fetch_add(1, relaxed);
          if (open != 0) signals_in_between.fetch_add(1, relaxed);
        },
        kSignalMicros);
    uint64_t words[64];
    for (const double start = Seconds(); IsMoreNeeded(signals_in_between, kWanted, start);) {
      const uint32_t number = static_cast<uint32_t>(writer.written + 1);
      CHECK(numbered::Write(ring, writer, number, [&] {
        const uint64_t before = signals_in_between.load(relaxed);
        open_number.store(number, relaxed);
        // Long enough to be struck now and then. Calls into libc, for ThreadSanitizer.
        for (int i = 0; i < 200; ++i) std::memset(words, i, sizeof(words) - static_cast<size_t>(i) % 8);
        if (signals_in_between.load(relaxed) > before) {
          // Only what came before this record can be read now.
          reader.Read(ring, SIZE_MAX, [](uint64_t id, uint32_t note) { CHECK(id == kHandler && note == 0); });
          CHECK(!ring.IsEmpty());
          CHECK_EQUAL(reader.Read(ring), 0u);
        }
        open_number.store(0, relaxed);
      }));
      reader.Read(ring, SIZE_MAX, check_order);
    }
  }
  reader.CheckComplete(ring, {&writer, &in_handler});
  CHECK(signals_in_between >= kWanted);
  CHECK_EQUAL(writer.lost + in_handler.lost, 0u);
}

TEST("a writer that others and the reader overtake while it looks for room finds it") {
  // The handler writes and reads, and leaves the ring half empty at least: whoever finds no room is wrong.
  Begin(4 * kSmallBytes);
  static Reader reader;
  reader = Reader();
  Writer writer = {1};
  Writer in_handler = {2};
  signal_writer = &in_handler;
  {
    const Interrupts interrupts(
        [] {
          for (int i = 0; i < 10 && !ring.IsHalfFull(); ++i) {
            numbered::Write(ring, *signal_writer);
            reader.Read(ring);
          }
          signals.fetch_add(1, relaxed);
        },
        kSignalMicros);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, Interrupts::kSignal);
    for (const double start = Seconds(); IsMoreNeeded(signals, kSignals, start);) {
      for (int i = 0; i < 4; ++i) numbered::Write(ring, writer);
      pthread_sigmask(SIG_BLOCK, &mask, nullptr);
      reader.Read(ring);
      pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
    }
  }
  CHECK(signals >= kSignals);
  CHECK_EQUAL(writer.lost + in_handler.lost, 0u);
  reader.CheckComplete(ring, {&writer, &in_handler});
}

TEST("a reader interrupted by writers that fill what it has just read: nothing is lost, and losses are counted") {
  Begin(kSmallBytes);
  Writer writer = {1};
  Writer in_handler = {2};
  Reader reader;
  signal_writer = &in_handler;
  {
    const Interrupts interrupts(
        [] {
          // Until it is full: were a slot handed out too early, it would be used.
          while (numbered::Write(ring, *signal_writer)) {
          }
          signals.fetch_add(1, relaxed);
        },
        kSignalMicros);
    for (const double start = Seconds(); IsMoreNeeded(signals, kSignals, start);) {
      while (numbered::Write(ring, writer)) {
      }
      for (int i = 0; i < 4; ++i) reader.Read(ring, 2 * numbered::kMostWords);
    }
  }
  CHECK(signals >= kSignals);
  CHECK(writer.lost > 0 && in_handler.lost > 0);
  reader.CheckComplete(ring, {&writer, &in_handler});
}

TEST("rewinding, interrupted by writers, loses nothing") {
  Begin(512 * 1024);  // 64 Ki words; rewound from 32 Ki on
  Writer writer = {1};
  Writer in_handler = {2};
  Reader reader;
  signal_writer = &in_handler;
  {
    const Interrupts interrupts(
        [] {
          if (!ring.IsHalfFull()) numbered::Write(ring, *signal_writer);
          signals.fetch_add(1, relaxed);
        },
        kSignalMicros);
    for (const double start = Seconds(); IsMoreNeeded(signals, kSignals, start);) {
      // To where it is worth rewinding; then again and again, as signals come in between.
      while (!ring.IsHalfFull()) numbered::Write(ring, writer);
      for (int i = 0; i < 100; ++i) {
        reader.Read(ring);
        ring.Rewind();
      }
    }
  }
  CHECK(signals >= kSignals);
  CHECK_EQUAL(writer.lost + in_handler.lost, 0u);
  reader.CheckComplete(ring, {&writer, &in_handler});
}

// Writers on threads of their own, each interrupted by signals that write, too; one reader beside them.
// `leaves_room`: they hold back while the ring is half full.
static void RunThreads(size_t ring_bytes, bool rewinds, bool leaves_room) {
  constexpr int kThreads = 3;
  static bool holds_back;
  holds_back = leaves_room;
  Begin(ring_bytes);
  Writer writers[2 * kThreads];
  for (uint32_t i = 0; i < 2 * kThreads; ++i) {
    writers[i].id = i;
    writers[i].lengths = i;
  }
  Reader reader;
  std::atomic<bool> stopping{false};
  std::atomic<int> writing{0};
  std::thread threads[kThreads];
  std::thread signaller;
  const Interrupts interrupts([] {
    const bool writes = signal_writer != nullptr && !(holds_back && ring.IsHalfFull());
    if (writes) numbered::Write(ring, *signal_writer);
    signals.fetch_add(1, relaxed);
  });
  for (int i = 0; i < kThreads; ++i) {
    threads[i] = std::thread([&, i] {
      signal_writer = &writers[kThreads + i];
      writing.fetch_add(1);
      while (!stopping.load(relaxed)) {
        if (holds_back && ring.IsHalfFull()) std::this_thread::yield();
        else numbered::Write(ring, writers[i]);
      }
      signal_writer = nullptr;
      writing.fetch_sub(1);
    });
  }
  const double start = Seconds();
  while (writing.load() < kThreads) std::this_thread::yield();
  signaller = std::thread([&] {
    while (IsMoreNeeded(signals, kSignals, start)) {
      for (std::thread& thread : threads) pthread_kill(thread.native_handle(), Interrupts::kSignal);
      std::this_thread::sleep_for(std::chrono::microseconds(kSignalMicros));
    }
    stopping = true;
  });
  while (writing.load() > 0) {
    reader.Read(ring, 200);
    if (rewinds) {
      reader.Read(ring);
      ring.Rewind();
    }
  }
  signaller.join();
  for (std::thread& thread : threads) thread.join();
  CHECK(signals >= kSignals);
  uint64_t lost = 0;
  for (const Writer& writer : writers) {
    CHECK(writer.written > 0);
    lost += writer.lost;
  }
  CHECK((lost == 0) == leaves_room);
  reader.CheckComplete(ring, {&writers[0], &writers[1], &writers[2], &writers[3], &writers[4], &writers[5]});
}

TEST("threads and signals write at once: records are whole, each writer's in order, and read + overflow = written") {
  RunThreads(kSmallBytes, false, false);
}

TEST("threads and signals write at once, with room: nothing overflows, and rewinding loses nothing") {
  RunThreads(512 * 1024, true, true);
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
