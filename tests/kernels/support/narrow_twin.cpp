#include "tests/kernels/support/narrow_twin.h"

#include "kernels/base/element.h"

#include <cmath>

namespace athanor::kernels::test {

namespace {

constexpr std::size_t kGuards = 16;
constexpr std::uint16_t kGuard = 0x5A5A;

std::int64_t span_of(const View& view) {
  std::int64_t last = 0;
  for (int dim = 0; dim < view.shape.rank(); ++dim) last += (view.shape[dim] - 1) * view.strides[dim];
  return view.numel() == 0 ? 0 : last + 1;
}

// Where the row-major index lies.
std::int64_t offset_of(const View& view, std::int64_t index) {
  std::int64_t offset = 0;
  for (int dim = view.shape.rank() - 1; dim >= 0; --dim) {
    offset += index % view.shape[dim] * view.strides[dim];
    index /= view.shape[dim];
  }
  return offset;
}

}  // namespace

View NarrowMemory::narrowed(const View& wide) {
  const auto [at, made] = codes_.try_emplace(wide.data);
  Codes& codes = at->second;
  const auto span = static_cast<std::size_t>(span_of(wide));
  if (made) {
    codes.assign(offset_ + span + kGuards, kGuard);
    with_narrow_format(format_, [&]<class Format>() {
      for (std::size_t i = 0; i < span; ++i)
        codes[offset_ + i] = static_cast<std::uint16_t>(Format::encode(wide.as<float>()[i]));
    });
  }
  EXPECT_GE(codes.size(), offset_ + span + kGuards) << "arrays that share memory must be of one size";
  return {codes.data() + offset_, format_, wide.shape, wide.strides};
}

bool NarrowMemory::guards_intact() const {
  return std::all_of(codes_.begin(), codes_.end(), [&](const auto& entry) {
    const Codes& codes = entry.second;
    const auto is_guard = [](std::uint16_t code) { return code == kGuard; };
    return std::all_of(codes.begin(), codes.begin() + static_cast<std::ptrdiff_t>(offset_), is_guard) &&
           std::all_of(codes.end() - static_cast<std::ptrdiff_t>(kGuards), codes.end(), is_guard);
  });
}

void expect_twin(const char* name, const View& got, const View& want, const OpMemory::Block& block, DType format) {
  const double unit = format == DType::bf16 ? 1.0 / 128 : 1.0 / 1024;
  const Tolerance f32 = block.cuda_tolerance.value_or(block.tolerance);
  const bool rounded = want.dtype == format;
  const Tolerance tolerance{f32.rtol + (rounded ? unit : 0.0),
                            f32.atol + (rounded ? 1e-6 : 0.0) + block.narrow_units * unit};
  for (std::int64_t i = 0; i < want.numel(); ++i) {
    const double x = element(got, offset_of(got, i)), y = element(want, offset_of(want, i));
    ASSERT_TRUE(x == y || tolerance.accepts(x, y))
        << name << "[" << i << "] is " << x << " on CUDA, " << y << " on the CPU";
  }
}

}  // namespace athanor::kernels::test
