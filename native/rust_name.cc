// rust_name.cc: see rust_name.h.

#include "rust_name.h"

namespace nativeprof {

namespace {

constexpr size_t kHashDigits = 16;
constexpr size_t kHashCharacters = 3 + kHashDigits;  // `::h` and the digits

struct Escape {
  std::string_view spelled;
  char character;
};

constexpr Escape kEscapes[] = {
    {"SP", '@'}, {"BP", '*'}, {"RF", '&'}, {"LT", '<'}, {"GT", '>'}, {"LP", '('}, {"RP", ')'}, {"C", ','},
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// What stands between two `$`; 0 if it is no escape. `u7b` is a character of ASCII by its number.
char Unescape(std::string_view spelled) {
  for (const Escape& escape : kEscapes) {
    if (spelled == escape.spelled) return escape.character;
  }
  if (spelled.size() != 3 || spelled[0] != 'u') return 0;
  const int high = HexDigit(spelled[1]);
  const int low = HexDigit(spelled[2]);
  return high < 0 || high > 7 || low < 0 ? 0 : static_cast<char>(16 * high + low);
}

}  // namespace

bool IsRustName(std::string_view demangled) {
  if (demangled.size() <= kHashCharacters) return false;
  const std::string_view end = demangled.substr(demangled.size() - kHashCharacters);
  if (end.substr(0, 3) != "::h") return false;
  for (const char c : end.substr(3)) {
    if (HexDigit(c) < 0) return false;
  }
  return true;
}

std::string ReadableRustName(std::string_view demangled) {
  const std::string_view text = demangled.substr(0, demangled.size() - kHashCharacters);
  std::string name;
  for (size_t at = 0; at < text.size();) {
    const bool begins_part = at == 0 || text[at - 1] == ':';
    if (text[at] == '_' && begins_part && text.substr(at + 1, 1) == "$") {
      ++at;  // only there because a name may not begin with `$`
      continue;
    }
    if (text[at] == '$') {
      const size_t end = text.find('$', at + 1);
      const char character = end == std::string_view::npos ? '\0' : Unescape(text.substr(at + 1, end - at - 1));
      if (character != 0) {
        name += character;
        at = end + 1;
        continue;
      }
    }
    const bool is_path = text.substr(at, 2) == "..";
    name += is_path ? "::" : text.substr(at, 1);
    at += is_path ? 2 : 1;
  }
  return name;
}

}  // namespace nativeprof
