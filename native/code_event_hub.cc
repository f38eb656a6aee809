// code_event_hub.cc: see code_event_hub.h.

#include "code_event_hub.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <link.h>
#endif

#if defined(__linux__)
extern "C" __attribute__((visibility("default"))) const nativeprof::CodeEventHub* nativeprof_code_event_hub_1();
#endif

namespace nativeprof {

namespace {

struct Subscription {
  v8::Isolate* isolate;
  v8::JitCodeEventHandler handler;
};

// Events come on the thread of their isolate, but for moves, which come from threads of the collector as well, while that waits.
// They live as long as the process.
std::mutex& mutex = *new std::mutex();
std::vector<Subscription>& subscriptions = *new std::vector<Subscription>();
thread_local v8::JitCodeEventHandler lists_for = nullptr;  // V8 lists on the thread that asks

using Handlers = std::vector<v8::JitCodeEventHandler>;

// What each handler wants to be handed back between the begin of a table of positions and its end.
using UserData = std::vector<std::pair<v8::JitCodeEventHandler, void*>>;

Handlers HandlersOf(v8::Isolate* isolate) {
  if (lists_for != nullptr) return {lists_for};
  const std::lock_guard<std::mutex> lock(mutex);
  Handlers handlers;
  for (const Subscription& each : subscriptions) {
    if (each.isolate == isolate) handlers.push_back(each.handler);
  }
  return handlers;
}

// V8 hands the event's user_data back in those that follow, and has room for that of one handler.
void HandOnPositions(const v8::JitCodeEvent* event) {
  v8::JitCodeEvent copy = *event;
  if (event->type == v8::JitCodeEvent::CODE_START_LINE_INFO_RECORDING) {
    auto* const all = new UserData();
    for (const v8::JitCodeEventHandler handler : HandlersOf(event->isolate)) {
      copy.user_data = nullptr;
      handler(&copy);
      all->emplace_back(handler, copy.user_data);
    }
    const_cast<v8::JitCodeEvent*>(event)->user_data = all;
    return;
  }
  auto* const all = static_cast<UserData*>(event->user_data);
  if (all == nullptr) return;
  for (const auto& [handler, data] : *all) {
    copy.user_data = data;
    handler(&copy);
  }
  if (event->type == v8::JitCodeEvent::CODE_END_LINE_INFO_RECORDING) delete all;
}

void HandOn(const v8::JitCodeEvent* event) {
  switch (event->type) {
    case v8::JitCodeEvent::CODE_START_LINE_INFO_RECORDING:
    case v8::JitCodeEvent::CODE_ADD_LINE_POS_INFO:
    case v8::JitCodeEvent::CODE_END_LINE_INFO_RECORDING:
      return HandOnPositions(event);
    default:
      for (const v8::JitCodeEventHandler handler : HandlersOf(event->isolate)) handler(event);
  }
}

// One handler is V8's own to call.
void Install(v8::Isolate* isolate, v8::JitCodeEventOptions options, v8::JitCodeEventHandler only) {
  const Handlers handlers = HandlersOf(isolate);
  const v8::JitCodeEventHandler handler =
      handlers.empty() ? nullptr : handlers.size() == 1 && (only == nullptr || only == handlers[0]) ? handlers[0] : HandOn;
  lists_for = only;
  isolate->SetJitCodeEventHandler(options, handler);
  lists_for = nullptr;
}

void Subscribe(v8::Isolate* isolate, v8::JitCodeEventHandler handler) {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const bool is_known = std::any_of(subscriptions.begin(), subscriptions.end(), [&](const Subscription& each) {
      return each.isolate == isolate && each.handler == handler;
    });
    if (is_known) return;
    subscriptions.push_back({isolate, handler});
  }
  Install(isolate, v8::kJitCodeEventDefault, nullptr);
}

void List(v8::Isolate* isolate, v8::JitCodeEventHandler handler) {
  Install(isolate, v8::kJitCodeEventEnumExisting, handler);
}

void Unsubscribe(v8::Isolate* isolate, v8::JitCodeEventHandler handler) {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    const auto is_meant = [&](const Subscription& each) { return each.isolate == isolate && each.handler == handler; };
    subscriptions.erase(std::remove_if(subscriptions.begin(), subscriptions.end(), is_meant), subscriptions.end());
  }
  Install(isolate, v8::kJitCodeEventDefault, nullptr);
}

constexpr CodeEventHub kOwnHub = {Subscribe, List, Unsubscribe};

// Libraries are listed in the order in which they were loaded.
#if defined(__linux__)
constexpr char kHubSymbol[] = "nativeprof_code_event_hub_1";
constexpr char kFilePrefix[] = "nativeprof.";

int FindHub(dl_phdr_info* info, size_t, void* found) {
  const char* const slash = std::strrchr(info->dlpi_name, '/');
  if (slash == nullptr || std::strncmp(slash + 1, kFilePrefix, sizeof(kFilePrefix) - 1) != 0) return 0;
  *static_cast<std::string*>(found) = info->dlpi_name;
  return 1;
}

const CodeEventHub* HubOfFirstCopy() {
  std::string path;
  dl_iterate_phdr(FindHub, &path);
  void* const library = path.empty() ? nullptr : dlopen(path.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return nullptr;
  using Function = const CodeEventHub* (*)();
  const auto function = reinterpret_cast<Function>(dlsym(library, kHubSymbol));
  dlclose(library);  // it stays: this only gives back what dlopen() has counted
  return function == nullptr ? nullptr : function();
}
#else
const CodeEventHub* HubOfFirstCopy() { return nullptr; }
#endif

}  // namespace

const CodeEventHub& TheCodeEventHub() {
  static const CodeEventHub* const first = HubOfFirstCopy();
  return first == nullptr ? kOwnHub : *first;
}

}  // namespace nativeprof

#if defined(__linux__)
extern "C" const nativeprof::CodeEventHub* nativeprof_code_event_hub_1() { return &nativeprof::kOwnHub; }
#endif
