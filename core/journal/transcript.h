// Writes the journal of a run that is over, from what somebody else kept of it: with the times of then, in large
// pieces, of no process. The same events give the same bytes. Not for concurrent use.
#pragma once

#include "core/base/result.h"
#include "core/journal/event.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace athanor::journal {

class Transcript {
 public:
  // A new file in place of one that is there. anchor_wall_ns: the time by which all events are told, best that of the
  // first. Errors: as write_refusal().
  [[nodiscard]] static Result<std::unique_ptr<Transcript>> create(const std::filesystem::path& file,
                                                                  std::int64_t anchor_wall_ns);
  ~Transcript();
  Transcript(const Transcript&) = delete;
  Transcript& operator=(const Transcript&) = delete;

  // Wall clock, Unix epoch. Names and texts are UTF-8. invalid_input: longer than a frame may be.
  Result<void> append(std::int64_t wall_ns, const Payload& payload);
  // Flushes everything to the disk.
  Result<void> finish();

 private:
  struct State;
  explicit Transcript(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace athanor::journal
