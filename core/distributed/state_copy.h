// A copy of what a rank holds of a training state, in a file in memory that outlives the process: where a rank is
// lost, the one in its place finds there what nobody else has. Two versions, named after the steps they are of, so that
// one is whole while the next is made (after the peer copies of Gemini; Wang et al. 2023, SOSP).
//
// Of ranks that keep before every step, and meet in it, none is further than one step ahead of another: then the newest
// step of which one rank has a version, or the one before it, is one of which all have.
//
// Not for concurrent use.
#pragma once

#include "core/comm/region.h"
#include "core/tensor/context.h"
#include "core/train/held.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace athanor::distributed {

class StateCopy {
 public:
  static constexpr std::int64_t kNone = -1;
  // What a rank says with its numbers, in bytes.
  static constexpr std::int64_t kTextRoom = 64 << 10;
  // How much memory the copies of so many numbers take.
  [[nodiscard]] static std::int64_t bytes_for(std::int64_t numbers) noexcept;

  // Of `held`, whose tensors stay where they are. What is in the file already is taken over if it is of the same boxes,
  // otherwise it is made anew. Throws Failure(io) where there is no room.
  StateCopy(const std::filesystem::path& file, std::vector<train::Held> held);
  ~StateCopy();
  StateCopy(const StateCopy&) = delete;
  StateCopy& operator=(const StateCopy&) = delete;

  // Copies what is held after `step` steps, and `text`, over the older version; later ones are forgotten. False, and
  // nothing is left of any step, where the text is longer than kTextRoom.
  [[nodiscard]] bool keep(const Context& context, std::int64_t step, std::string_view text);
  void forget() noexcept;
  // Those of which there are whole versions; kNone where there is none.
  [[nodiscard]] std::array<std::int64_t, 2> steps() const noexcept;
  // Puts back what was held after `step` steps, which is one of steps(), and returns its text; later ones are
  // forgotten.
  [[nodiscard]] std::string bring_back(const Context& context, std::int64_t step);

 private:
  struct Header;
  void forget_from(std::int64_t step) noexcept;
  [[nodiscard]] Header& header() const noexcept;
  [[nodiscard]] std::byte* version(std::size_t which) const noexcept;

  std::vector<train::Held> held_;
  std::int64_t numbers_ = 0;
  std::shared_ptr<comm::Region> region_;
};

// The last step of which all have a version, given those of each rank in a row; kNone where there is none.
[[nodiscard]] std::int64_t last_common(std::span<const std::int64_t> all) noexcept;

}  // namespace athanor::distributed
