// arm64_code_window_test.cc: what the instructions around an interrupted one say. The code is what V8 makes (--print-opt-code).
// With: safe_read.cc

#include "arm64_code_window.h"

#include <vector>

#include "signal_context.h"
#include "tap.h"

using namespace nativeprof;

namespace {

using Code = std::vector<uint32_t>;

// Optimized code of Node 20 and 22 looks first whether it has been deoptimized.
const Code kWithCheck = {
    0xf85e8050,  // ldur x16, [x2, #-24]
    0xb842f210,  // ldur w16, [x16, #47]
    0x36e80070,  // tbz w16, #29, .+12
    0x58001071,  // ldr x17, .+524
    0xd61f0220,  // br x17
    0xa9bf7bfd,  // stp fp, lr, [sp, #-16]!
    0x910003fd,  // mov fp, sp
    0xa9be03ff,  // stp xzr, x0, [sp, #-32]!
    0xf8520342,  // ldur x2, [x26, #-224]
    0xeb2263ff,  // cmp sp, x2
    0x54000929,  // b.ls .+292
    0xd2800000,  // movz x0, #0
    0xf85e83a3,  // ldur x3, [fp, #-24]
    0x910003bf,  // mov sp, fp
    0xa8c17bfd,  // ldp fp, lr, [sp], #16
    0xf1000c7f,  // cmp x3, #3
    0x5400004a,  // b.ge .+8
    0xd2800063,  // movz x3, #3
    0x8b306fff,  // add sp, sp, x16, lsl #3
    0xd65f03c0,  // ret
};

// A loop that ends in a jump back, with what lies behind it: another function.
const Code kLoop = {
    0x6b04001f,  // cmp w0, w4
    0x5400006a,  // b.ge .+12
    0x31000405,  // adds w5, w0, #1
    0x17fffffd,  // b .-12
    0xd2800000,  // movz x0, #0
    0xd63f0200,  // blr x16
    0xa9bf7bfd,  // stp fp, lr, [sp, #-16]!
    0x910003fd,  // mov fp, sp
};

// The window around the instruction `at` of `code`, in the middle of a page.
Arm64CodeWindow WindowAt(const Code& code, size_t at) {
  alignas(SafeReader::kPageBytes) static uint32_t page[SafeReader::kPageBytes / sizeof(uint32_t)];
  constexpr size_t kMiddle = 400;
  std::memset(page, 0, sizeof(page));
  std::memcpy(page + kMiddle, code.data(), code.size() * sizeof(uint32_t));
  SafeReader safe_reader;
  safe_reader.Probe();
  return Arm64CodeWindow(SignalContextForTests::Make(), reinterpret_cast<uintptr_t>(page + kMiddle + at), safe_reader);
}

constexpr int kMost = 12;

}  // namespace

TEST("the frame is not made while code looks whether it has been deoptimized, nor where it has been") {
  for (size_t at = 0; at <= 6; ++at) CHECK(WindowAt(kWithCheck, at).IsBeforeFrame(kMost));
  for (size_t at = 7; at < kWithCheck.size(); ++at) CHECK(!WindowAt(kWithCheck, at).IsBeforeFrame(kMost));
}

TEST("the frame is given up from the load on") {
  for (size_t at = 0; at < kWithCheck.size(); ++at) CHECK(WindowAt(kWithCheck, at).IsBehindFrame() == (at >= 15));
}

TEST("the frame of the function behind this one is not this one's") {
  for (size_t at = 0; at < 6; ++at) CHECK(!WindowAt(kLoop, at).IsBeforeFrame(kMost));
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
