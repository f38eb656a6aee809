// stack_answers.cc: see stack_answers.h.

#include "stack_answers.h"

#if defined(__linux__)

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "code_events.h"
#include "heap/trust.h"
#include "modules.h"
#include "native_symbols.h"
#include "record.h"
#include "sigprof_handler.h"
#include "stack_requests.h"
#include "timer/thread_list.h"
#include "timer/tick_signal.h"

namespace nativeprof {

namespace {

constexpr char kMagic[] = "npstacks";
constexpr size_t kHeaderBytes = 16;
constexpr size_t kWordsAtOnce = 1 << 14;  // some records, whatever their size
constexpr int kMostMillis = 500;      // that threads have for their answer
constexpr int kMillisOfHandler = 50;  // what blocks the signal for longer is no handler
constexpr int kMillisToRead = 3'000;  // that the one who asked has

ThreadRegistry* threads = nullptr;  // immutable after Start()

enum class Answer : uint8_t { kNone, kCame, kBlocked };
constexpr const char* kWords[] = {"none", "came", "blocked"};

struct AskedThread {
  pid_t tid;
  std::string name;
  Answer answer;
};

void Sleep(long millis) {
  const timespec time = {millis / 1000, millis % 1000 * 1'000'000};
  nanosleep(&time, nullptr);
}

std::string TextOf(pid_t tid, const char* file) {
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/self/task/%d/%s", static_cast<int>(tid), file);
  std::string text;
  std::FILE* const opened = std::fopen(path, "re");
  if (opened == nullptr) return text;
  char part[4096];
  for (size_t bytes; (bytes = std::fread(part, 1, sizeof(part), opened)) > 0;) text.append(part, bytes);
  std::fclose(opened);
  return text;
}

bool IsBlocked(pid_t tid, int signal) {
  const std::string status = TextOf(tid, "status");
  const size_t at = status.find("SigBlk:");
  if (at == std::string::npos) return false;
  const uint64_t blocked = std::strtoull(status.c_str() + at + std::strlen("SigBlk:"), nullptr, 16);
  return (blocked >> (signal - 1) & 1) != 0;
}

// What is there of stacks, added to `records`.
void ReadRing(std::vector<uint64_t>* records) {
  std::vector<uint64_t> words(kWordsAtOnce);
  for (size_t count; (count = StackRequests::ring().Read(words.data(), words.size())) > 0;) {
    records->insert(records->end(), words.begin(), words.begin() + static_cast<ptrdiff_t>(count));
  }
}

// Calls `visit(record, words)` for each record.
template <typename Visit>
void ForEachRecord(const std::vector<uint64_t>& records, Visit visit) {
  for (size_t at = 0; at < records.size(); at += LengthWordsOf(records[at])) visit(&records[at], LengthWordsOf(records[at]));
}

// All threads but this one.
std::vector<AskedThread> ListThreads() {
  std::vector<pid_t> tids;
  ThreadList list;
  if (!list.Open() || !list.Read(&tids)) return {};
  std::vector<AskedThread> all;
  const auto own = static_cast<pid_t>(syscall(SYS_gettid));
  for (const pid_t tid : tids) {
    if (tid == own) continue;
    std::string name = TextOf(tid, "comm");
    if (!name.empty()) name.pop_back();  // the end of the line
    all.push_back({tid, std::move(name), Answer::kBlocked});
  }
  return all;
}

// Asks each thread, and returns what comes. One that blocks the signal is not asked: it would come whenever the thread pleases.
std::vector<uint64_t> AskAll(std::vector<AskedThread>* all, int signal, uint32_t number) {
  std::vector<uint64_t> records;
  for (int millis = 0; millis < kMostMillis; ++millis) {
    if (millis > 0) Sleep(1);
    for (AskedThread& thread : *all) {
      if (thread.answer != Answer::kBlocked || millis > kMillisOfHandler || IsBlocked(thread.tid, signal)) continue;
      if (StackRequests::AskThread(thread.tid, signal, number)) thread.answer = Answer::kNone;
    }
    ReadRing(&records);
    ForEachRecord(records, [all](const uint64_t* record, size_t) {
      for (AskedThread& thread : *all) {
        if (static_cast<uint32_t>(thread.tid) == static_cast<uint32_t>(record[3] >> 32)) thread.answer = Answer::kCame;
      }
    });
    bool is_complete = true;
    for (const AskedThread& thread : *all) {
      const bool is_final = thread.answer == Answer::kCame || (thread.answer == Answer::kBlocked && millis > kMillisOfHandler);
      is_complete = is_complete && is_final;
    }
    if (is_complete) break;
  }
  return records;
}

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    char escaped[8];
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", static_cast<unsigned char>(c));
      quoted += escaped;
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string SymbolsOf(const std::vector<uint64_t>& records) {
  static NativeSymbols& symbols = *new NativeSymbols();
  static ModuleList& modules = *new ModuleList();
  if (modules.Refresh()) symbols.ForgetReplaced();
  std::map<uint64_t, std::string> found;
  ForEachRecord(records, [&found](const uint64_t* record, size_t words) {
    const size_t fixed = kSampleFixedWords + ((record[0] >> 16 & kHasLabels) != 0 ? 1 : 0);
    for (size_t i = fixed; i < words; ++i) {
      if ((record[i] & kNativeAddress) == 0) continue;
      const uint64_t address = (record[i] & ~kNativeAddress) - (i == fixed ? 0 : 1);
      if (found.count(address) != 0) continue;
      const NativeSymbol symbol = symbols.Find(static_cast<uintptr_t>(address), modules);
      found[address] = '[' + Quoted(symbol.module) + ',' + Quoted(LabelOf(symbol, static_cast<uintptr_t>(address))) + ']';
    }
  });
  std::string text = "{";
  for (const auto& [address, symbol] : found) {
    if (text.size() > 1) text += ',';
    text += '"' + std::to_string(address) + "\":" + symbol;
  }
  return text + '}';
}

std::string TextOf(const std::vector<AskedThread>& all, const std::vector<uint64_t>& records,
                   const std::vector<ThreadNews>& script_threads) {
  const auto number = [](uint64_t value) { return std::to_string(value); };
  std::string text = "{\"pid\":" + number(static_cast<uint64_t>(getpid())) +
                     ",\"isSampling\":" + (SigprofHandler::is_armed() ? "true" : "false") + ",\"tables\":\"" +
                     HeapTrust::Level() + "\",\"recordBytes\":" + number(records.size() * sizeof(uint64_t)) + ",\"threads\":[";
  for (const ThreadNews& thread : script_threads) {
    if (text.back() == '}') text += ',';
    text += "{\"number\":" + number(thread.number) + ",\"tid\":" + number(thread.tid) +
            ",\"workerId\":" + std::to_string(thread.worker_id) + ",\"name\":" + Quoted(thread.name) + ",\"codeRanges\":[" +
            number(thread.jit_range.start) + ',' + number(thread.jit_range.bytes) + ',' +
            number(thread.embedded_range.start) + ',' + number(thread.embedded_range.bytes) +
            "],\"codeBytes\":" + number(thread.code_events.size()) + '}';
  }
  text += "],\"all\":[";
  for (const AskedThread& thread : all) {
    if (text.back() == '}') text += ',';
    text += "{\"tid\":" + number(static_cast<uint64_t>(thread.tid)) + ",\"name\":" + Quoted(thread.name) +
            ",\"answer\":\"" + kWords[static_cast<size_t>(thread.answer)] + "\"}";
  }
  return text + "],\"symbols\":" + SymbolsOf(records) + '}';
}

bool Write(int file, const void* bytes, size_t size) {
  for (auto at = static_cast<const char*>(bytes); size > 0;) {
    const ssize_t written = write(file, at, size);
    if (written <= 0) return false;
    at += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

// The file with the answer; -1 if there is no room for it.
int MakeAnswer(uint32_t number) {
  char name[32];
  std::snprintf(name, sizeof(name), "nativeprof:%u", number);
  std::vector<uint64_t> records;
  ReadRing(&records);  // what came too late for an earlier request
  records.clear();
  std::vector<AskedThread> all;
  if (SigprofHandler::is_armed()) {
    all = ListThreads();
    records = AskAll(&all, TickSignal(), number);
  }
  // Behind the stacks, so that all code that they have is told of.
  const std::vector<ThreadNews> script_threads = threads->CopyNews();
  const std::string text = TextOf(all, records, script_threads);
  const int file = static_cast<int>(syscall(SYS_memfd_create, name, 1u /* MFD_CLOEXEC */));
  if (file < 0) return -1;
  const uint32_t sizes[] = {static_cast<uint32_t>(text.size()), 0};
  const uint64_t none = 0;
  bool is_written = Write(file, &none, sizeof(none)) && Write(file, sizes, sizeof(sizes)) &&
                    Write(file, text.data(), text.size()) &&
                    Write(file, records.data(), records.size() * sizeof(uint64_t));
  for (const ThreadNews& thread : script_threads) {
    is_written = is_written && Write(file, thread.code_events.data(), thread.code_events.size());
  }
  static_assert(sizeof(none) + sizeof(sizes) == kHeaderBytes);
  if (is_written && pwrite(file, kMagic, sizeof(none), 0) == sizeof(none)) return file;
  close(file);
  return -1;
}

void* AnswerAll(void*) {
  char name[16];
  std::snprintf(name, sizeof(name), "nativeprof:%d", TickSignal());
  prctl(PR_SET_NAME, name);
  uint32_t answered = 0;
  for (uint32_t number; StackRequests::Wait(&number);) {
    if (number == answered) continue;  // who asked before has an answer, too: any that came after his question
    answered = number;
    const int file = MakeAnswer(number);
    for (int millis = 0; millis < kMillisToRead && !StackRequests::IsAskedAgain(number); millis += 20) Sleep(20);
    if (file >= 0) close(file);
  }
  return nullptr;
}

}  // namespace

bool StackAnswers::Start(ThreadRegistry& registry) {
  if (threads != nullptr) return true;
  if (!StackRequests::Listen()) return false;
  CodeEvents::KeepAll();
  threads = &registry;
  sigset_t all;
  sigset_t saved;
  sigfillset(&all);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  pthread_sigmask(SIG_SETMASK, &all, &saved);  // the thread inherits it: no signal is ever handled there
  pthread_t thread;
  const int failed = pthread_create(&thread, &attributes, AnswerAll, nullptr);
  pthread_sigmask(SIG_SETMASK, &saved, nullptr);
  pthread_attr_destroy(&attributes);
  return failed == 0;
}

}  // namespace nativeprof

#else

namespace nativeprof {

bool StackAnswers::Start(ThreadRegistry&) { return false; }

}  // namespace nativeprof

#endif  // defined(__linux__)
