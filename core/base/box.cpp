#include "core/base/box.h"

#include <fmt/format.h>

#include <algorithm>

namespace athanor {
namespace {

// Adds the boxes of [begin, end) of what lies below `prefix`, the indices of the leading dims.
void add_range(std::vector<Box>& out, std::vector<std::int64_t>& prefix, std::span<const std::int64_t> shape,
               std::int64_t begin, std::int64_t end) {
  if (begin >= end) return;
  const std::size_t dim = prefix.size();
  const auto add = [&](std::int64_t first, std::int64_t count) {
    Box box{prefix, std::vector<std::int64_t>(dim, 1)};
    if (dim < shape.size()) {
      box.offset.push_back(first);
      box.extent.push_back(count);
      box.offset.resize(shape.size(), 0);
      box.extent.insert(box.extent.end(), shape.begin() + static_cast<std::ptrdiff_t>(dim) + 1, shape.end());
    }
    out.push_back(std::move(box));
  };
  if (dim == shape.size()) return add(0, 1);
  const std::int64_t row = volume(shape.subspan(dim + 1));
  const auto add_part = [&](std::int64_t first, std::int64_t from, std::int64_t to) {
    prefix.push_back(first);
    add_range(out, prefix, shape, from, to);
    prefix.pop_back();
  };
  std::int64_t first = begin / row;
  const std::int64_t last = end / row;
  if (begin % row != 0) {
    const std::int64_t stop = std::min(end - first * row, row);
    add_part(first, begin % row, stop);
    ++first;
  }
  if (first < last) add(first, last - first);
  if (first <= last) add_part(last, 0, end - last * row);
}

std::int64_t place(const Box& inner, const Box& outer) {
  std::int64_t at = 0;
  for (std::size_t dim = 0; dim < inner.offset.size(); ++dim)
    at = at * outer.extent[dim] + inner.offset[dim] - outer.offset[dim];
  return at;
}

std::vector<std::int64_t> strides(const Box& box) {
  std::vector<std::int64_t> out(box.extent.size(), 1);
  for (std::size_t dim = out.size(); dim-- > 1;) out[dim - 1] = out[dim] * box.extent[dim];
  return out;
}

}  // namespace

std::int64_t volume(std::span<const std::int64_t> extent) noexcept {
  std::int64_t out = 1;
  for (const std::int64_t length : extent) out *= length;
  return out;
}

Box whole_box(std::span<const std::int64_t> shape) {
  return {std::vector<std::int64_t>(shape.size(), 0), std::vector<std::int64_t>(shape.begin(), shape.end())};
}

bool fits(const Box& box, std::span<const std::int64_t> shape) noexcept {
  if (box.offset.size() != shape.size() || box.extent.size() != shape.size()) return false;
  for (std::size_t dim = 0; dim < shape.size(); ++dim) {
    if (box.offset[dim] < 0 || box.extent[dim] < 0 || box.extent[dim] > shape[dim]) return false;
    if (box.offset[dim] > shape[dim] - box.extent[dim]) return false;
  }
  return true;
}

std::optional<Box> intersection(const Box& a, const Box& b) {
  Box out = a;
  for (std::size_t dim = 0; dim < a.offset.size(); ++dim) {
    out.offset[dim] = std::max(a.offset[dim], b.offset[dim]);
    out.extent[dim] = std::min(a.offset[dim] + a.extent[dim], b.offset[dim] + b.extent[dim]) - out.offset[dim];
    if (out.extent[dim] <= 0) return std::nullopt;
  }
  return out;
}

std::vector<Box> boxes_of_range(std::span<const std::int64_t> shape, std::int64_t begin, std::int64_t end) {
  std::vector<Box> out;
  std::vector<std::int64_t> prefix;
  add_range(out, prefix, shape, begin, end);
  return out;
}

std::string to_text(const Box& box) {
  std::string out;
  for (std::size_t dim = 0; dim < box.offset.size(); ++dim) {
    out += fmt::format("{}{}:{}", dim == 0 ? "" : ", ", box.offset[dim], box.offset[dim] + box.extent[dim]);
  }
  return "[" + out + "]";
}

BoxRuns::BoxRuns(const Box& inner, const Box& outer, const Box& target)
    : outer_stride_(strides(outer)),
      target_stride_(strides(target)),
      in_outer_(place(inner, outer)),
      in_target_(place(inner, target)) {
  // Trailing dims that are whole in both make one run together with the dim before them.
  std::size_t dim = inner.extent.size();
  bool is_whole = true;
  while (dim > 0 && is_whole) {
    --dim;
    length_ *= inner.extent[dim];
    is_whole = inner.extent[dim] == outer.extent[dim] && inner.extent[dim] == target.extent[dim];
  }
  extent_.assign(inner.extent.begin(), inner.extent.begin() + static_cast<std::ptrdiff_t>(dim));
  index_.assign(dim, 0);
  left_ = length_ == 0 ? 0 : volume(extent_);
}

void BoxRuns::next() noexcept {
  --left_;
  for (std::size_t dim = extent_.size(); dim-- > 0;) {
    in_outer_ += outer_stride_[dim];
    in_target_ += target_stride_[dim];
    if (++index_[dim] < extent_[dim]) return;
    in_outer_ -= outer_stride_[dim] * extent_[dim];
    in_target_ -= target_stride_[dim] * extent_[dim];
    index_[dim] = 0;
  }
}

}  // namespace athanor
