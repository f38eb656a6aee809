// label_sets.h: the sets of labels of the process, each under a number that ticks bear. Text in, text out: what a set looks like
// is known to lib/label-sets.ts alone. All threads share them, so that the main thread can read what a worker ran under.

#ifndef NATIVEPROF_LABEL_SETS_H_
#define NATIVEPROF_LABEL_SETS_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace nativeprof {

// All are Smis above 0. What is greater is none, but a value to check the look-up by.
constexpr uint32_t kMostLabelNumber = 0x3fffffff;

// A program may use other labels for every request, for ever. So only the last ones are kept: those in the younger of two halves,
// and those in the older one, which is thrown away when the younger is full. A set that is asked for again becomes young.
class LabelSets {
 public:
  // The number of this set, above 0: the same as before, or a new one.
  // Context: JS thread, of any isolate.
  uint32_t NumberOf(const std::string& text);

  // The set under a number; empty if it has been forgotten.
  // Context: JS thread, of any isolate.
  std::string TextOf(uint32_t number);

  // Why some thread does not look labels up, and has async hooks follow them: a clause. The first reason stays.
  // Context: JS thread, of any isolate.
  void SetWhyHooks(const std::string& why);
  std::string WhyHooks();

 private:
  static constexpr size_t kHalf = 32'768;  // sets; a few MiB

  struct Half {
    std::unordered_map<std::string, uint32_t> numbers;
    std::unordered_map<uint32_t, std::string> texts;
  };

  void Add(uint32_t number, const std::string& text);  // with mutex_ held

  std::mutex mutex_;  // never taken by a handler
  Half young_;
  Half old_;
  uint32_t last_number_ = 0;
  std::string why_hooks_;
};

}  // namespace nativeprof

#endif  // NATIVEPROF_LABEL_SETS_H_
