// heap_reader_test.cc: reading heap objects through pointers that may lead anywhere.
// With: heap/reader.cc safe_read.cc

#include "heap/reader.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>

#include "tap.h"

using nativeprof::HeapReader;
using nativeprof::SafeReader;
using nativeprof::kMapInstanceType;

namespace {

constexpr size_t kPageBytes = 4096;

// Pages, of which some can be taken away.
class Pages {
 public:
  explicit Pages(size_t count) : bytes_(count * kPageBytes) {
    start_ = static_cast<uint8_t*>(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  }
  ~Pages() { munmap(start_, bytes_); }
  void Unmap(size_t page) { munmap(start_ + page * kPageBytes, kPageBytes); }
  uintptr_t At(size_t offset) const { return reinterpret_cast<uintptr_t>(start_) + offset; }
  template <typename T>
  void Put(size_t offset, T value) {
    std::memcpy(start_ + offset, &value, sizeof(value));
  }

 private:
  size_t bytes_;
  uint8_t* start_;
};

struct Readers {
  SafeReader safe_reader;
  HeapReader reader{safe_reader};
  Readers() { safe_reader.Probe(); }
};

}  // namespace

TEST("bytes are copied, also across pages") {
  Readers of;
  Pages pages(2);
  pages.Put(kPageBytes - 4, uint64_t{0x1122334455667788});
  uint64_t value = 0;
  CHECK(of.reader.Copy(pages.At(kPageBytes - 4), &value, sizeof(value)));
  CHECK_EQUAL(value, 0x1122334455667788);
  CHECK(of.reader.Copy(0, nullptr, 0));
}

TEST("where a page is missing, nothing is read, whichever it is") {
  Readers of;
  Pages pages(4);
  pages.Unmap(2);
  uint8_t bytes[2 * kPageBytes + 2];
  CHECK(of.reader.Copy(pages.At(0), bytes, 2 * kPageBytes));
  CHECK(!of.reader.Copy(pages.At(0), bytes, 2 * kPageBytes + 1));
  CHECK(!of.reader.Copy(pages.At(2 * kPageBytes), bytes, 1));
  CHECK(!of.reader.Copy(pages.At(2 * kPageBytes - 1), bytes, kPageBytes + 2));
  CHECK(of.reader.Copy(pages.At(3 * kPageBytes), bytes, kPageBytes));
}

TEST("addresses that can be none are refused: the first page, the last ones, those between") {
  Readers of;
  uint64_t value;
  for (const uintptr_t address : {uintptr_t{0}, uintptr_t{8}, uintptr_t{4088}, UINTPTR_MAX - 3, UINTPTR_MAX - 7,
                                  UINTPTR_MAX / 2, uintptr_t{1} << 47, uintptr_t{0x4141414141414140}}) {
    CHECK(!of.reader.Copy(address, &value, sizeof(value)));
    CHECK_EQUAL(static_cast<uint64_t>(of.reader.TypeOf(address | 1)), static_cast<uint64_t>(-1));
  }
}

TEST("a page that has gone is refused again once it may have") {
  Readers of;
  Pages pages(1);
  uint64_t value;
  CHECK(of.reader.Copy(pages.At(0), &value, sizeof(value)));
  pages.Unmap(0);
  of.reader.Forget();
  CHECK(!of.reader.Copy(pages.At(0), &value, sizeof(value)));
}

TEST("a machine without a safe read reads nothing") {
  const SafeReader never_probed;
  HeapReader reader(never_probed);
  const uint64_t there = 7;
  uint64_t value;
  CHECK(!reader.Copy(reinterpret_cast<uintptr_t>(&there), &value, sizeof(value)));
}

TEST("an object has the type that its map says; what is none has no type") {
  Readers of;
  Pages pages(1);
  constexpr size_t kObject = 64;
  constexpr size_t kMap = 128;
  pages.Put(kMap + kMapInstanceType, uint16_t{262});
  pages.Put(kObject, static_cast<uint64_t>(pages.At(kMap) + 1));
  const uint64_t object = pages.At(kObject) + 1;
  CHECK(of.reader.TypeOf(object) == 262);
  CHECK(of.reader.TypeOf(object - 1) == -1);  // a Smi, or an address without a tag
  CHECK(of.reader.TypeOf(object + 2) == -1);  // a weak reference
  pages.Put(kObject, uint64_t{5} << 32);
  CHECK(of.reader.TypeOf(object) == -1);  // its map is a number
}

TEST("fields are an object of the wanted type, or a Smi, or nothing") {
  Readers of;
  Pages pages(2);
  pages.Unmap(1);
  constexpr size_t kObject = 64;
  constexpr size_t kMap = 128;
  pages.Put(kMap + kMapInstanceType, uint16_t{262});
  pages.Put(kObject, static_cast<uint64_t>(pages.At(kMap) + 1));
  const uint64_t object = pages.At(kObject) + 1;
  pages.Put(kObject + 8, object);
  pages.Put(kObject + 16, static_cast<uint64_t>(uint32_t(-3)) << 32);
  CHECK(of.reader.GetObject(object, 8, 262) == object);
  CHECK(of.reader.GetObject(object, 8, 263) == 0);
  CHECK(of.reader.GetObject(object, 16, 262) == 0);
  int32_t value = 0;
  CHECK(of.reader.GetSmi(object, 16, &value) && value == -3);
  CHECK(!of.reader.GetSmi(object, 8, &value));
  CHECK(!of.reader.GetSmi(object, static_cast<int>(kPageBytes), &value));
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
