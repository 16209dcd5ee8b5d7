#include "kernels/cpu/convert.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/quant/quantize.h"
#include "kernels/ops/quant/quantize_avx2.h"
#include "kernels/ops/quant/quantize_reference.h"

#include <array>
#include <cmath>
#include <cstring>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kRun = 256;         // elements that are coded at a time
constexpr std::int64_t kRowsPerBand = 32;  // where scales do not tie rows together
constexpr std::int64_t kColumnsPerStrip = 16;

struct Job {
  const QuantizeArgs& args;
  ScaleGrid grid;         // of x
  ScaleGrid column_grid;  // of its transpose
  float largest;
};

Job job_of(const QuantizeArgs& args) {
  const ScaleGrid grid = scale_grid(args.grouping, args.x, args.block);
  return {args, grid, scale_grid(args.grouping, grid.columns, grid.rows, args.block), largest_code(args.format)};
}

// Part of a row of x as f32: where it lies, or in the buffer.
const float* read_run(const View& x, std::int64_t at, std::int64_t count, float* buffer) {
  if (x.dtype == DType::f32) return x.as<float>() + at;
  cpu::widen(x.dtype, x.as<std::uint16_t>() + at, buffer, count);
  return buffer;
}

void pack_nibbles(const std::int8_t* numbers, std::int64_t count, std::uint8_t* bytes) {
  for (std::int64_t i = 0; i < count; i += 2)
    bytes[i / 2] = static_cast<std::uint8_t>((numbers[i] & 15) | (numbers[i + 1] & 15) << 4);
}

void unpack_nibbles(const std::uint8_t* bytes, std::int64_t count, std::int8_t* numbers) {
  for (std::int64_t i = 0; i < count; ++i) {
    const int nibble = bytes[i / 2] >> (i % 2 * 4) & 15;
    numbers[i] = static_cast<std::int8_t>(nibble < 8 ? nibble : nibble - 16);
  }
}

// Codes of at most kRun numbers that share a scale, to element `at` of codes (absent: none are stored).
void code_run(const Job& job, const float* x, std::int64_t count, float scale, const View& codes, std::int64_t at,
              QuantizeTally* tally) {
  float scaled[kRun], numbers[kRun];
  std::uint16_t buffer[kRun];
  const DType format = job.args.format;
  divide_avx2(x, scale, count, scaled);
  const auto place = [&]() -> void* {
    return codes.present() ? codes.as<std::byte>() + storage_bytes(format, at) : static_cast<void*>(buffer);
  };
  if (format == DType::i4) {
    std::int8_t whole[kRun];
    round_to_int8_avx2(scaled, job.largest, count, whole, numbers);
    if (codes.present()) pack_nibbles(whole, count, static_cast<std::uint8_t*>(place()));
  } else if (format == DType::i8) {
    round_to_int8_avx2(scaled, job.largest, count, static_cast<std::int8_t*>(place()), numbers);
  } else {
    void* const to = place();
    cpu::narrow(format, scaled, to, count);
    if (tally) cpu::widen(format, to, numbers, count);
  }
  if (tally) tally_avx2({x, scaled, numbers, count, scale, job.largest}, *tally);
}

// ---- Scales ----

// Calls run(first column, count, group) for the runs of a row, none longer than kRun, each within one group.
template <class Run>
void for_row_runs(const ScaleGrid& grid, std::int64_t row, Run run) {
  for (std::int64_t begin = 0; begin < grid.columns;) {
    const std::int64_t group_end = std::min((begin / grid.wide + 1) * grid.wide, grid.columns);
    const std::int64_t count = std::min(group_end - begin, kRun);
    run(begin, count, grid.group_of(row, begin));
    begin += count;
  }
}

// Rows that one thread takes: all rows of a square belong together.
std::int64_t band_rows(const Job& job) { return job.args.grouping == Grouping::square ? job.grid.tall : kRowsPerBand; }

