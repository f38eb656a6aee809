// code_kind.h: which compiler made a piece of JavaScript's code, by V8's name for it. Pure.

#ifndef NATIVEPROF_CODE_KIND_H_
#define NATIVEPROF_CODE_KIND_H_

#include <cstddef>
#include <string_view>

#include "heap/code_tables.h"

namespace nativeprof {

// What kind of code a name of V8's is of, as `JS:*parse /app/file.js:10:3`; false if it is no JavaScript. lib/code-name.ts
// has the whole form.
// Context: any thread.
inline bool FindKind(std::string_view name, CodeKind* kind) {
  size_t at = name.find(':') + 1;
  if (at == 0 || at == name.size()) return false;
  if (name[at] == 'o' && at + 1 < name.size()) ++at;
  switch (name[at]) {
    case '~':
      *kind = CodeKind::kBytecode;
      return true;
    case '^':
      *kind = CodeKind::kBaseline;
      return true;
    case '+':
      *kind = CodeKind::kMaglev;
      return true;
    case '*':
      *kind = CodeKind::kTurbofan;
      return true;
    default:
      return false;
  }
}

}  // namespace nativeprof

#endif  // NATIVEPROF_CODE_KIND_H_
