// eh_frame.cc: see eh_frame.h.

#include "eh_frame.h"

#include "cfi_program.h"

namespace nativeprof {

namespace {

// A reader of the entry that starts at `address`, behind its length and limited to it.
DwarfReader ReadEntry(const Section& frames, uintptr_t address) {
  DwarfReader reader(frames, address);
  const uint32_t length = reader.U32();
  // 0 ends the section. 0xffffffff announces a length of 64 bits, which no linker needs: an entry is small.
  if (length == 0 || length == 0xffffffff) reader.Fail();
  reader.Limit(length);
  return reader;
}

}  // namespace

EhFrameIndex EhFrameIndex::Read(const Section& header) {
  EhFrameIndex index;
  DwarfReader reader(header, header.address);
  const uint8_t version = reader.U8();
  const uint8_t frames_encoding = reader.U8();
  const uint8_t count_encoding = reader.U8();
  const uint8_t table_encoding = reader.U8();
  if (version != 1 || frames_encoding == kPointerOmitted || count_encoding == kPointerOmitted) return index;
  if (table_encoding != (kPointerRelativeToData | kPointerSdata4)) return index;
  const uintptr_t frames = reader.Pointer(frames_encoding, header.address);
  const uintptr_t count = reader.Pointer(count_encoding, header.address);
  if (!reader.ok()) return index;
  const size_t room = (header.address + header.size - reader.address()) / kEntryBytes;
  if (count > room) return index;
  index.frames = frames;
  index.table = reader.address();
  index.count = count;
  return index;
}

EhFrame::EhFrame(const Section& header, const Section& frames)
    : header_(header), frames_(frames), index_(EhFrameIndex::Read(header)) {}

UnwindRule EhFrame::Find(SignalContext context, uintptr_t pc, RuleRange* range) const {
  const UnwindRule unknown;
  const uintptr_t entry = FindEntry(pc);
  if (entry == 0) return unknown;
  DwarfReader fde = ReadEntry(frames_, entry);
  const uintptr_t cie_field = fde.address();
  const uint32_t to_cie = fde.U32();
  // 0 marks a CIE. The distance is counted backwards from its own field.
  if (!fde.ok() || to_cie == 0) return unknown;
  DwarfReader cie = ReadEntry(frames_, cie_field - to_cie);
  Common common;
  if (!ReadCommon(&cie, &common)) return unknown;

  const uintptr_t start = fde.Pointer(common.pointer_encoding, 0);
  const uint64_t bytes = fde.PointerValue(common.pointer_encoding);  // as it is encoded, but relative to nothing
  if (!fde.ok() || pc - start >= bytes) return unknown;
  if (common.has_augmentation_data) fde.Skip(fde.Uleb());

  CfiProgram program(pc, common.code_alignment, common.data_alignment, common.pointer_encoding);
  if (fde.Remaining() > kMaxProgramBytes || cie.Remaining() > kMaxProgramBytes) return unknown;
  if (!program.RunInitial(context, &cie) || !fde.ok() || !program.Run(context, &fde, start)) return unknown;
  UnwindRule rule = program.Rule();
  rule.is_signal_frame = common.is_signal_frame;
  if (range != nullptr) *range = program.Range(start, start + bytes);
  return rule;
}

// The last entry that starts at or before `pc`.
uintptr_t EhFrame::FindEntry(uintptr_t pc) const {
  const int64_t wanted = static_cast<int64_t>(pc - header_.address);
  size_t low = 0;
  size_t high = index_.count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    DwarfReader reader(header_, index_.table + middle * EhFrameIndex::kEntryBytes);
    if (reader.S32() <= wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return 0;
  DwarfReader reader(header_, index_.table + (low - 1) * EhFrameIndex::kEntryBytes + 4);
  const uintptr_t entry = header_.address + static_cast<uintptr_t>(int64_t{reader.S32()});
  return reader.ok() ? entry : 0;
}

bool EhFrame::ReadCommon(DwarfReader* reader, Common* common) {
  if (reader->U32() != 0) return false;  // not a CIE
  const uint8_t version = reader->U8();
  if (version != 1 && version != 3) return false;
  char augmentation[8] = {};
  size_t length = 0;
  for (char letter; (letter = static_cast<char>(reader->U8())) != '\0'; ++length) {
    if (length == sizeof(augmentation)) return false;
    augmentation[length] = letter;
  }
  common->code_alignment = reader->Uleb();
  common->data_alignment = reader->Sleb();
  const uint64_t return_column = version == 1 ? reader->U8() : reader->Uleb();
  if (return_column != kDwarfReturnAddress) return false;
  if (length == 0) return reader->ok();

  // Without a leading z nobody knows how much data there is.
  if (augmentation[0] != 'z') return false;
  common->has_augmentation_data = true;
  const uint64_t data_bytes = reader->Uleb();
  DwarfReader data = *reader;
  data.Limit(data_bytes);
  reader->Skip(data_bytes);
  for (size_t i = 1; i < length; ++i) {
    switch (augmentation[i]) {
      case 'L':  // the language's own data: how FDEs point to them
        data.U8();
        break;
      case 'P': {  // the language's personality routine
        const uint8_t encoding = data.U8();
        if ((encoding & kPointerBase) == kPointerBase) return false;  // not in use
        data.PointerValue(encoding);
        break;
      }
      case 'R':
        common->pointer_encoding = data.U8();
        break;
      case 'S':
        common->is_signal_frame = true;
        break;
      case 'B':  // arm64: return addresses are signed with the other key
        break;
      default:
        return false;
    }
  }
  return reader->ok() && data.ok();
}

uintptr_t EhFrame::EndOfEntry(const Section& frames, uintptr_t address) {
  DwarfReader reader = ReadEntry(frames, address);
  return reader.ok() ? reader.address() + reader.Remaining() : 0;
}

}  // namespace nativeprof
