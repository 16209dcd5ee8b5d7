#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/loss/giou_box.h"
#include "kernels/ops/loss/giou_loss.h"
#include "kernels/ops/loss/giou_loss_avx2.h"

#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kRowsPerBlock = 512;

double weight_of(const View& weight, std::int64_t row) {
  return weight.present() ? static_cast<double>(weight.as<float>()[row]) : 1.0;
}

void store_loss(const GiouLossArgs& args, double sum) {
  double counted = 0.0;
  for (std::int64_t row = 0; row < args.x.dim(0); ++row) counted += weight_of(args.weight, row);
  args.counted.as<float>()[0] = static_cast<float>(counted);
  args.loss.as<float>()[0] = counted > 0.0 ? static_cast<float>(sum / counted) : 0.0f;
}

// What a row's gradient is multiplied by.
double factor_of(const GiouLossGradArgs& args, std::int64_t row) {
  const double counted = static_cast<double>(args.counted.as<float>()[0]);
  return counted > 0.0 ? static_cast<double>(args.dloss) * weight_of(args.weight, row) / counted : 0.0;
}

const float* box(const View& view, std::int64_t row) { return view.as<float>() + 4 * row; }

// ---- Reference ----

void giou_loss_reference(const Exec&, const GiouLossArgs& args) {
  double sum = 0.0;
  for (std::int64_t row = 0; row < args.x.dim(0); ++row) {
    const auto x = GiouBox<double>::load(box(args.x, row)), target = GiouBox<double>::load(box(args.target, row));
    sum += weight_of(args.weight, row) * GiouPair<double>(x, target).loss();
  }
  store_loss(args, sum);
}

void giou_loss_grad_reference(const Exec&, const GiouLossGradArgs& args) {
  for (std::int64_t row = 0; row < args.x.dim(0); ++row) {
    const auto x = GiouBox<double>::load(box(args.x, row)), target = GiouBox<double>::load(box(args.target, row));
    GiouPair<double>(x, target).gradient(x, target, factor_of(args, row)).store(args.dx.as<float>() + 4 * row);
  }
}

// ---- Blocks of rows ----

void giou_loss_blocks(const Exec& exec, const GiouLossArgs& args) {
  cpu::WorkspaceCutter cutter(exec);
  const std::int64_t blocks = cpu::block_count(args.x.dim(0), kRowsPerBlock);
  double* sums = cutter.take<double>(blocks);
  cpu::parallel_for(exec.threads, blocks, [&](std::int64_t block) {
    const cpu::BlockRange rows = cpu::block_range(block, kRowsPerBlock, args.x.dim(0));
    float losses[kRowsPerBlock];
    giou_losses_avx2(box(args.x, rows.begin), box(args.target, rows.begin), rows.size(), losses);
    double sum = 0.0;
    for (std::int64_t i = 0; i < rows.size(); ++i)
      sum += weight_of(args.weight, rows.begin + i) * static_cast<double>(losses[i]);
    sums[block] = sum;
  });
  double sum = 0.0;
  for (std::int64_t block = 0; block < blocks; ++block) sum += sums[block];
  store_loss(args, sum);
}

void giou_loss_grad_blocks(const Exec& exec, const GiouLossGradArgs& args) {
  cpu::parallel_ranges(exec.threads, args.x.dim(0), kRowsPerBlock, [&](cpu::BlockRange rows) {
    float factors[kRowsPerBlock];
    for (std::int64_t i = 0; i < rows.size(); ++i) factors[i] = static_cast<float>(factor_of(args, rows.begin + i));
    giou_gradients_avx2(box(args.x, rows.begin), box(args.target, rows.begin), factors, rows.size(),
                        args.dx.as<float>() + 4 * rows.begin);
  });
}

template <class Args>
const char* refuse(const Exec&, const Args&) {
  return cpu::avx2_refusal();
}

constexpr std::array<Candidate<GiouLossArgs>, 2> kCandidates{{
    {"giou_loss_cpu_avx2_blocks", refuse<GiouLossArgs>, giou_loss_blocks},
    {"giou_loss_cpu_reference", nullptr, giou_loss_reference},
}};

constexpr std::array<Candidate<GiouLossGradArgs>, 2> kGradCandidates{{
    {"giou_loss_grad_cpu_avx2_blocks", refuse<GiouLossGradArgs>, giou_loss_grad_blocks},
    {"giou_loss_grad_cpu_reference", nullptr, giou_loss_grad_reference},
}};

}  // namespace

Candidates<GiouLossArgs> giou_loss_candidates() { return kCandidates; }
Candidates<GiouLossGradArgs> giou_loss_grad_candidates() { return kGradCandidates; }

void giou_loss(const Exec& exec, const GiouLossArgs& args) {
  launch("giou_loss", exec, args, giou_loss_candidates(), giou_loss_cuda);
}

void giou_loss_grad(const Exec& exec, const GiouLossGradArgs& args) {
  launch("giou_loss_grad", exec, args, giou_loss_grad_candidates(), giou_loss_grad_cuda);
}

std::size_t giou_loss_workspace_bytes(const Exec& exec, const GiouLossArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return giou_loss_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  cutter.take<double>(cpu::block_count(args.x.dim(0), kRowsPerBlock));
  return cutter.bytes();
}

}  // namespace athanor::kernels
