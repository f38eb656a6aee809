// unwind_rules.cc: see unwind_rules.h.

#include "unwind_rules.h"

#include <algorithm>
#include <cstring>

namespace nativeprof {

// .eh_frame_hdr and what it points to of .eh_frame, one behind the other.
struct UnwindTables::Copy {
  std::vector<uint8_t> bytes;
  Section header;  // in `bytes`, with the addresses of the originals
  Section frames;
};

namespace {

// .eh_frame from its start to the end of the segment, where .eh_frame_hdr lies as well.
Section FramesOf(const Module& module, const EhFrameIndex& index) {
  if (index.count == 0 || index.frames < module.readonly_start || index.frames >= module.readonly_end) return Section();
  return {reinterpret_cast<const uint8_t*>(index.frames), module.readonly_end - index.frames, index.frames};
}

// The part of `frames` up to the last FDE of the table. A CIE stands before its FDEs.
Section UsedPart(const Section& header, const EhFrameIndex& index, const Section& frames) {
  uintptr_t last = 0;
  for (size_t i = 0; i < index.count; ++i) {
    DwarfReader reader(header, index.table + i * EhFrameIndex::kEntryBytes + 4);
    const uintptr_t entry = header.address + static_cast<uintptr_t>(int64_t{reader.S32()});
    if (frames.Contains(entry)) last = std::max(last, entry);
  }
  const uintptr_t end = EhFrame::EndOfEntry(frames, last);
  return {frames.bytes, end == 0 ? 0 : end - frames.address, frames.address};
}

}  // namespace

std::unique_ptr<const UnwindTables> UnwindTables::Make(const ModuleList& modules, const UnwindTables* before) {
  std::unique_ptr<UnwindTables> tables(new UnwindTables());
  tables->entries_.reserve(modules.modules().size());
  for (const Module& module : modules.modules()) tables->entries_.push_back({module.start, module.end, {}, nullptr});
  const Module* const first = modules.modules().data();
  modules.VisitLoaded([&](const Module& module) {
    if (module.eh_frame_hdr != 0) AddRules(module, before, &tables->entries_[static_cast<size_t>(&module - first)]);
  });
  return tables;
}

// The module must be loaded, and stay so for as long as this runs.
void UnwindTables::AddRules(const Module& module, const UnwindTables* before, Entry* entry) {
  const Section header = {reinterpret_cast<const uint8_t*>(module.eh_frame_hdr), module.eh_frame_hdr_bytes,
                          module.eh_frame_hdr};
  const EhFrameIndex index = EhFrameIndex::Read(header);
  const Section frames = FramesOf(module, index);
  if (frames.size == 0) return;
  if (module.is_program || module.path == "[vdso]") {
    entry->rules = EhFrame(header, frames);
    return;
  }

  const Entry* const known = before == nullptr ? nullptr : before->FindEntry(module.start);
  // Another library, or another version of it, may have come to lie in the same place: its table has other numbers.
  const bool is_same = known != nullptr && known->copy != nullptr && known->start == module.start &&
                       known->end == module.end && known->copy->header.address == header.address &&
                       known->copy->header.size == header.size &&
                       std::memcmp(known->copy->header.bytes, header.bytes, header.size) == 0;
  if (is_same) {
    entry->rules = known->rules;
    entry->copy = known->copy;
    return;
  }

  const Section used = UsedPart(header, index, frames);
  const auto copy = std::make_shared<Copy>();
  copy->bytes.reserve(header.size + used.size);
  copy->bytes.assign(header.bytes, header.bytes + header.size);
  copy->bytes.insert(copy->bytes.end(), used.bytes, used.bytes + used.size);
  copy->header = {copy->bytes.data(), header.size, header.address};
  copy->frames = {copy->bytes.data() + header.size, used.size, used.address};
  entry->rules = EhFrame(copy->header, copy->frames);
  entry->copy = copy;
}

UnwindRule UnwindTables::Find(SignalContext context, uintptr_t pc, RuleRange* range) const {
  if (range != nullptr) *range = {pc, 1};
  const Entry* const entry = FindEntry(pc);
  return entry == nullptr ? UnwindRule() : entry->rules.Find(context, pc, range);
}

bool UnwindTables::Contains(SignalContext, uintptr_t pc) const { return FindEntry(pc) != nullptr; }

size_t UnwindTables::CopiedBytes() const {
  size_t bytes = 0;
  for (const Entry& entry : entries_) bytes += entry.copy == nullptr ? 0 : entry.copy->bytes.size();
  return bytes;
}

// The entry that holds `pc`, or null. Context: signal handler (async-signal-safe).
const UnwindTables::Entry* UnwindTables::FindEntry(uintptr_t pc) const {
  const Entry* const begin = entries_.data();
  const Entry* const end = begin + entries_.size();
  const Entry* const after =
      std::upper_bound(begin, end, pc, [](uintptr_t wanted, const Entry& entry) { return wanted < entry.start; });
  if (after == begin) return nullptr;
  return pc < (after - 1)->end ? after - 1 : nullptr;
}

}  // namespace nativeprof
