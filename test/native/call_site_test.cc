// call_site_test.cc: every call instruction of x64 ends with a call, and what merely looks like one does not.
// The bytes are written out by the tables of the Intel SDM, volume 2 (ModR/M, SIB), not by call_site.h.

#include "call_site.h"

#include <initializer_list>

#include "tap.h"

using nativeprof::EndsWithCall;

namespace {

// Whether a call ends at the end of these bytes, with `filler` before them.
bool Ends(std::initializer_list<int> bytes, uint8_t filler = 0x90) {
  uint8_t memory[16];
  std::memset(memory, filler, sizeof(memory));
  uint8_t* at = memory + sizeof(memory) - bytes.size();
  for (const int byte : bytes) *at++ = static_cast<uint8_t>(byte);
  return EndsWithCall(memory + sizeof(memory));
}

}  // namespace

TEST("a relative call ends with a call") {
  CHECK(Ends({0xe8, 0x00, 0x00, 0x00, 0x00}));
  CHECK(Ends({0xe8, 0xfb, 0xff, 0xff, 0xff}));
  CHECK(Ends({0x66, 0x66, 0x48, 0xe8, 0x10, 0x20, 0x30, 0x40}));  // as linkers pad __tls_get_addr
}

TEST("a call by a register ends with a call") {
  CHECK(Ends({0xff, 0xd0}));        // call rax
  CHECK(Ends({0xff, 0xd4}));        // call rsp
  CHECK(Ends({0xff, 0xd7}));        // call rdi
  CHECK(Ends({0x41, 0xff, 0xd2}));  // call r10
  CHECK(Ends({0x41, 0xff, 0xd7}));  // call r15
}

TEST("a call by memory ends with a call, in every addressing form") {
  CHECK(Ends({0xff, 0x10}));                                            // [rax]
  CHECK(Ends({0xff, 0x16}));                                            // [rsi]
  CHECK(Ends({0x41, 0xff, 0x12}));                                      // [r10]
  CHECK(Ends({0xff, 0x15, 0x11, 0x22, 0x33, 0x44}));                    // [rip + disp32]
  CHECK(Ends({0xff, 0x14, 0x24}));                                      // [rsp]
  CHECK(Ends({0xff, 0x14, 0xc8}));                                      // [rax + rcx * 8]
  CHECK(Ends({0x43, 0xff, 0x14, 0xd1}));                                // [r9 + r10 * 8]
  CHECK(Ends({0xff, 0x50, 0x18}));                                      // [rax + disp8]
  CHECK(Ends({0x41, 0xff, 0x55, 0x00}));                                // [r13 + 0]
  CHECK(Ends({0xff, 0x54, 0x24, 0x08}));                                // [rsp + disp8]
  CHECK(Ends({0x41, 0xff, 0x54, 0xc5, 0x10}));                          // [r13 + rax * 8 + disp8]
  CHECK(Ends({0xff, 0x90, 0x00, 0x01, 0x00, 0x00}));                    // [rax + disp32]
  CHECK(Ends({0x41, 0xff, 0x95, 0x48, 0x02, 0x00, 0x00}));              // [r13 + disp32]: V8's root register
  CHECK(Ends({0xff, 0x94, 0x24, 0x00, 0x01, 0x00, 0x00}));              // [rsp + disp32]
  CHECK(Ends({0x43, 0xff, 0x94, 0xf5, 0x00, 0x01, 0x00, 0x00}));        // [r13 + r14 * 8 + disp32]
}

TEST("a call by a table at a fixed address ends with a call") {
  CHECK(Ends({0xff, 0x14, 0xc5, 0x00, 0x10, 0x40, 0x00}));        // [rax * 8 + disp32]: SIB without a base
  CHECK(Ends({0x42, 0xff, 0x14, 0xd5, 0x00, 0x10, 0x40, 0x00}));  // [r10 * 8 + disp32]
  CHECK(Ends({0xff, 0x14, 0x25, 0x00, 0x10, 0x40, 0x00}));        // [disp32]
}

TEST("a call that notrack allows to go anywhere ends with a call") {
  CHECK(Ends({0x3e, 0xff, 0xd0}));        // notrack call rax
  CHECK(Ends({0x3e, 0x41, 0xff, 0xd2}));  // notrack call r10
}

TEST("other instructions do not end with a call") {
  CHECK(!Ends({}));                                        // nops
  CHECK(!Ends({}, 0xcc));                                  // int3, as it stands between functions
  CHECK(!Ends({}, 0x00));
  CHECK(!Ends({0xe9, 0x00, 0x00, 0x00, 0x00}));            // jmp rel32
  CHECK(!Ends({0xeb, 0x10}));                              // jmp rel8
  CHECK(!Ends({0xff, 0xe0}));                              // jmp rax: FF /4
  CHECK(!Ends({0xff, 0x25, 0x11, 0x22, 0x33, 0x44}));      // jmp [rip + disp32]
  CHECK(!Ends({0xff, 0x18}));                              // far call: FF /3
  CHECK(!Ends({0xff, 0xf0}));                              // push rax: FF /6
  CHECK(!Ends({0xff, 0xc0}));                              // inc eax: FF /0
  CHECK(!Ends({0x48, 0x89, 0xe5}));                        // mov rbp, rsp
  CHECK(!Ends({0xc3}));                                    // ret
}

TEST("the middle of a call is not its end") {
  CHECK(!Ends({0xe8, 0x00, 0x00, 0x00}));
  CHECK(!Ends({0xe8, 0x00, 0x00, 0x00, 0x00, 0x90}));
  CHECK(!Ends({0xff}));
  CHECK(!Ends({0xff, 0x14}));                                            // the SIB byte is missing
  CHECK(!Ends({0xff, 0x54, 0x24}));                                      // its displacement
  CHECK(!Ends({0xff, 0x15, 0x11, 0x22, 0x33}));                          // a byte of it
  CHECK(!Ends({0xff, 0xd0, 0x90}));                                      // one instruction on
  CHECK(!Ends({0xff, 0x94, 0x24, 0x00, 0x01, 0x00, 0x00, 0x90}));
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
