// The journal file format, version 1. All integers are little-endian, doubles IEEE 754, texts UTF-8.
//
// A journal is a sequence of frames and nothing else:
//
//   offset  size  field
//   0       3     synchronisation FE A7 4A ('J'); FE never occurs in UTF-8, so no text can look like a frame
//   3       1     type (FrameType)
//   4       4     length of the payload in bytes, at most kMaxPayload
//   8       4     CRC32C over the payload, then the type byte, then the four length bytes
//   12      …     payload
//
// Every payload but Names begins with a stamp of 16 bytes: i64 wall-clock anchor (Unix epoch, ns, at time 0 of the
// writer's session) and i64 monotonic nanoseconds since that anchor. Each frame is thus readable by itself.
//
//   session   stamp, 8 bytes "ATHJRNL\0", u32 format version, u32 process id, i64 bytes of a torn tail that were cut
//             right here, i64 monotonic clock of the host at time 0, text host (see clock.h). Written whenever a writer
//             opens the file.
//   names     u32 count, then count texts (u32 length, bytes). Written twice when a set of metric names first appears
//             in a session and again every kNamesEvery bytes: no single damaged byte makes other samples nameless.
//   metrics   stamp, i64 step, u64 file offset of the set's names frame, u32 CRC32C of that frame, then one double per
//             name. When no frame with that CRC stands at the offset, the first one behind it is taken.
//   others    stamp, then the fields of the event in the order of core/journal/fields.h: i32, i64 and double as they
//             are, bool and enum one byte, text u32 length and bytes, list u32 count and elements, structure u32 length
//             and its fields.
//
// Room: zero bytes at the end of the file belong to no frame. A writer keeps some there, reserved on the disk, and
// gives them back when it closes the file; of a writer that died they are still there. Frames come into the room one
// after the other, each with its first byte last, so a reader that finds none where one should begin has read all there
// is for now. Programs that do not know of room take it for a torn tail.
//
// Growing: readers skip frame types they do not know, ignore bytes behind the fields they know and give missing
// trailing fields their defaults; so fields are only ever appended. A session frame of a higher version ends reading
// with ErrorKind::unavailable.
//
// Damage: bytes that are not a whole frame, with a whole frame somewhere behind them, are a damaged stretch and are
// skipped. Bytes before the room with no whole frame behind them are the torn tail: a frame being written, or one whose
// writer died. The next writer cuts it with the room, unless it is longer than a frame can be.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace athanor::journal {

inline constexpr std::uint32_t kFormatVersion = 1;
inline constexpr std::array<unsigned char, 3> kSync = {0xFE, 0xA7, 0x4A};
inline constexpr std::string_view kMagic{"ATHJRNL\0", 8};
inline constexpr std::size_t kHeaderBytes = 12;
inline constexpr std::size_t kStampBytes = 16;
inline constexpr std::uint32_t kMaxPayload = 16U << 20;
inline constexpr std::int64_t kNamesEvery = 256 << 10;

enum class FrameType : std::uint8_t {
  session = 1,
  names = 2,
  metrics = 3,
  state_changed = 16,
  span = 17,
  device_sample = 18,
  retrieval_sample = 19,
  evaluation = 20,
  checkpoint_written = 21,
  precision_decision = 22,
  prediction_made = 23,
  prediction_checked = 24,
  alert = 25,
  fault_seen = 26,
  recovery = 27,
  log_line = 28,
  precision_change = 29,
  straggler_seen = 30,
  work_shifted = 31,
};
inline constexpr FrameType kLastEvent = FrameType::work_shifted;  // that is known

}  // namespace athanor::journal
