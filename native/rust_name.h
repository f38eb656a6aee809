// rust_name.h: names of Rust functions in the older mangling, which looks like C++ (`_ZN…17h<hash>E`) once demangled as such:
// punctuation is still spelled `$LT$`, and a hash ends it. Rules: rustc's symbol_names/legacy.rs. Pure.

#ifndef NATIVEPROF_RUST_NAME_H_
#define NATIVEPROF_RUST_NAME_H_

#include <string>
#include <string_view>

namespace nativeprof {

// Whether it ends with `::h` and 16 hexadecimal digits.
// Context: any thread.
bool IsRustName(std::string_view demangled);

// `_$LT$T$u20$as$u20$core..Any$GT$::id::h0123456789abcdef` becomes `<T as core::Any>::id`. For an IsRustName() only.
// Context: any thread.
std::string ReadableRustName(std::string_view demangled);

}  // namespace nativeprof

#endif  // NATIVEPROF_RUST_NAME_H_
