// constrained_name.cc: see constrained_name.h. Grammar: the Itanium C++ ABI, "Mangling", <template-args> and <encoding>.

#include "constrained_name.h"

namespace nativeprof {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Where the `Q` of the first constraint is; a `Q` in an identifier is none. Digits are the length of an identifier, unless they
// are a number: of a substitution (`S1_`, `T0_`), a literal (`Lj32E`), an array (`A3_`), or after an underscore.
size_t FindConstraint(std::string_view mangled) {
  for (size_t at = 2; at < mangled.size(); ++at) {
    if (mangled[at] == 'Q') return at;
    if (!IsDigit(mangled[at])) continue;
    const char before = mangled[at - 1];
    const bool is_number = before == 'S' || before == 'T' || before == 'A' || before == '_' ||
                           (IsLetter(before) && mangled[at - 2] == 'L');
    size_t length = 0;
    for (; at < mangled.size() && IsDigit(mangled[at]); ++at) {
      length = 10 * length + static_cast<size_t>(mangled[at] - '0');
      if (length > mangled.size()) return std::string_view::npos;
    }
    at += is_number ? 0 : length;
    --at;  // the loop steps on
  }
  return std::string_view::npos;
}

}  // namespace

std::vector<std::string> WithoutConstraint(std::string_view mangled) {
  if (mangled.substr(0, 2) != "_Z" || mangled.substr(0, 3) == "_ZZ") return {};
  const size_t constraint = FindConstraint(mangled);
  if (constraint == std::string_view::npos) return {};
  const std::string before(mangled.substr(0, constraint));
  // After all parameters; in the template arguments of a member (E of the arguments, E of the nested name), then of a function
  // outside of any class. A template's return type comes before its parameters; a constructor has none.
  return {before, before + "EEvv", before + "EEv", before + "Evv"};
}

}  // namespace nativeprof
