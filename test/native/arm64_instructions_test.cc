// arm64_instructions_test.cc: what the instructions of arm64 say of the frame. The words are those that GNU as makes of the text
// behind them.

#include "arm64_instructions.h"

#include "tap.h"

using namespace nativeprof::arm64;

TEST("calls are told from what looks like them") {
  CHECK(IsCall(0x94025739));   // bl
  CHECK(IsCall(0x97fa2b66));   // bl, backwards
  CHECK(IsCall(0xd63f0040));   // blr x2
  CHECK(IsCall(0xd63f03c0));   // blr x30
  CHECK(IsCall(0xd73f0901));   // blraa x8, x1
  CHECK(!IsCall(0x14000006));  // b
  CHECK(!IsCall(0xd61f0220));  // br x17
  CHECK(!IsCall(0xd65f03c0));  // ret
  CHECK(!IsCall(0xcccccccc));  // what V8 puts between two builtins
}

TEST("a call says where it leads") {
  CHECK(CallTarget(0x1dbe068, 0x97fa2b66) == 0x1c48e00);
  CHECK(CallTarget(0x1c54f9c, 0x94025739) == 0x1ceac80);
  CHECK(CallTarget(0x1c54eec, 0xd63f0040) == 0);
}

TEST("a branch says how far on it leads") {
  CHECK(SkippedAhead(0x36000070) == 3);    // tbz w16, #0, .+12
  CHECK(SkippedAhead(0x37e82003) == 256);  // tbnz w3, #29, .+1024
  CHECK(SkippedAhead(0x5400004a) == 2);    // b.ge .+8
  CHECK(SkippedAhead(0xb4000080) == 4);    // cbz x0, .+16
  CHECK(SkippedAhead(0x54000928) == 73);   // b.hi .+292
  CHECK(SkippedAhead(0x54ffffa9) == 0);    // b.ls .-12
  CHECK(SkippedAhead(0x35ffffc1) == 0);    // cbnz w1, .-8
  CHECK(SkippedAhead(0x14000002) == 0);    // b .+8
}

TEST("the instructions that make a frame") {
  CHECK(IsPushFrame(0xa9bf7bfd));    // stp x29, x30, [sp, #-16]!
  CHECK(IsPushFrame(0xa9b87bfd));    // stp x29, x30, [sp, #-128]!
  CHECK(!IsPushFrame(0xa9bf7bff));   // stp xzr, x30, [sp, #-16]!
  CHECK(!IsPushFrame(0xa9017bfd));   // stp x29, x30, [sp, #16]
  CHECK(IsStoreFrame(0xa9017bfd));   // the same
  CHECK(!IsStoreFrame(0xa9016fe1));  // stp x1, x27, [sp, #16]
  CHECK(IsSetFp(0x910003fd));        // mov x29, sp
  CHECK(IsSetFp(0x910043fd));        // add x29, sp, #0x10
  CHECK(!IsSetFp(0x910003bf));       // mov sp, x29
}

TEST("the instructions that leave it") {
  CHECK(IsLoadFrame(0xa8c17bfd));   // ldp x29, x30, [sp], #16
  CHECK(IsLoadFrame(0xa9407bbd));   // ldp x29, x30, [x29]
  CHECK(IsLoadFrame(0xa9417bfd));   // ldp x29, x30, [sp, #16]
  CHECK(!IsLoadFrame(0xa8c17bff));  // ldp xzr, x30, [sp], #16
  CHECK(IsReturn(0xd65f03c0));      // ret
  CHECK(IsReturn(0xd65f0bff));      // retaa
  CHECK(!IsReturn(0xd65f0220));     // ret x17
  CHECK(IsJump(0x17ffffca));        // b, backwards
  CHECK(IsJump(0xd61f0220));        // br x17
  CHECK(!IsJump(0x54000108));       // b.hi
}

TEST("how far a push lowers the stack pointer") {
  CHECK(PushedBytes(0xa9bf7bfd) == 16);   // stp x29, x30, [sp, #-16]!
  CHECK(PushedBytes(0xa9b87bfd) == 128);  // stp x29, x30, [sp, #-128]!
  CHECK(PushedBytes(0x6dbf3fee) == 16);   // stp d14, d15, [sp, #-16]!
  CHECK(PushedBytes(0xa9be43ff) == 32);   // stp xzr, x16, [sp, #-32]!
  CHECK(PushedBytes(0xa9017bfd) == 0);    // stp x29, x30, [sp, #16]
  CHECK(PushedBytes(0xa8c17bfd) == 0);    // ldp x29, x30, [sp], #16
}

TEST("the link register on the stack") {
  CHECK(IsPushLink(0xa9bf7bff));   // stp xzr, x30, [sp, #-16]!
  CHECK(!IsPushLink(0xa9bf7bfd));  // stp x29, x30, [sp, #-16]!
  CHECK(!IsPushLink(0xa9bf6fe1));  // stp x1, x27, [sp, #-16]!
}

TEST("numbers and addresses") {
  uint32_t value = 0;
  CHECK(IsMoveImmediate(0xd28007f3, 19, &value) && value == 0x3f);  // mov x19, #0x3f
  CHECK(!IsMoveImmediate(0xd2800590, 19, &value));                  // mov x16, #0x2c
  CHECK(WithoutSignature(0x0055005500843000) == 0x005500843000);
  CHECK(IsStoreFpInIsolate(0xf900575d));  // str x29, [x26, #168]
  CHECK(IsClearInIsolate(0xf900575f));    // str xzr, [x26, #168]
  CHECK(!IsStoreFpInIsolate(0xf94e7742));
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