// The largest magnitudes of the groups of a band of rows, kept in amax[group - first].
void band_amax(const Job& job, cpu::BlockRange rows, float* amax) {
  float buffer[kRun];
  const std::int64_t first = job.grid.group_of(rows.begin, 0);
  for (std::int64_t row = rows.begin; row < rows.end; ++row)
    for_row_runs(job.grid, row, [&](std::int64_t column, std::int64_t count, std::int64_t group) {
      const float* x = read_run(job.args.x, row * job.grid.columns + column, count, buffer);
      amax[group - first] = std::max(amax[group - first], finite_amax_avx2(x, count));
    });
}

void find_scales(const Exec& exec, const Job& job, float* band_amaxes) {
  auto* scales = job.args.scales.as<float>();
  const auto scale = [&](float amax) { return scale_for(amax, job.largest, job.args.power_of_two); };
  if (job.args.grouping == Grouping::tensor) {
    const std::int64_t bands = cpu::block_count(job.grid.rows, kRowsPerBand);
    cpu::parallel_ranges(exec.threads, job.grid.rows, kRowsPerBand, [&](cpu::BlockRange rows) {
      float& amax = band_amaxes[rows.begin / kRowsPerBand] = 0.0f;
      band_amax(job, rows, &amax);
    });
    float amax = 0.0f;
    for (std::int64_t band = 0; band < bands; ++band) amax = std::max(amax, band_amaxes[band]);
    *scales = scale(amax);
    return;
  }
  cpu::parallel_ranges(exec.threads, job.grid.rows, band_rows(job), [&](cpu::BlockRange rows) {
    const std::int64_t first = job.grid.group_of(rows.begin, 0), last = job.grid.group_of(rows.end - 1, 0);
    float* const of_band = scales + first;
    const std::int64_t groups = last - first + job.grid.across();
    std::fill_n(of_band, groups, 0.0f);
    band_amax(job, rows, of_band);
    for (std::int64_t i = 0; i < groups; ++i) of_band[i] = scale(of_band[i]);
  });
}

// ---- Codes in the order of x ----

void code_rows(const Exec& exec, const Job& job, QuantizeTally* tallies) {
  const auto* scales = job.args.scales.as<float>();
  const std::int64_t height = band_rows(job);
  cpu::parallel_ranges(exec.threads, job.grid.rows, height, [&](cpu::BlockRange rows) {
    QuantizeTally tally;
    float buffer[kRun];
    for (std::int64_t row = rows.begin; row < rows.end; ++row)
      for_row_runs(job.grid, row, [&](std::int64_t column, std::int64_t count, std::int64_t group) {
        const std::int64_t at = row * job.grid.columns + column;
        code_run(job, read_run(job.args.x, at, count, buffer), count, scales[group], job.args.codes, at,
                 tallies ? &tally : nullptr);
      });
    if (tallies) tallies[rows.begin / height] = tally;
  });
}

void join_tallies(const QuantizeTally* tallies, std::int64_t count, double* stats) {
  using S = QuantizeStats;
  std::fill_n(stats, S::kCount, 0.0);
  for (std::int64_t i = 0; i < count; ++i) {
    const QuantizeTally& t = tallies[i];
    stats[S::amax] = std::max(stats[S::amax], t.amax);
    stats[S::squares] += t.squares;
    stats[S::error_squares] += t.error_squares;
    stats[S::nonzero] += static_cast<double>(t.nonzero);
    stats[S::underflowed] += static_cast<double>(t.underflowed);
    stats[S::saturated] += static_cast<double>(t.saturated);
    stats[S::nonfinite] += static_cast<double>(t.nonfinite);
    stats[S::elements] += static_cast<double>(t.elements);
  }
}

// ---- Codes in the order of the transpose ----

// Columns of x as rows: tile[column][row].
struct Tile {
  float at[kColumnsPerStrip][kRun];
};

