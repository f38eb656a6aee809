// label_sets.cc: see label_sets.h.

#include "label_sets.h"

#include <utility>

namespace nativeprof {

void LabelSets::Add(uint32_t number, const std::string& text) {
  if (young_.texts.size() >= kHalf) old_ = std::exchange(young_, {});
  young_.numbers.emplace(text, number);
  young_.texts.emplace(number, text);
}

uint32_t LabelSets::NumberOf(const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto young = young_.numbers.find(text);
  if (young != young_.numbers.end()) return young->second;
  const auto old = old_.numbers.find(text);
  uint32_t number;
  if (old != old_.numbers.end()) {
    number = old->second;
  } else {
    // After a thousand million sets numbers are given again, but none that is known.
    do {
      last_number_ = last_number_ % kMostLabelNumber + 1;
      number = last_number_;
    } while (young_.texts.count(number) != 0 || old_.texts.count(number) != 0);
  }
  Add(number, text);
  return number;
}

std::string LabelSets::TextOf(uint32_t number) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Half* half : {&young_, &old_}) {
    const auto found = half->texts.find(number);
    if (found != half->texts.end()) return found->second;
  }
  return "";
}

void LabelSets::SetWhyHooks(const std::string& why) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (why_hooks_.empty()) why_hooks_ = why;
}

std::string LabelSets::WhyHooks() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return why_hooks_;
}

}  // namespace nativeprof
