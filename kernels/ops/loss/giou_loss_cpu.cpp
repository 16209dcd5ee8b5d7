#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/loss/giou_box.h"
#include "kernels/ops/loss/giou_loss.h"

#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kRowsPerBlock = 512;

double weight_of(const View& weight, std::int64_t row) {
  return weight.present() ? static_cast<double>(weight.as<float>()[row]) : 1.0;
}

template <class T>
double row_loss(const GiouLossArgs& args, std::int64_t row) {
  const auto x = GiouBox<T>::load(args.x.as<float>() + 4 * row),
             target = GiouBox<T>::load(args.target.as<float>() + 4 * row);
  return weight_of(args.weight, row) * static_cast<double>(GiouPair<T>(x, target).loss());
}

template <class T>
void row_gradient(const GiouLossGradArgs& args, std::int64_t row) {
  const double counted = static_cast<double>(args.counted.as<float>()[0]);
  const double factor = counted > 0.0 ? static_cast<double>(args.dloss) * weight_of(args.weight, row) / counted : 0.0;
  const auto x = GiouBox<T>::load(args.x.as<float>() + 4 * row),
             target = GiouBox<T>::load(args.target.as<float>() + 4 * row);
  GiouPair<T>(x, target).gradient(x, target, static_cast<T>(factor), args.dx.as<float>() + 4 * row);
}

void store_loss(const GiouLossArgs& args, double sum) {
  double counted = 0.0;
  for (std::int64_t row = 0; row < args.x.dim(0); ++row) counted += weight_of(args.weight, row);
  args.counted.as<float>()[0] = static_cast<float>(counted);
  args.loss.as<float>()[0] = counted > 0.0 ? static_cast<float>(sum / counted) : 0.0f;
}

void giou_loss_reference(const Exec&, const GiouLossArgs& args) {
  double sum = 0.0;
  for (std::int64_t row = 0; row < args.x.dim(0); ++row) sum += row_loss<double>(args, row);
  store_loss(args, sum);
}

void giou_loss_grad_reference(const Exec&, const GiouLossGradArgs& args) {
  for (std::int64_t row = 0; row < args.x.dim(0); ++row) row_gradient<double>(args, row);
}

void giou_loss_rows(const Exec& exec, const GiouLossArgs& args) {
  const std::int64_t rows = args.x.dim(0);
  cpu::WorkspaceCutter cutter(exec);
  double* terms = cutter.take<double>(rows);
  cpu::parallel_ranges(exec.threads, rows, kRowsPerBlock, [&](cpu::BlockRange range) {
    for (std::int64_t row = range.begin; row < range.end; ++row) terms[row] = row_loss<float>(args, row);
  });
  double sum = 0.0;
  for (std::int64_t row = 0; row < rows; ++row) sum += terms[row];
  store_loss(args, sum);
}

void giou_loss_grad_rows(const Exec& exec, const GiouLossGradArgs& args) {
  cpu::parallel_ranges(exec.threads, args.x.dim(0), kRowsPerBlock, [&](cpu::BlockRange range) {
    for (std::int64_t row = range.begin; row < range.end; ++row) row_gradient<float>(args, row);
  });
}

constexpr std::array<Candidate<GiouLossArgs>, 2> kCandidates{{
    {"giou_loss_cpu_rows", nullptr, giou_loss_rows},
    {"giou_loss_cpu_reference", nullptr, giou_loss_reference},
}};
constexpr std::array<Candidate<GiouLossGradArgs>, 2> kGradCandidates{{
    {"giou_loss_grad_cpu_rows", nullptr, giou_loss_grad_rows},
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
  cutter.take<double>(args.x.dim(0));
  return cutter.bytes();
}

}  // namespace athanor::kernels