void read_tile(const View& x, std::int64_t columns, cpu::BlockRange strip, cpu::BlockRange rows, Tile& tile) {
  float buffer[kColumnsPerStrip];
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const float* from = read_run(x, row * columns + strip.begin, strip.size(), buffer);
    for (std::int64_t i = 0; i < strip.size(); ++i) tile.at[i][row - rows.begin] = from[i];
  }
}

// Rows of x that a tile takes at a time: within one group, at most kRun.
std::int64_t tile_rows(const Job& job) { return std::min(job.column_grid.wide, kRun); }

void find_column_scales(const Job& job, cpu::BlockRange strip, float* scales) {
  Tile tile;
  const ScaleGrid& grid = job.column_grid;
  for (std::int64_t column = strip.begin; column < strip.end; ++column)
    std::fill_n(scales + column * grid.across(), grid.across(), 0.0f);
  for (std::int64_t begin = 0; begin < grid.columns; begin += tile_rows(job)) {
    const cpu::BlockRange rows{begin, std::min(begin + tile_rows(job), grid.columns)};
    read_tile(job.args.x, job.grid.columns, strip, rows, tile);
    for (std::int64_t column = strip.begin; column < strip.end; ++column) {
      float& amax = scales[grid.group_of(column, begin)];
      amax = std::max(amax, finite_amax_avx2(tile.at[column - strip.begin], rows.size()));
    }
  }
  for (std::int64_t i = strip.begin * grid.across(); i < strip.end * grid.across(); ++i)
    scales[i] = scale_for(scales[i], job.largest, job.args.power_of_two);
}

void transpose_scales(const Job& job, float* column_scales) {
  const auto* scales = job.args.scales.as<float>();
  for (std::int64_t i = 0; i < job.grid.down(); ++i)
    for (std::int64_t j = 0; j < job.grid.across(); ++j)
      column_scales[j * job.grid.down() + i] = scales[i * job.grid.across() + j];
}

void code_columns(const Exec& exec, const Job& job) {
  const bool own_scales = job.args.grouping == Grouping::row || job.args.grouping == Grouping::stretch;
  float* const scales =
      job.args.column_scales.present() ? job.args.column_scales.as<float>() : job.args.scales.as<float>();
  const ScaleGrid& grid = job.column_grid;
  if (!job.args.given_scale && !own_scales && scales != job.args.scales.as<float>()) transpose_scales(job, scales);
  cpu::parallel_ranges(exec.threads, job.grid.columns, kColumnsPerStrip, [&](cpu::BlockRange strip) {
    if (own_scales && !job.args.given_scale) find_column_scales(job, strip, scales);
    Tile tile;
    for (std::int64_t begin = 0; begin < grid.columns; begin += tile_rows(job)) {
      const cpu::BlockRange rows{begin, std::min(begin + tile_rows(job), grid.columns)};
      read_tile(job.args.x, job.grid.columns, strip, rows, tile);
      for (std::int64_t column = strip.begin; column < strip.end; ++column)
        code_run(job, tile.at[column - strip.begin], rows.size(), scales[grid.group_of(column, begin)],
                 job.args.column_codes, column * grid.columns + begin, nullptr);
    }
  });
}

// ---- The op ----

struct Scratch {
  float* band_amaxes;
  QuantizeTally* tallies;
  std::int64_t bands;
};

Scratch lay_out(const Job& job, cpu::WorkspaceCutter& cutter) {
  const std::int64_t bands = cpu::block_count(job.grid.rows, band_rows(job));
  auto* band_amaxes = cutter.take<float>(job.args.grouping == Grouping::tensor && !job.args.given_scale ? bands : 0);
  auto* tallies = cutter.take<QuantizeTally>(job.args.stats.present() ? bands : 0);
  return {band_amaxes, tallies, bands};
}

void quantize_bands(const Exec& exec, const QuantizeArgs& args) {
  if (args.x.numel() == 0) return quantize_reference(exec, args);
  const Job job = job_of(args);
  cpu::WorkspaceCutter cutter(exec);
  const Scratch scratch = lay_out(job, cutter);
  if (!args.given_scale) find_scales(exec, job, scratch.band_amaxes);
  if (args.codes.present() || args.stats.present())
    code_rows(exec, job, args.stats.present() ? scratch.tallies : nullptr);
  if (args.stats.present()) join_tallies(scratch.tallies, scratch.bands, args.stats.as<double>());
  if (args.column_codes.present()) code_columns(exec, job);
}

