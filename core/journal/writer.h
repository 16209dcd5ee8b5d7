// Appends events to a run's journal. Thread-safe; one writer per file. Every event is the kernel's before append()
// returns, so an acknowledged event survives the death of the process at any byte: it is copied into reserved room of
// the mapped file or, where none can be had, written by write(2). While a journal is open nobody else may shorten it.
#pragma once

#include "core/base/result.h"
#include "core/journal/event.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace athanor::journal {

class Writer {
 public:
  // Opens for appending, or creates with a header frame that holds the wall-clock anchor. A torn tail left by a dead
  // writer, which is at most one frame, is cut first, reported as the returned writer's cut_bytes() and noted in the
  // new session. ErrorKind::io when the file cannot be read to its end, corrupt when more than a frame would have to be
  // cut; the file is then as it was.
  [[nodiscard]] static Result<std::unique_ptr<Writer>> open(const std::filesystem::path& file);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Stamps the payload with the monotonic clock and writes it. A refused write (disk full) is the Error; what was
  // half written is cut again, so the journal stays whole. Metrics that have the names of those before are quick: their
  // names are written once, and nothing is allocated.
  Result<void> append(const Payload& payload);
  // fdatasync of what was appended before: called at checkpoints and at the end. Appending goes on meanwhile.
  Result<void> sync();
  [[nodiscard]] std::int64_t cut_bytes() const noexcept;
  // The clock that stamps events, for spans.
  [[nodiscard]] std::int64_t now_ns() const noexcept;

 private:
  struct State;
  explicit Writer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace athanor::journal
