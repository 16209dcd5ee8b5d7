// A small fixed-capacity list of dimensions, outermost first.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace athanor {

class Shape {
 public:
  static constexpr int kMaxRank = 6;

  constexpr Shape() = default;
  constexpr Shape(std::initializer_list<std::int64_t> dims) {
    for (const auto dim : dims) push_back(dim);
  }

  [[nodiscard]] constexpr int rank() const noexcept { return rank_; }
  [[nodiscard]] constexpr std::int64_t operator[](int dim) const noexcept { return dims_[index(dim)]; }
  [[nodiscard]] constexpr std::int64_t& operator[](int dim) noexcept { return dims_[index(dim)]; }
  // A negative dim counts from the innermost: dim(-1) is the last.
  [[nodiscard]] constexpr std::int64_t dim(int i) const noexcept { return dims_[index(i < 0 ? rank_ + i : i)]; }
  [[nodiscard]] constexpr std::int64_t numel() const noexcept {
    std::int64_t count = 1;
    for (int dim = 0; dim < rank_; ++dim) count *= dims_[index(dim)];
    return count;
  }
  constexpr void push_back(std::int64_t dim) noexcept { dims_[index(rank_++)] = dim; }
  [[nodiscard]] constexpr const std::int64_t* begin() const noexcept { return dims_.data(); }
  [[nodiscard]] constexpr const std::int64_t* end() const noexcept { return dims_.data() + rank_; }
  [[nodiscard]] constexpr bool operator==(const Shape& other) const noexcept {
    if (rank_ != other.rank_) return false;
    for (int dim = 0; dim < rank_; ++dim)
      if (dims_[index(dim)] != other.dims_[index(dim)]) return false;
    return true;
  }

 private:
  static constexpr std::size_t index(int dim) noexcept { return static_cast<std::size_t>(dim); }

  std::array<std::int64_t, kMaxRank> dims_{};
  int rank_ = 0;
};

// "[128, 32, 32, 3]"
[[nodiscard]] std::string to_string(const Shape& shape);

}  // namespace athanor
