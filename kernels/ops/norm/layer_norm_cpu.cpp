#include "kernels/cpu/column_sum.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/norm/layer_norm.h"
#include "kernels/ops/norm/layer_norm_avx2.h"

#include <array>
#include <cmath>
#include <vector>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kRowsPerBlock = 64;

std::int64_t row_count(const View& x) { return x.numel() == 0 ? 0 : x.numel() / x.dim(-1); }

double at(const View& view, std::int64_t i) { return static_cast<double>(view.as<float>()[i]); }

// ---- Reference ----

void layer_norm_reference(const Exec&, const LayerNormArgs& args) {
  const std::int64_t cols = args.x.dim(-1);
  for (std::int64_t row = 0; row < row_count(args.x); ++row) {
    double mean = 0.0, variance = 0.0;
    for (std::int64_t col = 0; col < cols; ++col) mean += at(args.x, row * cols + col);
    mean /= static_cast<double>(cols);
    for (std::int64_t col = 0; col < cols; ++col) variance += std::pow(at(args.x, row * cols + col) - mean, 2);
    const double rstd = 1.0 / std::sqrt(variance / static_cast<double>(cols) + static_cast<double>(args.eps));
    for (std::int64_t col = 0; col < cols; ++col) {
      double value = (at(args.x, row * cols + col) - mean) * rstd;
      if (args.gain.present()) value *= at(args.gain, col);
      if (args.bias.present()) value += at(args.bias, col);
      args.y.as<float>()[row * cols + col] = static_cast<float>(value);
    }
    if (args.mean.present()) args.mean.as<float>()[row] = static_cast<float>(mean);
    if (args.rstd.present()) args.rstd.as<float>()[row] = static_cast<float>(rstd);
  }
}

void layer_norm_grad_reference(const Exec&, const LayerNormGradArgs& args) {
  const std::int64_t cols = args.x.dim(-1);
  std::vector<double> dgain(static_cast<std::size_t>(cols), 0.0), dbias(dgain), xhat(dgain), g(dgain);
  for (std::int64_t row = 0; row < row_count(args.x); ++row) {
    double mean_g = 0.0, mean_g_xhat = 0.0;
    for (std::int64_t col = 0; col < cols; ++col) {
      const std::size_t c = static_cast<std::size_t>(col);
      const double dy = at(args.dy, row * cols + col);
      xhat[c] = (at(args.x, row * cols + col) - at(args.mean, row)) * at(args.rstd, row);
      g[c] = args.gain.present() ? dy * at(args.gain, col) : dy;
      mean_g += g[c] / static_cast<double>(cols);
      mean_g_xhat += g[c] * xhat[c] / static_cast<double>(cols);
      dgain[c] += dy * xhat[c];
      dbias[c] += dy;
    }
    for (std::int64_t col = 0; args.dx.present() && col < cols; ++col) {
      const std::size_t c = static_cast<std::size_t>(col);
      args.dx.as<float>()[row * cols + col] =
          static_cast<float>(at(args.rstd, row) * (g[c] - mean_g - xhat[c] * mean_g_xhat));
    }
  }
  const auto write = [&](const View& out, const std::vector<double>& sums) {
    for (std::int64_t col = 0; out.present() && col < cols; ++col)
      out.as<float>()[col] =
          static_cast<float>(sums[static_cast<std::size_t>(col)] + (args.accumulate_parameters ? at(out, col) : 0.0));
  };
  write(args.dgain, dgain);
  write(args.dbias, dbias);
}

// ---- AVX2 over fixed blocks of rows ----

void layer_norm_row_blocks(const Exec& exec, const LayerNormArgs& args) {
  const std::int64_t cols = args.x.dim(-1);
  const auto offset = [](const View& view, std::int64_t i) { return view.present() ? view.as<float>() + i : nullptr; };
  cpu::parallel_ranges(exec.threads, row_count(args.x), kRowsPerBlock, [&](cpu::BlockRange rows) {
    layer_norm_rows_avx2(rows.size(), cols, offset(args.x, rows.begin * cols), args.gain.as<float>(),
                         args.bias.as<float>(), args.eps, offset(args.y, rows.begin * cols),
                         offset(args.mean, rows.begin), offset(args.rstd, rows.begin));
  });
}

