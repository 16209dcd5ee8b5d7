#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/loss/cross_entropy.h"
#include "kernels/ops/loss/cross_entropy_avx2.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kNumbersPerBlock = 32768;

std::int64_t rows_per_block(std::int64_t classes) {
  return std::max<std::int64_t>(1, kNumbersPerBlock / std::max<std::int64_t>(1, classes));
}

std::int64_t counted_rows(const View& targets, std::int32_t ignored) {
  const std::int32_t* target = targets.as<std::int32_t>();
  return targets.numel() - std::count(target, target + targets.numel(), ignored);
}

// ---- Reference ----

void cross_entropy_reference(const Exec&, const CrossEntropyArgs& args) {
  const std::int64_t rows = args.targets.numel(), classes = args.x.dim(-1);
  const double smoothing = static_cast<double>(args.smoothing);
  double loss = 0.0;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int32_t target = args.targets.as<std::int32_t>()[row];
    float &row_max = args.row_max.as<float>()[row], &row_log = args.row_log.as<float>()[row];
    row_max = row_log = 0.0f;
    if (target == args.ignored) continue;
    const float* x = args.x.as<float>() + row * classes;
    row_max = *std::max_element(x, x + classes);
    double sum = 0.0, centred = 0.0;
    for (std::int64_t v = 0; v < classes; ++v) {
      const double difference = static_cast<double>(x[v]) - static_cast<double>(row_max);
      sum += std::exp(difference);
      centred += difference;
    }
    row_log = static_cast<float>(std::log(sum));
    loss += std::log(sum) - (1.0 - smoothing) * (static_cast<double>(x[target]) - static_cast<double>(row_max)) -
            smoothing * centred / static_cast<double>(classes);
  }
  const std::int64_t counted = counted_rows(args.targets, args.ignored);
  args.counted.as<float>()[0] = static_cast<float>(counted);
  args.loss.as<float>()[0] = counted == 0 ? 0.0f : static_cast<float>(loss / static_cast<double>(counted));
}

void cross_entropy_grad_reference(const Exec&, const CrossEntropyGradArgs& args) {
  const std::int64_t rows = args.targets.numel(), classes = args.x.dim(-1);
  const double smoothing = static_cast<double>(args.smoothing);
  const double factor =
      static_cast<double>(args.dloss) / std::max(1.0, static_cast<double>(args.counted.as<float>()[0]));
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int32_t target = args.targets.as<std::int32_t>()[row];
    const double top = static_cast<double>(args.row_max.as<float>()[row]),
                 log = static_cast<double>(args.row_log.as<float>()[row]);
    for (std::int64_t v = 0; v < classes; ++v) {
      const double x = static_cast<double>(args.x.as<float>()[row * classes + v]);
      double g = std::exp(x - top - log) - smoothing / static_cast<double>(classes);
      if (v == target) g -= 1.0 - smoothing;
      args.dx.as<float>()[row * classes + v] = target == args.ignored ? 0.0f : static_cast<float>(factor * g);
    }
  }
}

// ---- Rows in parallel ----

// The loss of a row that counts.
double row_loss(const CrossEntropyArgs& args, std::int64_t row, std::int32_t target) {
  const std::int64_t classes = args.x.dim(-1);
  const float* x = args.x.as<float>() + row * classes;
  const RowSoftmax softmax = row_softmax_avx2(x, classes, args.smoothing > 0.0f, nullptr);
  const float log = std::log(softmax.sum);
  args.row_max.as<float>()[row] = softmax.max;
  args.row_log.as<float>()[row] = log;
  const double smoothing = static_cast<double>(args.smoothing);
  return static_cast<double>(log) - (1.0 - smoothing) * static_cast<double>(x[target] - softmax.max) -
         smoothing * static_cast<double>(softmax.centred) / static_cast<double>(classes);
}

void cross_entropy_rows(const Exec& exec, const CrossEntropyArgs& args) {
  const std::int64_t rows = args.targets.numel();
  cpu::WorkspaceCutter cutter(exec);
  double* terms = cutter.take<double>(rows);
  cpu::parallel_ranges(exec.threads, rows, rows_per_block(args.x.dim(-1)), [&](cpu::BlockRange range) {
    for (std::int64_t row = range.begin; row < range.end; ++row) {
      const std::int32_t target = args.targets.as<std::int32_t>()[row];
      terms[row] = 0.0;
      args.row_max.as<float>()[row] = args.row_log.as<float>()[row] = 0.0f;
      if (target != args.ignored) terms[row] = row_loss(args, row, target);
    }
  });
  double loss = 0.0;
  for (std::int64_t row = 0; row < rows; ++row) loss += terms[row];
  const std::int64_t counted = counted_rows(args.targets, args.ignored);
  args.counted.as<float>()[0] = static_cast<float>(counted);
  args.loss.as<float>()[0] = counted == 0 ? 0.0f : static_cast<float>(loss / static_cast<double>(counted));
}

void cross_entropy_grad_rows(const Exec& exec, const CrossEntropyGradArgs& args) {
  const std::int64_t rows = args.targets.numel(), classes = args.x.dim(-1);
  const float factor = args.dloss / std::max(1.0f, args.counted.as<float>()[0]);
  const float rest = factor * args.smoothing / static_cast<float>(classes);
  cpu::parallel_ranges(exec.threads, rows, rows_per_block(classes), [&](cpu::BlockRange range) {
    for (std::int64_t row = range.begin; row < range.end; ++row) {
      const std::int32_t target = args.targets.as<std::int32_t>()[row];
      float* dx = args.dx.as<float>() + row * classes;
      if (target == args.ignored) {
        std::fill_n(dx, classes, 0.0f);
        continue;
      }
      softmax_gradient_avx2(args.x.as<float>() + row * classes, classes, args.row_max.as<float>()[row],
                            args.row_log.as<float>()[row], factor, rest, dx);
      if (target >= 0 && target < classes) dx[target] -= factor * (1.0f - args.smoothing);
    }
  });
}

const char* refuse(const Exec&, const CrossEntropyArgs&) { return cpu::avx2_refusal(); }
const char* refuse_grad(const Exec&, const CrossEntropyGradArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<CrossEntropyArgs>, 2> kCandidates{{
    {"cross_entropy_cpu_avx2_rows", refuse, cross_entropy_rows},
    {"cross_entropy_cpu_reference", nullptr, cross_entropy_reference},
}};
constexpr std::array<Candidate<CrossEntropyGradArgs>, 2> kGradCandidates{{
    {"cross_entropy_grad_cpu_avx2_rows", refuse_grad, cross_entropy_grad_rows},
    {"cross_entropy_grad_cpu_reference", nullptr, cross_entropy_grad_reference},
}};

}  // namespace

Candidates<CrossEntropyArgs> cross_entropy_candidates() { return kCandidates; }
Candidates<CrossEntropyGradArgs> cross_entropy_grad_candidates() { return kGradCandidates; }

void cross_entropy(const Exec& exec, const CrossEntropyArgs& args) {
  launch("cross_entropy", exec, args, cross_entropy_candidates(), cross_entropy_cuda);
}

void cross_entropy_grad(const Exec& exec, const CrossEntropyGradArgs& args) {
  launch("cross_entropy_grad", exec, args, cross_entropy_grad_candidates(), cross_entropy_grad_cuda);
}

std::size_t cross_entropy_workspace_bytes(const Exec& exec, const CrossEntropyArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return cross_entropy_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  cutter.take<double>(args.targets.numel());
  return cutter.bytes();
}

}  // namespace athanor::kernels
