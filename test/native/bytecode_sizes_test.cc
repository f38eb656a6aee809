// bytecode_sizes_test.cc: how long bytecodes are, of which the same few are in all versions that are known.

#include "heap/bytecode_sizes.h"

#include <cstdint>
#include <cstring>
#include <vector>

#include "tap.h"

using nativeprof::BytecodeLength;
using nativeprof::BytecodeSizes;
using nativeprof::kBytecodeSizes;

namespace {

// The first bytecodes are the same in V8 11.3 to 14.6 (src/interpreter/bytecodes.h).
constexpr uint8_t kWide = 0x00;
constexpr uint8_t kExtraWide = 0x01;
constexpr uint8_t kDebugBreak = 0x02;
constexpr uint8_t kLdaZero = 0x0c;
constexpr uint8_t kLdaSmi = 0x0d;  // an operand that scales

size_t Length(const BytecodeSizes& sizes, const std::vector<uint8_t>& code) {
  return BytecodeLength(sizes, code.data(), code.size());
}

}  // namespace

TEST("each version has two digits for each of 256 bytecodes") {
  CHECK_EQUAL(sizeof(kBytecodeSizes) / sizeof(kBytecodeSizes[0]), 4);
  for (const BytecodeSizes& sizes : kBytecodeSizes) {
    CHECK_EQUAL(std::strlen(sizes.table), 512);
    CHECK_EQUAL(std::strspn(sizes.table, "0123456789abcdef"), 512);
  }
}

TEST("a function is as long as its bytecodes together, prefixes and wide operands included") {
  // LdaZero; LdaSmi [5]; LdaSmi.Wide [300]; LdaSmi.ExtraWide [70000]; LdaZero
  const std::vector<uint8_t> code = {kLdaZero, kLdaSmi, 5, kWide, kLdaSmi, 0x2c, 0x01, kExtraWide, kLdaSmi, 0x70, 0x11,
                                     0x01, 0x00, kLdaZero};
  const size_t lengths[] = {1, 2, 4, 6, 1};
  for (const BytecodeSizes& sizes : kBytecodeSizes) {
    size_t at = 0;
    for (const size_t length : lengths) {
      CHECK_EQUAL(BytecodeLength(sizes, code.data() + at, code.size() - at), length);
      at += length;
    }
    CHECK_EQUAL(at, code.size());
  }
}

TEST("what is longer than the code, or no bytecode, has no length") {
  for (const BytecodeSizes& sizes : kBytecodeSizes) {
    CHECK_EQUAL(Length(sizes, {kLdaSmi}), 0);
    CHECK_EQUAL(Length(sizes, {kWide}), 0);
    CHECK_EQUAL(Length(sizes, {kWide, kLdaSmi, 1}), 0);
    CHECK_EQUAL(Length(sizes, {kExtraWide, kLdaSmi, 1, 2, 3}), 0);
    CHECK_EQUAL(Length(sizes, {kDebugBreak}), 0);
    CHECK_EQUAL(Length(sizes, {0xff}), 0);
  }
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
