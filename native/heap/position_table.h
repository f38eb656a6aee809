// position_table.h: V8's source position tables: which place of the script an instruction comes from. Pure.
//
// A table is a row of pairs of variable-length numbers, of 7 bits a byte, low ones first: how much further in the code, how
// far on in the source. Code offset begins at -1, the position at 0; signed numbers are folded (0, -1, 1, -2, …).
// (V8's src/codegen/source-position-table.cc.)
//
//   encoding 1, up to V8 13   code: a signed number; a negative t is no statement, and stands for -(t + 1)
//   encoding 2, V8 14         code: an unsigned number; bit 0: a statement, bit 1: breakable; the rest counts
//
// A position (src/codegen/source-position.h): bit 0: not in a script; bits 1..30 offset in the script + 1; bits 31..46 number
// of the inlined call that it is in + 1, 0 for none.

#ifndef NATIVEPROF_HEAP_POSITION_TABLE_H_
#define NATIVEPROF_HEAP_POSITION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nativeprof {

struct SourcePosition {
  int32_t script_offset;  // -1: none
  int32_t inlining_id;    // -1: the function itself
  bool is_external;
};

constexpr SourcePosition DecodePosition(uint64_t raw) {
  return {static_cast<int32_t>(raw >> 1 & 0x3fffffff) - 1, static_cast<int32_t>(raw >> 31 & 0xffff) - 1,
          (raw & 1) != 0};
}

// As V8 adds, but without an overflow that is undefined: a table that is none may say anything.
constexpr int64_t AddWrapped(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

// Numbers of variable length, read from front to back. Past the end, or with more than 64 bits, they fail.
class VlqReader {
 public:
  VlqReader(const uint8_t* bytes, size_t size) : at_(bytes), end_(bytes + size) {}

  bool done() const { return at_ == end_; }

  bool Unsigned(uint64_t* value) {
    *value = 0;
    for (unsigned shift = 0; at_ != end_ && shift < 64; shift += 7) {
      const uint8_t byte = *at_++;
      *value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return true;
    }
    return false;
  }

  bool Signed(int64_t* value) {
    uint64_t folded;
    if (!Unsigned(&folded)) return false;
    *value = static_cast<int64_t>(folded >> 1) ^ -static_cast<int64_t>(folded & 1);
    return true;
  }

 private:
  const uint8_t* at_;
  const uint8_t* const end_;
};

constexpr size_t kMostVlqBytes = 10;

// At `to`, where there is room for kMostVlqBytes. Where they end.
inline uint8_t* PutUnsigned(uint8_t* to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<uint8_t>(value | 0x80);
  *to++ = static_cast<uint8_t>(value);
  return to;
}

inline uint8_t* PutSigned(uint8_t* to, int64_t value) {
  return PutUnsigned(to, static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

struct PositionEntry {
  int64_t code_offset;
  uint64_t raw_position;
};

class PositionTableReader {
 public:
  PositionTableReader(const uint8_t* bytes, size_t size, int encoding) : vlq_(bytes, size), encoding_(encoding) {}

  bool done() const { return vlq_.done(); }

  // The next entry; false for a table that is none.
  bool Next(PositionEntry* entry) {
    int64_t position;
    if (!NextCode() || !vlq_.Signed(&position)) return false;
    position_ = AddWrapped(position_, position);
    *entry = {code_offset_, static_cast<uint64_t>(position_)};
    return true;
  }

 private:
  bool NextCode() {
    if (encoding_ == 2) {
      uint64_t code;
      if (!vlq_.Unsigned(&code)) return false;
      code_offset_ = AddWrapped(code_offset_, static_cast<int64_t>(code >> 2));
      return true;
    }
    int64_t code;
    if (!vlq_.Signed(&code)) return false;
    code_offset_ = AddWrapped(code_offset_, code < 0 ? -(code + 1) : code);
    return true;
  }

  VlqReader vlq_;
  const int encoding_;
  int64_t code_offset_ = -1;
  int64_t position_ = 0;
};

// Writes tables for lib/position-table.ts, which need no knowledge of versions: per entry how much further in the code, twice,
// and 1 more if it is in another inlined call than the entry before it (unsigned); how far on in the script (signed); and in that
// case the inlined call + 1 (unsigned).
class PositionTableWriter {
 public:
  // Writes into `bytes`, over what is there.
  explicit PositionTableWriter(std::vector<uint8_t>* bytes) : bytes_(*bytes) { bytes_.clear(); }

  void Add(int64_t code_offset, int32_t script_offset, int32_t inlining_id) {
    if (static_cast<size_t>(end_ - pending_) > sizeof(pending_) - 3 * kMostVlqBytes) Flush();
    const bool is_other_call = inlining_id != inlining_id_;
    end_ = PutUnsigned(end_, static_cast<uint64_t>(code_offset - code_offset_) << 1 | (is_other_call ? 1 : 0));
    end_ = PutSigned(end_, static_cast<int64_t>(script_offset) - script_offset_);
    if (is_other_call) end_ = PutUnsigned(end_, static_cast<uint64_t>(inlining_id + 1));
    code_offset_ = code_offset;
    script_offset_ = script_offset;
    inlining_id_ = inlining_id;
  }

  // To be called last: some is not in the bytes before.
  void Flush() {
    bytes_.insert(bytes_.end(), pending_, end_);
    end_ = pending_;
  }

 private:
  std::vector<uint8_t>& bytes_;
  uint8_t pending_[256];  // an insert per entry takes longer than making it
  uint8_t* end_ = pending_;
  int64_t code_offset_ = 0;
  int64_t script_offset_ = 0;
  int32_t inlining_id_ = -1;
};

// Of the (code offset, script offset) pairs of a table, in their order: what V8 announces and what we have read are the same
// if these are (but for one in 2^64; after Fowler, Noll and Vo, by words).
class PositionHash {
 public:
  void Add(uint64_t code_offset, int64_t script_offset) {
    hash_ = (hash_ ^ (code_offset << 32 ^ static_cast<uint32_t>(script_offset))) * 0x100000001b3u;
    ++count_;
  }
  uint64_t count() const { return count_; }
  bool operator==(const PositionHash& other) const { return hash_ == other.hash_ && count_ == other.count_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325u;
  uint64_t count_ = 0;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_HEAP_POSITION_TABLE_H_
