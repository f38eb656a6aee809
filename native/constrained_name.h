// constrained_name.h: C++20 names with a `requires` clause in them, for demanglers that do not know that part of the mangling, as
// libstdc++'s of GCC 12 does not. In node 26 this gives names to 600 of 136,000 functions, among them those of V8's hash tables;
// 1,850 with constraints in other places (`Tk`, `Tn`, lambdas within) stay as the linker has them there. Pure.

#ifndef NATIVEPROF_CONSTRAINED_NAME_H_
#define NATIVEPROF_CONSTRAINED_NAME_H_

#include <string>
#include <string_view>
#include <vector>

namespace nativeprof {

// The mangled name up to its constraint, closed in the ways that may fit, the likeliest first: one that demangles has the
// same name and template arguments, and wrong parameters. Empty if there is no constraint, or the name goes on after the
// function that has it (a lambda within it).
// Context: any thread.
std::vector<std::string> WithoutConstraint(std::string_view mangled);

}  // namespace nativeprof

#endif  // NATIVEPROF_CONSTRAINED_NAME_H_
