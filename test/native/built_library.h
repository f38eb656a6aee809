// built_library.h: libraries that a test builds with the compiler it was built with, in a folder that goes with it.

#ifndef NATIVEPROF_TEST_NATIVE_BUILT_LIBRARY_H_
#define NATIVEPROF_TEST_NATIVE_BUILT_LIBRARY_H_

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace built_library {

// What is in the file; empty if there is none.
inline std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// A folder of its own for each test program, gone at its end.
class Folder {
 public:
  Folder() {
    char pattern[] = "/tmp/native-symbols-XXXXXX";
    path_ = mkdtemp(pattern) == nullptr ? "" : pattern;
  }
  ~Folder() { static_cast<void>(std::system(("rm -rf '" + path_ + "'").c_str())); }
  // Builds a library as an addon is built; empty if that fails.
  std::string Build(const std::string& name, const std::string& flags, const std::string& source) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path + ".cc") << source;
    const char* const compiler = std::getenv("CXX");
    const std::string command = std::string(compiler == nullptr ? "g++" : compiler) + " -shared -fPIC -O1 " + flags +
                                " '" + path + ".cc' -o '" + path + ".new' && mv '" + path + ".new' '" + path + "'";
    return !path_.empty() && std::system(command.c_str()) == 0 ? path : "";
  }

 private:
  std::string path_;
};

// A static function in C++, and exported ones in C. Needs -DVERSION=<number>.
inline const char kAddon[] = R"(
namespace addon { __attribute__((noinline)) static int Inner(int value) { asm volatile("" : "+r"(value)); return value; } }
extern "C" int addon_entry(int value) { return addon::Inner(value) + VERSION; }
extern "C" void* addon_inner() { return (void*)addon::Inner; }
)";

}  // namespace built_library

#endif  // NATIVEPROF_TEST_NATIVE_BUILT_LIBRARY_H_
