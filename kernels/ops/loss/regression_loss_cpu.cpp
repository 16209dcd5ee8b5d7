#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/loss/regression_loss.h"
#include "kernels/ops/loss/regression_loss_avx2.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kNumbersPerBlock = 16384;

struct Rows {
  std::int64_t count, width;

  explicit Rows(const View& x) : count(0), width(x.dim(-1)) { count = width == 0 ? 0 : x.numel() / width; }
  [[nodiscard]] std::int64_t per_block() const {
    return std::max<std::int64_t>(1, kNumbersPerBlock / std::max<std::int64_t>(1, width));
  }
};

double weight_of(const View& weight, std::int64_t row) {
  return weight.present() ? static_cast<double>(weight.as<float>()[row]) : 1.0;
}

double counted_numbers(const View& weight, const Rows& rows) {
  double sum = 0.0;
  for (std::int64_t row = 0; row < rows.count; ++row) sum += weight_of(weight, row);
  return sum * static_cast<double>(rows.width);
}

void store_loss(const RegressionLossArgs& args, double sum) {
  const double counted = counted_numbers(args.weight, Rows(args.x));
  args.counted.as<float>()[0] = static_cast<float>(counted);
  args.loss.as<float>()[0] = counted > 0.0 ? static_cast<float>(sum / counted) : 0.0f;
}

float factor_of(const RegressionLossGradArgs& args, std::int64_t row) {
  const float counted = args.counted.as<float>()[0];
  return counted > 0.0f ? args.dloss * static_cast<float>(weight_of(args.weight, row)) / counted : 0.0f;
}

// ---- Reference ----

void regression_loss_reference(const Exec&, const RegressionLossArgs& args) {
  const Rows rows(args.x);
  const double beta = static_cast<double>(args.beta);
  double sum = 0.0;
  for (std::int64_t at = 0; at < rows.count * rows.width; ++at) {
    const double d =
        std::abs(static_cast<double>(args.x.as<float>()[at]) - static_cast<double>(args.target.as<float>()[at]));
    const bool round = args.kind == RegressionKind::smooth_l1;
    const double f = !round ? d : d < beta ? d * d / (2.0 * beta) : d - beta / 2.0;
    sum += weight_of(args.weight, at / rows.width) * f;
  }
  store_loss(args, sum);
}

void regression_loss_grad_reference(const Exec&, const RegressionLossGradArgs& args) {
  const Rows rows(args.x);
  const double beta = static_cast<double>(args.beta);
  for (std::int64_t at = 0; at < rows.count * rows.width; ++at) {
    const double d = static_cast<double>(args.x.as<float>()[at]) - static_cast<double>(args.target.as<float>()[at]);
    const bool round = args.kind == RegressionKind::smooth_l1 && std::abs(d) < beta;
    const double slope = round ? d / beta : d > 0.0 ? 1.0 : d < 0.0 ? -1.0 : 0.0;
    args.dx.as<float>()[at] = static_cast<float>(static_cast<double>(factor_of(args, at / rows.width)) * slope);
  }
}

// ---- Blocks of rows ----

template <class Args>
float beta_of(const Args& args) {
  return args.kind == RegressionKind::smooth_l1 ? args.beta : 0.0f;
}

void regression_loss_blocks(const Exec& exec, const RegressionLossArgs& args) {
  const Rows rows(args.x);
  cpu::WorkspaceCutter cutter(exec);
  const std::int64_t blocks = cpu::block_count(rows.count, rows.per_block());
  double* sums = cutter.take<double>(blocks);
  cpu::parallel_for(exec.threads, blocks, [&](std::int64_t block) {
    const cpu::BlockRange range = cpu::block_range(block, rows.per_block(), rows.count);
    double sum = 0.0;
    for (std::int64_t row = range.begin; row < range.end; ++row)
      sum += weight_of(args.weight, row) * static_cast<double>(distance_sum_avx2(
                                               args.x.as<float>() + row * rows.width,
                                               args.target.as<float>() + row * rows.width, rows.width, beta_of(args)));
    sums[block] = sum;
  });
  double sum = 0.0;
  for (std::int64_t block = 0; block < blocks; ++block) sum += sums[block];
  store_loss(args, sum);
}

void regression_loss_grad_blocks(const Exec& exec, const RegressionLossGradArgs& args) {
  const Rows rows(args.x);
  cpu::parallel_ranges(exec.threads, rows.count, rows.per_block(), [&](cpu::BlockRange range) {
    for (std::int64_t row = range.begin; row < range.end; ++row)
      distance_grad_avx2(args.x.as<float>() + row * rows.width, args.target.as<float>() + row * rows.width, rows.width,
                         beta_of(args), factor_of(args, row), args.dx.as<float>() + row * rows.width);
  });
}

const char* refuse(const Exec&, const RegressionLossArgs&) { return cpu::avx2_refusal(); }
const char* refuse_grad(const Exec&, const RegressionLossGradArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<RegressionLossArgs>, 2> kCandidates{{
    {"regression_loss_cpu_avx2_blocks", refuse, regression_loss_blocks},
    {"regression_loss_cpu_reference", nullptr, regression_loss_reference},
}};
constexpr std::array<Candidate<RegressionLossGradArgs>, 2> kGradCandidates{{
    {"regression_loss_grad_cpu_avx2_blocks", refuse_grad, regression_loss_grad_blocks},
    {"regression_loss_grad_cpu_reference", nullptr, regression_loss_grad_reference},
}};

}  // namespace

Candidates<RegressionLossArgs> regression_loss_candidates() { return kCandidates; }
Candidates<RegressionLossGradArgs> regression_loss_grad_candidates() { return kGradCandidates; }

void regression_loss(const Exec& exec, const RegressionLossArgs& args) {
  launch("regression_loss", exec, args, regression_loss_candidates(), regression_loss_cuda);
}

void regression_loss_grad(const Exec& exec, const RegressionLossGradArgs& args) {
  launch("regression_loss_grad", exec, args, regression_loss_grad_candidates(), regression_loss_grad_cuda);
}

std::size_t regression_loss_workspace_bytes(const Exec& exec, const RegressionLossArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return regression_loss_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  const Rows rows(args.x);
  cutter.take<double>(cpu::block_count(rows.count, rows.per_block()));
  return cutter.bytes();
}

}  // namespace athanor::kernels
