// symbol_name_test.cc: what becomes of a linker symbol. The mangled names are from node's own symbol table, from libstdc++
// and from g++, clang and rustc; what is wanted of each is written by hand.
// With: constrained_name.cc rust_name.cc symbol_name.cc

#include "symbol_name.h"

#include <string>

#include "tap.h"

using nativeprof::ReadableSymbolName;

namespace {

struct Case {
  const char* linker_name;
  const char* wanted;
};

template <size_t kCount>
void CheckAll(const Case (&cases)[kCount]) {
  for (const Case& one : cases) {
    const std::string found = ReadableSymbolName(one.linker_name);
    if (!CHECK(found == one.wanted)) {
      std::printf("  #   %s: %s and not %s\n", one.linker_name, found.c_str(), one.wanted);
    }
  }
}

}  // namespace

TEST("names of C stay as they are, without versions and without what compilers append") {
  CheckAll({{"malloc", "malloc"},
            {"i", "i"},
            {"_start", "_start"},
            {"uv__io_poll", "uv__io_poll"},
            {"memcpy@@GLIBC_2.14", "memcpy"},
            {"_Unwind_Resume@GCC_3.0", "_Unwind_Resume"},
            {"uv__read.isra.0", "uv__read"},
            {"deflate_slow.part.0.constprop.1.cold", "deflate_slow"},
            {"inflate.llvm.1234567890123456789", "inflate"},
            {"counter.3", "counter"},
            {"sum.avx2", "sum.avx2"},
            {".cold", ".cold"},
            {"@", "@"},
            {"", ""}});
}

TEST("parameters, qualifiers and return types are dropped; namespaces and classes stay") {
  CheckAll({{"_ZN4node9inspector5Agent5StartERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE",
             "node::inspector::Agent::Start"},
            {"_ZNK2v88internal4Heap12SizeOfObjectEv", "v8::internal::Heap::SizeOfObject"},
            {"_ZN3FooC2Ei", "Foo::Foo"},
            {"_ZN3FooD0Ev", "Foo::~Foo"},
            {"_Z3maxIiET_S0_S0_", "max<int>"},
            {"_Z1fIiEPFvcET_", "f<int>"},                  // void (*f<int>(int))(char)
            {"_Z1gIiERA3_KiT_", "g<int>"},                 // int const (&g<int>(int)) [3]
            {"_Z1hIiEDTcl1kfp_EET_", "h<int>"},            // decltype (k({parm#1})) h<int>(int)
            {"_Z1cIiEPKcT_", "c<int>"},                    // char const* c<int>(int)
            {"_Z1uIiEmT_", "u<int>"},                      // unsigned long u<int>(int)
            {"_ZNKR1S3getEv", "S::get"},                   // S::get() const &
            {"_ZThn16_N4node9TimerWrap5CloseEv", "node::TimerWrap::Close"},  // non-virtual thunk to
            {"_ZN4node4ReadEPFvPvES0_", "node::Read"}});
}

TEST("clones of the compiler have the name of what they were cloned from") {
  CheckAll({{"_ZN2v88internal6ParserC1Ev.cold", "v8::internal::Parser::Parser"},
            {"_ZN2v88internal7Scanner4ScanEv.part.0.isra.0", "v8::internal::Scanner::Scan"},
            {"_ZN3Foo3barEv.llvm.8237417628", "Foo::bar"},
            {"_Z3sumv.avx2", "sum"}});
}

TEST("template arguments stay when short") {
  CheckAll({{"_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int> >::push_back"},
            {"_ZN3BoxILi3EE3getEv", "Box<3>::get"},
            {"_ZN3BoxIXgtLi3ELi2EEE3getEv", "Box<((3)>(2))>::get"},
            {"_ZNSt8functionIFviEE4callEi", "std::function<void (int)>::call"},
            {"_ZNSt3mapINSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEiSt4lessIS5_ESaISt4pairIKS5_iEEE4findERS9_",
             "std::map<...>::find"},
            {"_ZN2v88internal12_GLOBAL__N_120ElementsAccessorBaseINS1_21TypedElementsAccessorILNS0_12ElementsKindE18EhEENS1_"
             "18ElementsKindTraitsILS4_18EEEE3PopENS0_12DirectHandleINS0_7JSArrayEEE",
             "v8::internal::(anonymous namespace)::ElementsAccessorBase<...>::Pop"}});
}

