// Parts of a row-major array, as values: who holds which part of a logical tensor, and which of it lies where.
// Pure functions; safe on any thread. Shapes, offsets and extents are in elements and never negative.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace athanor {

// The elements offset[d] <= i[d] < offset[d] + extent[d] of an array of as many dims; of none: its one element.
struct Box {
  std::vector<std::int64_t> offset, extent;

  bool operator==(const Box&) const = default;
};

[[nodiscard]] std::int64_t volume(std::span<const std::int64_t> extent) noexcept;
[[nodiscard]] Box whole_box(std::span<const std::int64_t> shape);
// Whether the box has as many dims as the array and lies inside it.
[[nodiscard]] bool fits(const Box& box, std::span<const std::int64_t> shape) noexcept;
// What two boxes of one array have in common; nothing where that is empty.
[[nodiscard]] std::optional<Box> intersection(const Box& a, const Box& b);
// The elements [begin, end) of the array in row-major order, as boxes in that order: at most 2 n - 1 of n dims.
[[nodiscard]] std::vector<Box> boxes_of_range(std::span<const std::int64_t> shape, std::int64_t begin,
                                              std::int64_t end);
// "[0:5, 3:7]"
[[nodiscard]] std::string to_text(const Box& box);

// The runs of elements of a box that lie side by side both in `outer`, a box around it, and in `target`, another one:
// where each run starts in either's row-major order, ascending.
class BoxRuns {
 public:
  // `inner` lies inside both.
  BoxRuns(const Box& inner, const Box& outer, const Box& target);

  [[nodiscard]] bool done() const noexcept { return left_ == 0; }
  [[nodiscard]] std::int64_t in_outer() const noexcept { return in_outer_; }
  [[nodiscard]] std::int64_t in_target() const noexcept { return in_target_; }
  [[nodiscard]] std::int64_t length() const noexcept { return length_; }
  void next() noexcept;

 private:
  std::vector<std::int64_t> extent_, outer_stride_, target_stride_, index_;  // of the dims around a run
  std::int64_t in_outer_ = 0, in_target_ = 0, length_ = 1, left_ = 0;
};

}  // namespace athanor
