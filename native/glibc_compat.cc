// glibc_compat.cc: what newer versions of glibc and libstdc++ export for code that their headers put into ours, and older ones do
// not have. Hidden: it is there for this addon alone. What has older versions is in glibc_pins.h.
//
// By the names that the linker has for them: the headers declare them as somebody else's, with another visibility.

#include <cstdlib>

#if defined(__GLIBC__)

#define NATIVEPROF_HIDDEN __attribute__((visibility("hidden")))

extern "C" {

// glibc 2.32: whether the process has one thread only, so that reference counts need no atomic operations. It never does here.
NATIVEPROF_HIDDEN extern char __libc_single_threaded;
char __libc_single_threaded = 0;

// std::__throw_bad_array_new_length(), GLIBCXX_3.4.29: operator new[] was asked for more than there can be. Without exceptions the
// process ends in any case.
NATIVEPROF_HIDDEN [[noreturn]] void NativeprofThrowBadArrayNewLength() __asm__("_ZSt28__throw_bad_array_new_lengthv");
void NativeprofThrowBadArrayNewLength() { std::abort(); }

// std::_Sp_make_shared_tag::_S_eq(const std::type_info&), GLIBCXX_3.4.26: whether a type is the one by which std::make_shared
// finds its object. Where types have no names, it has been compared by address before.
NATIVEPROF_HIDDEN bool NativeprofIsMakeSharedTag(const void*) __asm__("_ZNSt19_Sp_make_shared_tag5_S_eqERKSt9type_info");
bool NativeprofIsMakeSharedTag(const void*) { return false; }

}  // extern "C"

#endif  // defined(__GLIBC__)