TEST("anonymous namespaces, lambdas and ABI tags") {
  CheckAll({{"_ZN4node12_GLOBAL__N_14InitEv", "node::(anonymous namespace)::Init"},
            {"_ZZN4node4LoadEiENKUlRKiE_clES1_", "node::Load::{lambda#1}::operator()"},
            {"_ZZNK4node4Load3getEvENKUlvE0_clEv", "node::Load::get::{lambda#2}::operator()"},
            {"_ZZN1A1fEvENUliE_4_FUNEi", "A::f::{lambda#1}::_FUN"},
            {"_ZN3Foo4nameB5cxx11Ev", "Foo::name"},
            {"_ZNSt7__cxx119to_stringEi", "std::__cxx11::to_string"}});
}

TEST("operators are names, whatever they are made of") {
  CheckAll({{"_ZN3FooclEi", "Foo::operator()"},
            {"_ZN3FooixEm", "Foo::operator[]"},
            {"_ZNK3FooltERKS_", "Foo::operator<"},
            {"_ZltIiEbRK3BoxIT_ES4_", "operator< <int>"},
            {"_ZlsIiERSoS0_RK3BoxIT_E", "operator<< <int>"},
            {"_ZNK3FooptEv", "Foo::operator->"},
            {"_ZN3FoogtERKS_", "Foo::operator>"},
            {"_ZN3FoossERKS_", "Foo::operator<=>"},
            {"_ZN3FooaSERKS_", "Foo::operator="},
            {"_Znwm", "operator new"},
            {"_ZdaPv", "operator delete[]"},
            {"_ZNK3FoocvbEv", "Foo::operator bool"},
            {"_ZNK3FoocvmEv", "Foo::operator unsigned long"},
            {"_ZNK3Foocv3newEv", "Foo::operator new"},
            {"_ZNK3Foocv5newerEv", "Foo::operator newer"},
            {"_ZN3FoocvSt6vectorIiSaIiEEEv", "Foo::operator std::vector<int, std::allocator<int> >"},
            {"_Zli3_kmy", "operator\"\"_km"},
            {"_ZN4node11operatorialEi", "node::operatorial"}});
}

TEST("a constraint, which older runtimes cannot read, does not hide the name") {
  CheckAll({{"_ZN2v88internal10FixedArray16RightTrimOrEmptyINS0_6HandleEQsr3stdE16is_convertible_vIT_IS1_ENS0_12DirectHandleIS1_"
             "EEEEES5_PNS0_7IsolateES5_j",
             "v8::internal::FixedArray::RightTrimOrEmpty<v8::internal::Handle>"},
            {"_ZN2v84base4bits15CountPopulationIjEEjT_Qaasr3stdE13is_unsigned_vIS3_Ele16sizeofS3_Li8E",
             "v8::base::bits::CountPopulation<unsigned int>"},
            {"_ZN2v88internal11PropertyKeyC2INS0_6HandleEQsr3stdE16is_convertible_vIT0_IT_ENS0_12DirectHandleIS6_EEEEEPNS0_"
             "7IsolateES7_",
             "v8::internal::PropertyKey::PropertyKey<v8::internal::Handle>"},
            {"_Z4sizeIiQltstT_Li8EEmS0_", "size<int>"},
            {"_ZN2v85Queue4PushEi", "v8::Queue::Push"},
            {"_ZN5QueueILj32EE4PushEXX", "_ZN5QueueILj32EE4PushEXX"},
            {"_ZN1QEXX", "_ZN1QEXX"}});
}

TEST("Rust names lose their hash, and have their punctuation") {
  CheckAll({{"_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write"},
            {"_ZN45_$LT$T$u20$as$u20$core..any..Any$u2b$Send$GT$7type_id17h0123456789abcdefE",
             "<T as core::any::Any+Send>::type_id"},
            {"_ZN3app4main28_$u7b$$u7b$closure$u7d$$u7d$17hfedcba9876543210E.llvm.77", "app::main::{{closure}}"},
            {"_ZN3app3runE", "app::run"},
            {"_RNvCs1234_7mycrate3foo", "_RNvCs1234_7mycrate3foo"}});
}

TEST("what is no name the demangler knows is shown as it is, on one line and not endlessly") {
  CheckAll({{"_Z", "_Z"}, {"_ZN", "_ZN"}, {"_ZN3Fo", "_ZN3Fo"}, {"a\nb\tc\x7f", "a?b?c?"}, {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"}});
  const std::string found = ReadableSymbolName(std::string(nativeprof::kLongestSymbolName - 4, 'a') + "\xc3\xbc" + "bbb");
  CHECK(found == std::string(nativeprof::kLongestSymbolName - 4, 'a') + "...");
  CHECK_EQUAL(ReadableSymbolName("_Z" + std::string(1 << 20, 'P')).size(), nativeprof::kLongestSymbolName);
}

int main(int argc, char** argv) { return tap::RunTests(argc, argv); }
