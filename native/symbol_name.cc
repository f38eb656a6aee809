// symbol_name.cc: takes apart the text that the C++ runtime's demangler gives. The grammar of that text is not written down
// anywhere; what cannot be taken apart is shown whole. Neighbour: rust_name.h.

#include "symbol_name.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

#include "constrained_name.h"
#include "rust_name.h"

namespace nativeprof {

namespace {

// The demangler recurses by the length of what it reads; the longest name in node 26 has 4 KiB.
constexpr size_t kLongestMangledName = 16 * 1024;

constexpr std::string_view kAnonymous = "(anonymous namespace)";

bool StartsWith(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

bool IsIdentifierCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

// One pass over a demangled name, from left to right. What stands before a space outside of all brackets is a return type,
// or a word like `virtual thunk to`: then what was kept so far is forgotten.
class DemangledName {
 public:
  explicit DemangledName(std::string_view text) : text_(text) {}

  // The name alone; empty if the brackets do not match, or nothing is left.
  std::string Shorten() {
    while (at_ < text_.size() && !failed_) Step();
    while (!name_.empty() && name_.back() == ' ') name_.pop_back();
    return failed_ ? std::string() : name_;
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }

  void Keep(size_t characters) {
    name_ += text_.substr(at_, characters);
    at_ += characters;
  }

  void Step() {
    if (KeepAnonymous()) return;
    switch (text_[at_]) {
      case '(':
        return Parentheses();
      case '<':
        return TemplateArguments();
      case '{':
        return Braces();
      case '[':  // an ABI tag, or the `[clone .cold]` of a suffix
        return SkipGroup();
      case ' ':
        return Space();
      default:
        return IsAtOperator() ? Operator() : Keep(1);
    }
  }

  bool KeepAnonymous() {
    if (!StartsWith(rest(), kAnonymous)) return false;
    Keep(kAnonymous.size());
    return true;
  }

  // Parameters, except in `void (*name(int))(char)`: there the name is within.
  void Parentheses() {
    const size_t begin = at_ + 1;
    SkipGroup();
    if (failed_ || !name_.empty() || at_ < begin + 2 || (text_[begin] != '*' && text_[begin] != '&')) return;
    text_ = text_.substr(begin, at_ - 1 - begin);
    at_ = text_.find_first_not_of("*& ");
    if (at_ == std::string_view::npos) failed_ = true;
  }

  void TemplateArguments() {
    const size_t begin = at_;
    SkipGroup();
    const std::string_view whole = text_.substr(begin, at_ - begin);
    name_ += whole.size() - 2 > kLongestTemplateArguments ? "<...>" : whole;
  }

  // `{lambda(int)#1}` without its parameters; `{unnamed type#1}`.
  void Braces() {
    const size_t begin = at_;
    SkipGroup();
    const size_t end = at_;
    for (at_ = begin; at_ < end && !failed_;) {
      if (text_[at_] == '(' || text_[at_] == '<') {
        SkipGroup();
      } else {
        Keep(1);
      }
    }
  }

  void Space() {
    ++at_;
    for (const std::string_view qualifier : {"const", "volatile", "noexcept", "&&", "&"}) {
      if (!StartsWith(rest(), qualifier)) continue;
      const std::string_view after = rest().substr(qualifier.size());
      if (!after.empty() && after.front() != ' ' && after.front() != ':') continue;
      at_ += qualifier.size();
      return;
    }
    if (rest().empty() || rest().front() == '[') return;  // `[clone .cold]`
    if (StartsWith(rest(), "(.")) return SkipGroup();     // `(.cold)`, as LLVM writes it
    if (rest().front() == '<') {                          // `operator< <int>`
      name_ += ' ';
      return;
    }
    if (StartsWith(rest(), "requires ") && !name_.empty()) {
      at_ = text_.size();
      return;
    }
    name_.clear();
  }

  bool IsAtOperator() const {
    constexpr size_t kCharacters = 8;
    return StartsWith(rest(), "operator") && (name_.empty() || !IsIdentifierCharacter(name_.back())) &&
           rest().size() > kCharacters && !IsIdentifierCharacter(rest()[kCharacters]);
  }

  void Operator() {
    Keep(8);
    // Longer before shorter, where one begins the other.
    for (const std::string_view symbol :
         {"()",  "[]", " new[]", " new", " delete[]", " delete", " co_await", "<=>", "<<=", ">>=", "->*", "<<",
          ">>",  "<=", ">=",     "==",   "!=",        "&&",      "||",        "++",  "--",  "+=",  "-=",  "*=",
          "/=",  "%=", "^=",     "&=",   "|=",        "->",      "+",         "-",   "*",   "/",   "%",   "^",
          "&",   "|",  "~",      "!",    "=",         "<",       ">",         ","}) {
      if (!StartsWith(rest(), symbol)) continue;
      const std::string_view after = rest().substr(symbol.size());
      const bool is_word = symbol.front() == ' ';
      if (is_word && !after.empty() && IsIdentifierCharacter(after.front())) continue;  // a type `newer`
      return Keep(symbol.size());
    }
    if (StartsWith(rest(), "\"\"")) {  // `operator"" _km`
      Keep(2);
      if (StartsWith(rest(), " ")) ++at_;
      return;
    }
    ConversionType();
  }

  // `operator unsigned long() const`: spaces belong to the type.
  void ConversionType() {
    while (at_ < text_.size() && !failed_) {
      if (KeepAnonymous()) continue;
      const char c = text_[at_];
      if (c == '(') return;
      if (c == '<') {
        TemplateArguments();
      } else if (c == '[') {
        SkipGroup();
      } else {
        Keep(1);
      }
    }
  }

  // From an opening bracket to behind its closing one. Angle brackets within others may be operators: the demangler puts
  // parentheses around every expression that has one.
  void SkipGroup() {
    std::string closers;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '(') {
        closers += ')';
      } else if (c == '{') {
        closers += '}';
      } else if (c == '[') {
        closers += ']';
      } else if (c == '<' && (closers.empty() || closers.back() == '>')) {
        closers += '>';
      } else if (c == closers.back() && !(c == '>' && text_[at_ - 1] == '-')) {
        closers.pop_back();
        if (closers.empty()) {
          ++at_;
          return;
        }
      }
    }
    failed_ = true;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string name_;
  bool failed_ = false;
};

bool IsCloneSuffix(std::string_view word) {
  if (word.find_first_not_of("0123456789") == std::string_view::npos) return true;
  for (const std::string_view known :
       {"cold", "isra", "constprop", "part", "llvm", "lto_priv", "localalias", "unlikely", "startup", "exit", "hot"}) {
    if (word == known) return true;
  }
  return false;
}

std::string_view WithoutSuffixes(std::string_view name) {
  const size_t version = name.find('@', 1);
  if (version != std::string_view::npos) name = name.substr(0, version);
  for (;;) {
    const size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || !IsCloneSuffix(name.substr(dot + 1))) return name;
    name = name.substr(0, dot);
  }
}

std::string DemangleExactly(const std::string& mangled) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> demangled(
      abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 && demangled != nullptr ? std::string(demangled.get()) : std::string();
}

// Empty if it is no C++ name.
std::string Demangle(std::string_view linker_name) {
  // Without the check, `i` would be `int`.
  if (!StartsWith(linker_name, "_Z") || linker_name.size() > kLongestMangledName) return std::string();
  std::string demangled = DemangleExactly(std::string(linker_name));
  if (!demangled.empty()) return demangled;
  for (const std::string& without : WithoutConstraint(linker_name)) {
    demangled = DemangleExactly(without);
    if (!demangled.empty()) break;
  }
  return demangled;
}

}  // namespace

std::string ReadableSymbolName(std::string_view linker_name) {
  const std::string_view bare = WithoutSuffixes(linker_name);
  const std::string demangled = Demangle(bare);
  if (demangled.empty()) return PrintableName(std::string(bare));
  if (IsRustName(demangled)) return PrintableName(ReadableRustName(demangled));
  const std::string name = DemangledName(demangled).Shorten();
  return PrintableName(name.empty() ? demangled : name);
}

std::string PrintableName(std::string name) {
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  }
  if (name.size() <= kLongestSymbolName) return name;
  size_t end = kLongestSymbolName - 3;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;  // not within a UTF-8 character
  return name.substr(0, end) + "...";
}

}  // namespace nativeprof
