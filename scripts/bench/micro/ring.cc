// ring.cc: how many records a second go through the ring: written and read in turn by one thread, as a handler and the event loop do,
// and written by several threads at once while one reads. Prints one line of JSON. Compiled and run by ring.mjs.

#include <time.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

#include "record.h"
#include "ring_buffer.h"

namespace {

using nativeprof::MakeHeader;
using nativeprof::RecordKind;
using nativeprof::RingBuffer;

constexpr size_t kFixedWords = 4;
constexpr size_t kFrames = 50;
constexpr size_t kWords = kFixedWords + kFrames;
constexpr size_t kRingBytes = 8 << 20;
constexpr size_t kSliceWords = 8192;

double Seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

bool WriteOne(RingBuffer& ring, uint64_t note) {
  const RingBuffer::Reservation record = ring.Reserve(kWords);
  if (!record) return false;
  for (size_t i = 1; i < kWords; ++i) record.words[i] = note + i;
  ring.Publish(record, MakeHeader(RecordKind::kSample, 0, kWords));
  return true;
}

// Nanoseconds for a record to be written, and to be read.
void InTurn(uint64_t records, double* write_nanos, double* read_nanos) {
  RingBuffer ring;
  if (!ring.Allocate(kRingBytes)) return;
  std::vector<uint64_t> words(kSliceWords);
  constexpr uint64_t kBatch = 1000;
  double writing = 0;
  double reading = 0;
  for (uint64_t done = 0; done < records; done += kBatch) {
    const double before = Seconds();
    for (uint64_t i = 0; i < kBatch; ++i) WriteOne(ring, i);
    const double written = Seconds();
    while (ring.Read(words.data(), words.size()) > 0) continue;
    reading += Seconds() - written;
    writing += written - before;
  }
  *write_nanos = writing / static_cast<double>(records) * 1e9;
  *read_nanos = reading / static_cast<double>(records) * 1e9;
}

// Records a second of so many writers, while one more thread reads.
double AtOnce(size_t writers, uint64_t records_each) {
  RingBuffer ring;
  if (!ring.Allocate(kRingBytes)) return 0;
  std::atomic<size_t> writing{writers};
  const double before = Seconds();
  std::vector<std::thread> threads;
  for (size_t writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&ring, &writing, records_each] {
      for (uint64_t i = 0; i < records_each; ++i) {
        while (!WriteOne(ring, i)) std::this_thread::yield();  // a handler would count it as dropped
      }
      writing.fetch_sub(1, std::memory_order_release);  // release: pairs with the acquire below
    });
  }
  std::vector<uint64_t> words(kSliceWords);
  uint64_t read_words = 0;
  while (writing.load(std::memory_order_acquire) > 0 || !ring.IsEmpty()) {
    const size_t read = ring.Read(words.data(), words.size());
    if (read == 0) std::this_thread::yield();
    read_words += read;
  }
  const double seconds = Seconds() - before;
  for (std::thread& thread : threads) thread.join();
  return static_cast<double>(read_words) / kWords / seconds;
}

}  // namespace

int main() {
  double write_nanos = 0;
  double read_nanos = 0;
  InTurn(2000000, &write_nanos, &read_nanos);
  const double alone = AtOnce(1, 2000000);
  const double four = AtOnce(4, 500000);
  std::printf("{\"frames\":%zu,\"writeNanos\":%.1f,\"readNanos\":%.1f,\"oneWriter\":%.0f,\"fourWriters\":%.0f}\n", kFrames,
              write_nanos, read_nanos, alone, four);
  return read_nanos > 0 && alone > 0 && four > 0 ? 0 : 1;
}