void dequantize_runs(const Exec& exec, const DequantizeArgs& args) {
  const ScaleGrid grid = scale_grid(args.grouping, args.codes, args.block);
  const DType format = args.codes.dtype;
  cpu::parallel_ranges(exec.threads, grid.rows, kRowsPerBand, [&](cpu::BlockRange rows) {
    float numbers[kRun];
    std::int8_t whole[kRun];
    for (std::int64_t row = rows.begin; row < rows.end; ++row)
      for_row_runs(grid, row, [&](std::int64_t column, std::int64_t count, std::int64_t group) {
        const std::int64_t at = row * grid.columns + column;
        const std::byte* codes = args.codes.as<std::byte>() + storage_bytes(format, at);
        if (format == DType::i4) unpack_nibbles(reinterpret_cast<const std::uint8_t*>(codes), count, whole);
        if (format == DType::i8 || format == DType::i4)
          widen_int8_avx2(format == DType::i4 ? whole : reinterpret_cast<const std::int8_t*>(codes), count, numbers);
        else
          cpu::widen(format, codes, numbers, count);
        const bool direct = args.y.dtype == DType::f32;
        float* to = direct ? args.y.as<float>() + at : numbers;
        multiply_avx2(numbers, args.scales.as<float>()[group], count, to);
        if (!direct)
          cpu::narrow(args.y.dtype, numbers, args.y.as<std::byte>() + storage_bytes(args.y.dtype, at), count);
      });
  });
}

// Runs of i4 begin at whole bytes.
const char* refuse_odd(DType format, const ScaleGrid& grid, bool transposed) {
  if (format != DType::i4) return nullptr;
  const bool odd = grid.columns % 2 != 0 || grid.wide % 2 != 0 || (transposed && grid.rows % 2 != 0);
  return odd ? "a run of i4 would begin in the middle of a byte" : nullptr;
}

const char* refuse(const Exec&, const QuantizeArgs& args) {
  if (const char* reason = cpu::avx2_refusal()) return reason;
  if (args.block > kLargestQuantBlock) return "the block is larger than 256";
  return refuse_odd(args.format, scale_grid(args.grouping, args.x, args.block), args.column_codes.present());
}

const char* refuse_dequantize(const Exec&, const DequantizeArgs& args) {
  if (const char* reason = cpu::avx2_refusal()) return reason;
  return refuse_odd(args.codes.dtype, scale_grid(args.grouping, args.codes, args.block), false);
}

constexpr std::array<Candidate<QuantizeArgs>, 2> kCandidates{{
    {"quantize_cpu_avx2_bands", refuse, quantize_bands},
    {"quantize_cpu_reference", nullptr, quantize_reference},
}};
constexpr std::array<Candidate<DequantizeArgs>, 2> kDequantizeCandidates{{
    {"dequantize_cpu_avx2_runs", refuse_dequantize, dequantize_runs},
    {"dequantize_cpu_reference", nullptr, dequantize_reference},
}};

}  // namespace

Candidates<QuantizeArgs> quantize_candidates() { return kCandidates; }
Candidates<DequantizeArgs> dequantize_candidates() { return kDequantizeCandidates; }

void quantize(const Exec& exec, const QuantizeArgs& args) {
  launch("quantize", exec, args, quantize_candidates(), quantize_cuda);
}

void dequantize(const Exec& exec, const DequantizeArgs& args) {
  launch("dequantize", exec, args, dequantize_candidates(), dequantize_cuda);
}

std::size_t quantize_workspace_bytes(const Exec& exec, const QuantizeArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return quantize_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  lay_out(job_of(args), cutter);
  return cutter.bytes();
}

}  // namespace athanor::kernels
