#include "kernels/cpu/column_sum.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/norm/rms_norm.h"
#include "kernels/ops/norm/rms_norm_avx2.h"

#include <array>
#include <cmath>
#include <vector>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kRowsPerBlock = 64;

std::int64_t row_count(const View& x) { return x.numel() == 0 ? 0 : x.numel() / x.dim(-1); }

double at(const View& view, std::int64_t i) { return static_cast<double>(view.as<float>()[i]); }

void rms_norm_reference(const Exec&, const RmsNormArgs& args) {
  const std::int64_t cols = args.x.dim(-1);
  for (std::int64_t row = 0; row < row_count(args.x); ++row) {
    double squares = 0.0;
    for (std::int64_t col = 0; col < cols; ++col) squares += std::pow(at(args.x, row * cols + col), 2);
    const double rstd = 1.0 / std::sqrt(squares / static_cast<double>(cols) + static_cast<double>(args.eps));
    for (std::int64_t col = 0; col < cols; ++col) {
      const double value = at(args.x, row * cols + col) * rstd;
      args.y.as<float>()[row * cols + col] =
          static_cast<float>(args.gain.present() ? value * at(args.gain, col) : value);
    }
    if (args.rstd.present()) args.rstd.as<float>()[row] = static_cast<float>(rstd);
  }
}

void rms_norm_grad_reference(const Exec&, const RmsNormGradArgs& args) {
  const std::int64_t cols = args.x.dim(-1);
  std::vector<double> dgain(static_cast<std::size_t>(cols), 0.0);
  for (std::int64_t row = 0; row < row_count(args.x); ++row) {
    const auto g = [&](std::int64_t col) {
      const double dy = at(args.dy, row * cols + col);
      return args.gain.present() ? dy * at(args.gain, col) : dy;
    };
    const auto xhat = [&](std::int64_t col) { return at(args.x, row * cols + col) * at(args.rstd, row); };
    double mean = 0.0;
    for (std::int64_t col = 0; col < cols; ++col) {
      mean += g(col) * xhat(col) / static_cast<double>(cols);
      dgain[static_cast<std::size_t>(col)] += at(args.dy, row * cols + col) * xhat(col);
    }
    std::vector<double> dx(static_cast<std::size_t>(cols));
    for (std::int64_t col = 0; col < cols; ++col)
      dx[static_cast<std::size_t>(col)] = at(args.rstd, row) * (g(col) - xhat(col) * mean);
    for (std::int64_t col = 0; args.dx.present() && col < cols; ++col)
      args.dx.as<float>()[row * cols + col] = static_cast<float>(dx[static_cast<std::size_t>(col)]);
  }
  for (std::int64_t col = 0; args.dgain.present() && col < cols; ++col)
    args.dgain.as<float>()[col] = static_cast<float>(dgain[static_cast<std::size_t>(col)] +
                                                     (args.accumulate_parameters ? at(args.dgain, col) : 0.0));
}

void rms_norm_row_blocks(const Exec& exec, const RmsNormArgs& args) {
  const std::int64_t cols = args.x.dim(-1);
  cpu::parallel_ranges(exec.threads, row_count(args.x), kRowsPerBlock, [&](cpu::BlockRange rows) {
    rms_norm_rows_avx2(rows.size(), cols, args.x.as<float>() + rows.begin * cols, args.gain.as<float>(), args.eps,
                       args.y.as<float>() + rows.begin * cols,
                       args.rstd.present() ? args.rstd.as<float>() + rows.begin : nullptr);
  });
}

std::int64_t partial_floats(const RmsNormGradArgs& args) {
  return args.dgain.present() ? cpu::block_count(row_count(args.x), kRowsPerBlock) * args.x.dim(-1) : 0;
}

void rms_norm_grad_row_blocks(const Exec& exec, const RmsNormGradArgs& args) {
  if (args.x.numel() == 0) return rms_norm_grad_reference(exec, args);
  const std::int64_t cols = args.x.dim(-1);
  cpu::WorkspaceCutter cutter(exec);
  float* partial = cutter.take<float>(partial_floats(args));
  cpu::parallel_ranges(exec.threads, row_count(args.x), kRowsPerBlock, [&](cpu::BlockRange rows) {
    const std::int64_t begin = rows.begin * cols;
    rms_norm_grad_rows_avx2(rows.size(), cols, args.x.as<float>() + begin, args.gain.as<float>(),
                            args.rstd.as<float>() + rows.begin, args.dy.as<float>() + begin,
                            args.dx.present() ? args.dx.as<float>() + begin : nullptr,
                            args.dgain.present() ? partial + rows.begin / kRowsPerBlock * cols : nullptr);
  });
  if (args.dgain.present())
    cpu::column_sum_parallel(exec.threads, partial, cpu::block_count(row_count(args.x), kRowsPerBlock), cols,
                             args.accumulate_parameters, args.dgain.as<float>());
}

const char* refuse(const Exec&, const RmsNormArgs&) { return cpu::avx2_refusal(); }
const char* refuse_grad(const Exec&, const RmsNormGradArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<RmsNormArgs>, 2> kCandidates{{
    {"rms_norm_cpu_avx2_row_blocks", refuse, rms_norm_row_blocks},
    {"rms_norm_cpu_reference", nullptr, rms_norm_reference},
}};
constexpr std::array<Candidate<RmsNormGradArgs>, 2> kGradCandidates{{
    {"rms_norm_grad_cpu_avx2_row_blocks", refuse_grad, rms_norm_grad_row_blocks},
    {"rms_norm_grad_cpu_reference", nullptr, rms_norm_grad_reference},
}};

}  // namespace

Candidates<RmsNormArgs> rms_norm_candidates() { return kCandidates; }
Candidates<RmsNormGradArgs> rms_norm_grad_candidates() { return kGradCandidates; }

void rms_norm(const Exec& exec, const RmsNormArgs& args) {
  launch("rms_norm", exec, args, rms_norm_candidates(), rms_norm_cuda);
}

void rms_norm_grad(const Exec& exec, const RmsNormGradArgs& args) {
  launch("rms_norm_grad", exec, args, rms_norm_grad_candidates(), rms_norm_grad_cuda);
}

std::size_t rms_norm_grad_workspace_bytes(const Exec& exec, const RmsNormGradArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return rms_norm_grad_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  cutter.take<float>(partial_floats(args));
  return cutter.bytes();
}

}  // namespace athanor::kernels
