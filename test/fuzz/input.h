// input.h: takes what a fuzz target needs out of the fuzzer's bytes. Past their end everything is zero.

#ifndef NATIVEPROF_FUZZ_INPUT_H_
#define NATIVEPROF_FUZZ_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

// A wrong result ends the run, as a crash does, and the fuzzer keeps the input.
#define REQUIRE(condition)                                                             \
  do {                                                                                 \
    if (!(condition)) {                                                                \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                    \
    }                                                                                  \
  } while (false)

class Input {
 public:
  Input(const uint8_t* data, size_t bytes) : data_(data), bytes_(bytes) {}

  bool done() const { return at_ == bytes_; }
  size_t remaining() const { return bytes_ - at_; }

  template <typename T>
  T Take() {
    T value = 0;
    const size_t count = remaining() < sizeof(T) ? remaining() : sizeof(T);
    std::memcpy(&value, data_ + at_, count);
    at_ += count;
    return value;
  }

  // In a block of its own, so that AddressSanitizer sees a read past its end.
  std::vector<uint8_t> TakeBytes(size_t most) {
    const size_t count = remaining() < most ? remaining() : most;
    std::vector<uint8_t> bytes(data_ + at_, data_ + at_ + count);
    at_ += count;
    return bytes;
  }

 private:
  const uint8_t* data_;
  size_t bytes_;
  size_t at_ = 0;
};

#endif  // NATIVEPROF_FUZZ_INPUT_H_
