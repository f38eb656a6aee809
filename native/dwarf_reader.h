// dwarf_reader.h: reads the encodings of DWARF and of .eh_frame from bytes that may be cut short or malformed.
//
// A Section remembers where its bytes were mapped, because pointers in .eh_frame are relative to where they stand: so a
// copy of a section reads like the original. Every read is checked against the end of the section; a read that fails makes
// the reader bad, and a bad reader reads zeros. So a parser may read on and ask once.

#ifndef NATIVEPROF_DWARF_READER_H_
#define NATIVEPROF_DWARF_READER_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace nativeprof {

// Bytes, and the address that they have, or had, in the module they belong to.
struct Section {
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  uintptr_t address = 0;

  // Context: signal handler (async-signal-safe).
  bool Contains(uintptr_t wanted) const { return wanted - address < size; }
};

// How .eh_frame and .eh_frame_hdr encode a pointer: LSB 5.0 Core, 10.5.1 "DWARF Exception Header Encoding".
enum PointerEncoding : uint8_t {
  kPointerAbsolute = 0x00,
  kPointerUleb128 = 0x01,
  kPointerUdata2 = 0x02,
  kPointerUdata4 = 0x03,
  kPointerUdata8 = 0x04,
  kPointerSleb128 = 0x09,
  kPointerSdata2 = 0x0a,
  kPointerSdata4 = 0x0b,
  kPointerSdata8 = 0x0c,
  kPointerFormat = 0x0f,  // mask: how it is stored; the upper bits say to what it is relative
  kPointerRelativeToItself = 0x10,
  kPointerRelativeToData = 0x30,  // in .eh_frame_hdr: to its start
  kPointerBase = 0x70,            // mask
  kPointerIndirect = 0x80,
  kPointerOmitted = 0xff,
};

// Context: signal handler (async-signal-safe), all of it.
class DwarfReader {
 public:
  // From `address`, which need not lie in the section: then nothing can be read.
  DwarfReader(const Section& section, uintptr_t address)
      : section_(section), at_(address - section.address), end_(section.size) {
    if (at_ > end_) Fail();
  }

  bool ok() const { return ok_; }
  bool AtEnd() const { return at_ == end_; }
  size_t Remaining() const { return end_ - at_; }
  // Of the next byte, in the module.
  uintptr_t address() const { return section_.address + at_; }

  // Ends the reader after `bytes` more.
  void Limit(size_t bytes) {
    if (bytes > end_ - at_) return Fail();
    end_ = at_ + bytes;
  }

  void Skip(uint64_t bytes) {
    if (bytes > end_ - at_) return Fail();
    at_ += static_cast<size_t>(bytes);
  }

  uint8_t U8() { return Fixed<uint8_t>(); }
  uint16_t U16() { return Fixed<uint16_t>(); }
  uint32_t U32() { return Fixed<uint32_t>(); }
  uint64_t U64() { return Fixed<uint64_t>(); }
  int8_t S8() { return Fixed<int8_t>(); }
  int16_t S16() { return Fixed<int16_t>(); }
  int32_t S32() { return Fixed<int32_t>(); }
  int64_t S64() { return Fixed<int64_t>(); }

  // DWARF 4, 7.6 "Variable Length Data". More than 64 bits are malformed.
  uint64_t Uleb() {
    unsigned shift = 0;
    return Leb(&shift);
  }

  int64_t Sleb() {
    unsigned shift = 0;
    uint64_t value = Leb(&shift);
    const bool is_negative = ok_ && shift > 0 && shift < 64 && (value >> (shift - 1) & 1) != 0;
    if (is_negative) value |= ~uint64_t{0} << shift;
    return static_cast<int64_t>(value);
  }

  // `data_base`: what kPointerRelativeToData is relative to. Only of encodings that give the address itself: an indirect
  // one would have to be read from the module, and the others do not occur in the tables that we read.
  uintptr_t Pointer(uint8_t encoding, uintptr_t data_base) {
    const uintptr_t itself = address();
    const uint64_t value = PointerValue(encoding);
    if ((encoding & kPointerIndirect) != 0) Fail();
    switch (encoding & kPointerBase) {
      case 0:
        break;
      case kPointerRelativeToItself:
        return ok_ ? static_cast<uintptr_t>(itself + value) : 0;
      case kPointerRelativeToData:
        return ok_ ? static_cast<uintptr_t>(data_base + value) : 0;
      default:
        Fail();
    }
    return ok_ ? static_cast<uintptr_t>(value) : 0;
  }

  // What is stored, sign-extended to 64 bits, whatever it may be relative to.
  uint64_t PointerValue(uint8_t encoding) {
    switch (encoding & kPointerFormat) {
      case kPointerAbsolute:
        return Fixed<uintptr_t>();
      case kPointerUleb128:
        return Uleb();
      case kPointerUdata2:
        return U16();
      case kPointerUdata4:
        return U32();
      case kPointerUdata8:
        return U64();
      case kPointerSleb128:
        return static_cast<uint64_t>(Sleb());
      case kPointerSdata2:
        return static_cast<uint64_t>(int64_t{S16()});
      case kPointerSdata4:
        return static_cast<uint64_t>(int64_t{S32()});
      case kPointerSdata8:
        return static_cast<uint64_t>(S64());
      default:
        Fail();
        return 0;
    }
  }

  void Fail() {
    ok_ = false;
    at_ = end_;
  }

 private:
  template <typename Value>
  Value Fixed() {
    Value value = 0;
    if (sizeof(value) > end_ - at_) {
      Fail();
      return 0;
    }
    std::memcpy(&value, section_.bytes + at_, sizeof(value));  // nothing is aligned here
    at_ += sizeof(value);
    return value;
  }

  uint64_t Leb(unsigned* shift) {
    uint64_t value = 0;
    for (;;) {
      const uint8_t byte = U8();
      if (!ok_) return 0;
      // The tenth byte has room for one bit; a longer one may only repeat the sign, and no tool writes it so.
      if (*shift > 63) {
        Fail();
        return 0;
      }
      value |= static_cast<uint64_t>(byte & 0x7f) << *shift;
      *shift += 7;
      if ((byte & 0x80) == 0) return value;
    }
  }

  const Section section_;
  size_t at_;  // never behind end_
  size_t end_;
  bool ok_ = true;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_DWARF_READER_H_
