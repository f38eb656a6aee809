// stack_answers.cc: see stack_answers.h.

#include "stack_answers.h"

#if defined(__linux__)

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "code_events.h"
#include "heap/trust.h"
#include "modules.h"
#include "native_symbols.h"
#include "quiet_thread.h"
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

// The beginning of it, with all that is wanted here.
std::string TextOf(pid_t tid, const char* file) {
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/self/task/%d/%s", static_cast<int>(tid), file);
  char text[4096];
  const int opened = open(path, O_RDONLY | O_CLOEXEC);
  if (opened < 0) return {};
  const ssize_t bytes = read(opened, text, sizeof(text));
  close(opened);
  return std::string(text, bytes < 0 ? 0 : static_cast<size_t>(bytes));
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

// A text in JSON.
class Json {
 public:
  Json& Raw(const char* text) {
    text_.append(text);
    return *this;
  }
  Json& Number(uint64_t value) {
    char digits[24];
    std::snprintf(digits, sizeof(digits), "%" PRIu64, value);
    return Raw(digits);
  }
  Json& Text(const std::string& text) {
    Raw("\"");
    for (const char c : text) {
      char escaped[8] = {c};
      if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
        std::snprintf(escaped, sizeof(escaped), "\\u%04x", static_cast<unsigned char>(c));
      }
      Raw(escaped);
    }
    return Raw("\"");
  }
  // What stands between two items of a list, unless this is the first.
  Json& Next() { return text_.back() == '[' || text_.back() == '{' ? *this : Raw(","); }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void AppendSymbols(const std::vector<uint64_t>& records, Json* json) {
  static NativeSymbols& symbols = *new NativeSymbols();
  static ModuleList& modules = *new ModuleList();
  if (modules.Refresh()) symbols.ForgetReplaced();
  std::vector<uint64_t> done;
  ForEachRecord(records, [&done, json](const uint64_t* record, size_t words) {
    const size_t fixed = kSampleFixedWords + ((record[0] >> 16 & kHasLabels) != 0 ? 1 : 0);
    for (size_t i = fixed; i < words; ++i) {
      const uint64_t address = (record[i] & ~kNativeAddress) - (i == fixed ? 0 : 1);
      if ((record[i] & kNativeAddress) == 0 || std::find(done.begin(), done.end(), address) != done.end()) continue;
      done.push_back(address);
      const NativeSymbol symbol = symbols.Find(static_cast<uintptr_t>(address), modules);
      json->Next().Raw("\"").Number(address).Raw("\":[").Text(symbol.module).Raw(",");
      json->Text(LabelOf(symbol, static_cast<uintptr_t>(address))).Raw("]");
    }
  });
}

Json Describe(const std::vector<AskedThread>& all, const std::vector<uint64_t>& records,
              const std::vector<ThreadNews>& script_threads) {
  Json json;
  json.Raw("{\"pid\":").Number(static_cast<uint64_t>(getpid()));
  json.Raw(",\"isSampling\":").Raw(SigprofHandler::is_armed() ? "true" : "false");
  json.Raw(",\"tables\":\"").Raw(HeapTrust::Level());
  json.Raw("\",\"recordBytes\":").Number(records.size() * sizeof(uint64_t)).Raw(",\"threads\":[");
  for (const ThreadNews& thread : script_threads) {
    json.Next().Raw("{\"number\":").Number(thread.number).Raw(",\"tid\":").Number(thread.tid);
    json.Raw(",\"workerId\":").Number(static_cast<uint64_t>(thread.worker_id)).Raw(",\"name\":").Text(thread.name);
    json.Raw(",\"codeRanges\":[").Number(thread.jit_range.start).Raw(",").Number(thread.jit_range.bytes).Raw(",");
    json.Number(thread.embedded_range.start).Raw(",").Number(thread.embedded_range.bytes);
    json.Raw("],\"codeBytes\":").Number(thread.code_events.size()).Raw("}");
  }
  json.Raw("],\"all\":[");
  for (const AskedThread& thread : all) {
    json.Next().Raw("{\"tid\":").Number(static_cast<uint64_t>(thread.tid)).Raw(",\"name\":").Text(thread.name);
    json.Raw(",\"answer\":\"").Raw(kWords[static_cast<size_t>(thread.answer)]).Raw("\"}");
  }
  json.Raw("],\"symbols\":{");
  AppendSymbols(records, &json);
  json.Raw("}}");
  return json;
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
  const Json json = Describe(all, records, script_threads);
  const std::string& text = json.text();
  const int file = static_cast<int>(syscall(SYS_memfd_create, name, 1u /* MFD_CLOEXEC */));
  if (file < 0) return -1;
  size_t behind_text = records.size() * sizeof(uint64_t);
  for (const ThreadNews& thread : script_threads) behind_text += thread.code_events.size();
  const uint32_t sizes[] = {static_cast<uint32_t>(text.size()), static_cast<uint32_t>(behind_text)};
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
  return StartQuietThread(AnswerAll, 256 * 1024);
}

}  // namespace nativeprof

#else

namespace nativeprof {

bool StackAnswers::Start(ThreadRegistry&) { return false; }

}  // namespace nativeprof

#endif  // defined(__linux__)
