// symbol_name.h: a linker symbol as a person wants to read it in a flame graph: demangled, without parameters and return type.
//
// `_ZNK2v88internal4Heap3GetIiEEvT_.isra.0` becomes `v8::internal::Heap::Get<int>`. Runs on the JS thread: it allocates.

#ifndef NATIVEPROF_SYMBOL_NAME_H_
#define NATIVEPROF_SYMBOL_NAME_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace nativeprof {

// Template arguments longer than this are shown as `<...>`: they would push the function's own name out of its box.
inline constexpr size_t kLongestTemplateArguments = 40;

// A name is cut there, with `...` at its end. Only generated code has such names.
inline constexpr size_t kLongestSymbolName = 1024;

// Keeps namespaces, classes, short template arguments, `(anonymous namespace)`, lambdas as `{lambda#1}` and operators.
// Drops parameters, return types, qualifiers, ABI tags, symbol versions (`@@GLIBC_2.14`), what the compiler appends to its
// clones (`.isra.0`, `.cold`, `.llvm.123`) and the hash that ends a Rust name. Rust's newer mangling (`_R…`), which the C++
// runtime does not know, stays as the linker has it. No control characters; empty only if `linker_name` is.
// Context: JS thread.
std::string ReadableSymbolName(std::string_view linker_name);

// Control characters become `?`: a line break would end the line of a collapsed stack. Cut to kLongestSymbolName.
// Context: JS thread.
std::string PrintableName(std::string name);

}  // namespace nativeprof

#endif  // NATIVEPROF_SYMBOL_NAME_H_
