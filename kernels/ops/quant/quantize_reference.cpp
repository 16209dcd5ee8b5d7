#include "kernels/ops/quant/quantize_reference.h"

#include "kernels/ops/quant/code_access.h"

#include <cmath>

namespace athanor::kernels {

namespace {

// x or its transpose.
struct Source {
  const View& x;
  bool transposed;
  ScaleGrid grid;

  [[nodiscard]] float at(std::int64_t row, std::int64_t column) const {
    return number_at(x, transposed ? column * grid.rows + row : row * grid.columns + column);
  }
};

Source source_of(const QuantizeArgs& args, bool transposed) {
  const ScaleGrid plain = scale_grid(args.grouping, args.x, args.block);
  if (!transposed) return {args.x, false, plain};
  return {args.x, true, scale_grid(args.grouping, plain.columns, plain.rows, args.block)};
}

template <class Body>
void for_each(const ScaleGrid& grid, Body body) {
  for (std::int64_t row = 0; row < grid.rows; ++row)
    for (std::int64_t column = 0; column < grid.columns; ++column) body(row, column);
}

void find_scales(const Source& source, const QuantizeArgs& args, float* scales) {
  std::fill_n(scales, source.grid.count(), 0.0f);
  for_each(source.grid, [&](std::int64_t row, std::int64_t column) {
    const float magnitude = std::fabs(source.at(row, column));
    float& amax = scales[source.grid.group_of(row, column)];
    if (std::isfinite(magnitude)) amax = std::max(amax, magnitude);
  });
  for (std::int64_t i = 0; i < source.grid.count(); ++i)
    scales[i] = scale_for(scales[i], largest_code(args.format), args.power_of_two);
}

void put_codes(const Source& source, const float* scales, const View& codes) {
  for_each(source.grid, [&](std::int64_t row, std::int64_t column) {
    put_number(codes, row * source.grid.columns + column,
               source.at(row, column) / scales[source.grid.group_of(row, column)]);
  });
}

void count(double* stats, float x, float scale, DType format) {
  using S = QuantizeStats;
  stats[S::elements] += 1;
  if (!std::isfinite(x)) {
    stats[S::nonfinite] += 1;
    return;
  }
  const float scaled = x / scale;
  float code = 0.0f;
  with_code_format(format, [&]<class Format>() { code = Format::decode(Format::encode(scaled)); });
  const double error = static_cast<double>(x) - static_cast<double>(code * scale);
  stats[S::amax] = std::max(stats[S::amax], static_cast<double>(std::fabs(x)));
  stats[S::squares] += static_cast<double>(x) * static_cast<double>(x);
  stats[S::error_squares] += error * error;
  stats[S::nonzero] += x != 0.0f;
  stats[S::underflowed] += x != 0.0f && code == 0.0f;
  stats[S::saturated] += std::fabs(scaled) > largest_code(format);
}

}  // namespace

void quantize_reference(const Exec&, const QuantizeArgs& args) {
  const Source plain = source_of(args, false);
  auto* scales = args.scales.as<float>();
  if (!args.given_scale) find_scales(plain, args, scales);
  if (args.codes.present()) put_codes(plain, scales, args.codes);
  if (args.column_codes.present()) {
    const Source transposed = source_of(args, true);
    float* column_scales = args.column_scales.present() ? args.column_scales.as<float>() : scales;
    if (!args.given_scale && args.column_scales.present()) find_scales(transposed, args, column_scales);
    put_codes(transposed, column_scales, args.column_codes);
  }
  if (!args.stats.present()) return;
  auto* stats = args.stats.as<double>();
  std::fill_n(stats, QuantizeStats::kCount, 0.0);
  for_each(plain.grid, [&](std::int64_t row, std::int64_t column) {
    count(stats, plain.at(row, column), scales[plain.grid.group_of(row, column)], args.format);
  });
}

void dequantize_reference(const Exec&, const DequantizeArgs& args) {
  const ScaleGrid grid = scale_grid(args.grouping, args.codes, args.block);
  for_each(grid, [&](std::int64_t row, std::int64_t column) {
    const std::int64_t at = row * grid.columns + column;
    put_number(args.y, at, number_at(args.codes, at) * args.scales.as<float>()[grid.group_of(row, column)]);
  });
}

}  // namespace athanor::kernels
