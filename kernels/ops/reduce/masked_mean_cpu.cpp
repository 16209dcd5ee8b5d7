#include "kernels/cpu/column_sum.h"
#include "kernels/cpu/elementwise_avx2.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/ops/reduce/masked_mean.h"

#include <algorithm>
#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kSamplesPerBlock = 4;

std::int64_t length_of(const View& lengths, std::int64_t sample, std::int64_t tokens) {
  return lengths.present() ? lengths.as<std::int32_t>()[sample] : tokens;
}

void masked_mean_reference(const Exec&, const MaskedMeanArgs& args) {
  const std::int64_t tokens = args.x.dim(1), cols = args.x.dim(2);
  for (std::int64_t sample = 0; sample < args.x.dim(0); ++sample) {
    const std::int64_t length = length_of(args.lengths, sample, tokens);
    for (std::int64_t col = 0; col < cols; ++col) {
      double sum = 0.0;
      for (std::int64_t t = 0; t < length; ++t)
        sum += static_cast<double>(args.x.as<float>()[(sample * tokens + t) * cols + col]);
      args.y.as<float>()[sample * cols + col] = static_cast<float>(sum / static_cast<double>(length));
    }
  }
}

void masked_mean_sample_blocks(const Exec& exec, const MaskedMeanArgs& args) {
  const std::int64_t tokens = args.x.dim(1), cols = args.x.dim(2);
  cpu::parallel_ranges(exec.threads, args.x.dim(0), kSamplesPerBlock, [&](cpu::BlockRange samples) {
    for (std::int64_t sample = samples.begin; sample < samples.end; ++sample) {
      const std::int64_t length = length_of(args.lengths, sample, tokens);
      float* y = args.y.as<float>() + sample * cols;
      cpu::column_sum_avx2(args.x.as<float>() + sample * tokens * cols, length, cols, cols, false, y);
      cpu::axpby_avx2(cols, 1.0f / static_cast<float>(length), y, 0.0f, y);
    }
  });
}

void spread_row(const float* dy, std::int64_t length, std::int64_t tokens, std::int64_t cols, float* dx) {
  for (std::int64_t col = 0; col < cols; ++col) dx[col] = dy[col] / static_cast<float>(length);
  for (std::int64_t t = 1; t < length; ++t) std::copy_n(dx, cols, dx + t * cols);
  std::fill_n(dx + length * cols, (tokens - length) * cols, 0.0f);
}

void spread_samples(const MaskedMeanGradArgs& args, cpu::BlockRange samples) {
  const std::int64_t tokens = args.dx.dim(1), cols = args.dx.dim(2);
  for (std::int64_t sample = samples.begin; sample < samples.end; ++sample)
    spread_row(args.dy.as<float>() + sample * cols, length_of(args.lengths, sample, tokens), tokens, cols,
               args.dx.as<float>() + sample * tokens * cols);
}

void masked_mean_grad_reference(const Exec&, const MaskedMeanGradArgs& args) {
  spread_samples(args, {0, args.dx.dim(0)});
}

void masked_mean_grad_sample_blocks(const Exec& exec, const MaskedMeanGradArgs& args) {
  cpu::parallel_ranges(exec.threads, args.dx.dim(0), kSamplesPerBlock,
                       [&](cpu::BlockRange samples) { spread_samples(args, samples); });
}

const char* refuse(const Exec&, const MaskedMeanArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<MaskedMeanArgs>, 2> kCandidates{{
    {"masked_mean_cpu_avx2_sample_blocks", refuse, masked_mean_sample_blocks},
    {"masked_mean_cpu_reference", nullptr, masked_mean_reference},
}};
constexpr std::array<Candidate<MaskedMeanGradArgs>, 2> kGradCandidates{{
    {"masked_mean_grad_cpu_sample_blocks", nullptr, masked_mean_grad_sample_blocks},
    {"masked_mean_grad_cpu_reference", nullptr, masked_mean_grad_reference},
}};

}  // namespace

Candidates<MaskedMeanArgs> masked_mean_candidates() { return kCandidates; }
Candidates<MaskedMeanGradArgs> masked_mean_grad_candidates() { return kGradCandidates; }

void masked_mean(const Exec& exec, const MaskedMeanArgs& args) {
  launch("masked_mean", exec, args, masked_mean_candidates(), masked_mean_cuda);
}

void masked_mean_grad(const Exec& exec, const MaskedMeanGradArgs& args) {
  launch("masked_mean_grad", exec, args, masked_mean_grad_candidates(), masked_mean_grad_cuda);
}

}  // namespace athanor::kernels