struct Partials {
  float *gain, *bias;
  std::int64_t blocks;
};

Partials lay_out(const LayerNormGradArgs& args, cpu::WorkspaceCutter& cutter) {
  const std::int64_t blocks = cpu::block_count(row_count(args.x), kRowsPerBlock), cols = args.x.dim(-1);
  float* gain = cutter.take<float>(args.dgain.present() ? blocks * cols : 0);
  float* bias = cutter.take<float>(args.dbias.present() ? blocks * cols : 0);
  return {args.dgain.present() ? gain : nullptr, args.dbias.present() ? bias : nullptr, blocks};
}

void layer_norm_grad_row_blocks(const Exec& exec, const LayerNormGradArgs& args) {
  if (args.x.numel() == 0) return layer_norm_grad_reference(exec, args);
  const std::int64_t cols = args.x.dim(-1);
  cpu::WorkspaceCutter cutter(exec);
  const Partials partials = lay_out(args, cutter);
  const auto offset = [](float* base, std::int64_t i) { return base ? base + i : nullptr; };
  cpu::parallel_ranges(exec.threads, row_count(args.x), kRowsPerBlock, [&](cpu::BlockRange rows) {
    const std::int64_t block = rows.begin / kRowsPerBlock, begin = rows.begin * cols;
    layer_norm_grad_rows_avx2(rows.size(), cols, args.x.as<float>() + begin, args.gain.as<float>(),
                              args.mean.as<float>() + rows.begin, args.rstd.as<float>() + rows.begin,
                              args.dy.as<float>() + begin, offset(args.dx.as<float>(), begin),
                              offset(partials.gain, block * cols), offset(partials.bias, block * cols));
  });
  if (partials.gain)
    cpu::column_sum_parallel(exec.threads, partials.gain, partials.blocks, cols, args.accumulate_parameters,
                             args.dgain.as<float>());
  if (partials.bias)
    cpu::column_sum_parallel(exec.threads, partials.bias, partials.blocks, cols, args.accumulate_parameters,
                             args.dbias.as<float>());
}

const char* refuse(const Exec&, const LayerNormArgs&) { return cpu::avx2_refusal(); }
const char* refuse_grad(const Exec&, const LayerNormGradArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<LayerNormArgs>, 2> kCandidates{{
    {"layer_norm_cpu_avx2_row_blocks", refuse, layer_norm_row_blocks},
    {"layer_norm_cpu_reference", nullptr, layer_norm_reference},
}};
constexpr std::array<Candidate<LayerNormGradArgs>, 2> kGradCandidates{{
    {"layer_norm_grad_cpu_avx2_row_blocks", refuse_grad, layer_norm_grad_row_blocks},
    {"layer_norm_grad_cpu_reference", nullptr, layer_norm_grad_reference},
}};

}  // namespace

Candidates<LayerNormArgs> layer_norm_candidates() { return kCandidates; }
Candidates<LayerNormGradArgs> layer_norm_grad_candidates() { return kGradCandidates; }

void layer_norm(const Exec& exec, const LayerNormArgs& args) {
  launch("layer_norm", exec, args, layer_norm_candidates(), layer_norm_cuda);
}

void layer_norm_grad(const Exec& exec, const LayerNormGradArgs& args) {
  launch("layer_norm_grad", exec, args, layer_norm_grad_candidates(), layer_norm_grad_cuda);
}

std::size_t layer_norm_grad_workspace_bytes(const Exec& exec, const LayerNormGradArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return layer_norm_grad_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  lay_out(args, cutter);
  return cutter.bytes();
}

}  // namespace athanor::kernels
