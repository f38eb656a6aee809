// byte_buffer.h: bytes that more and more is appended to. Unlike a std::vector it grows in place where the allocator can, does not
// fill with zeroes what is written over at once, and so does not have the kernel clear every page twice. Pure.

#ifndef NATIVEPROF_BYTE_BUFFER_H_
#define NATIVEPROF_BYTE_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace nativeprof {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  ByteBuffer(ByteBuffer&& other) noexcept { Swap(other); }
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    Swap(other);
    return *this;
  }
  ~ByteBuffer() { std::free(bytes_); }

  const uint8_t* data() const { return bytes_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // The bytes, which are the caller's to free(); nothing is left here.
  uint8_t* Release() {
    size_ = room_ = 0;
    return std::exchange(bytes_, nullptr);
  }

  // Room for so many bytes at the end, which the caller fills before anything else. Ends the process where there is no memory, as
  // a std::vector does without exceptions.
  uint8_t* Append(size_t bytes) {
    if (bytes > room_ - size_) Grow(bytes);
    uint8_t* const at = bytes_ + size_;
    size_ += bytes;
    return at;
  }

 private:
  static constexpr size_t kFirstRoom = 4096;

  void Grow(size_t bytes) {
    size_t room = room_ == 0 ? kFirstRoom : room_;
    while (bytes > room - size_) room *= 2;
    void* const grown = std::realloc(bytes_, room);
    if (grown == nullptr) std::abort();
    bytes_ = static_cast<uint8_t*>(grown);
    room_ = room;
  }

  void Swap(ByteBuffer& other) {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    std::swap(room_, other.room_);
  }

  uint8_t* bytes_ = nullptr;
  size_t size_ = 0;
  size_t room_ = 0;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_BYTE_BUFFER_H_
