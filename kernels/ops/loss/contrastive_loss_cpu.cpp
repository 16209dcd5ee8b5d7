#include "kernels/cpu/gemm.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/loss/contrastive_loss.h"
#include "kernels/ops/loss/contrastive_loss_avx2.h"
#include "kernels/ops/loss/contrastive_loss_reference.h"
#include "kernels/ops/loss/contrastive_loss_tiled.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace athanor::kernels {

namespace {

// Enough blocks for many threads, and rows enough to keep products efficient.
std::int64_t rows_per_block(std::int64_t n) { return std::clamp<std::int64_t>(n / 32, 16, 128); }

constexpr std::int64_t kColumnsPerBlock = 64;

struct Workspace {
  float* logits;      // [N,N]
  double* row_terms;  // [N]
};

Workspace lay_out(std::int64_t n, cpu::WorkspaceCutter& cutter) {
  return {cutter.take<float>(n * n), cutter.take<double>(n)};
}

float scale_of(const View& logit_scale, float max_logit_scale) {
  return std::exp(std::min(logit_scale.as<float>()[0], max_logit_scale));
}

void compute_logits(const View& image, const View& text, float scale, cpu::BlockRange rows, float* logits) {
  const std::int64_t n = text.dim(0), width = text.dim(1);
  cpu::gemm({.transpose_b = true,
             .m = rows.size(),
             .n = n,
             .k = width,
             .alpha = scale,
             .a = image.as<float>() + rows.begin * width,
             .lda = width,
             .b = text.as<float>(),
             .ldb = width,
             .c = logits + rows.begin * n,
             .ldc = n});
}

// Calls visit(j) for every positive of row i and returns how many there are.
template <class Visit>
std::int64_t for_each_positive(const View& ids, std::int64_t n, std::int64_t i, Visit&& visit) {
  if (!ids.present()) {
    visit(i);
    return 1;
  }
  const std::int32_t* id = ids.as<std::int32_t>();
  std::int64_t count = 0;
  for (std::int64_t j = 0; j < n; ++j)
    if (id[j] == id[i]) {
      visit(j);
      ++count;
    }
  return count;
}

// The mean logit of the positives of row i: sum_j P[i,j] l[i,j].
double positive_mean(const View& ids, std::int64_t n, std::int64_t i, const float* row) {
  double sum = 0.0;
  const std::int64_t count = for_each_positive(ids, n, i, [&](std::int64_t j) { sum += static_cast<double>(row[j]); });
  return sum / static_cast<double>(count);
}

// The rows of P sum to 1 and P is symmetric, so loss = mean((row_lse + col_lse) / 2 - positive_mean).
void contrastive_loss_row_blocks(const Exec& exec, const ContrastiveLossArgs& args) {
  const std::int64_t n = args.image.dim(0);
  cpu::WorkspaceCutter cutter(exec);
  const Workspace w = lay_out(n, cutter);
  const float scale = scale_of(args.logit_scale, args.max_logit_scale);
  float *row_lse = args.row_lse.as<float>(), *col_lse = args.col_lse.as<float>();
  cpu::parallel_ranges(exec.threads, n, rows_per_block(n), [&](cpu::BlockRange rows) {
    compute_logits(args.image, args.text, scale, rows, w.logits);
    for (std::int64_t i = rows.begin; i < rows.end; ++i) {
      row_lse[i] = row_log_sum_exp_avx2(w.logits + i * n, n);
      w.row_terms[i] = positive_mean(args.ids, n, i, w.logits + i * n);
    }
  });
  cpu::parallel_ranges(exec.threads, n, kColumnsPerBlock, [&](cpu::BlockRange cols) {
    column_log_sum_exp_avx2(w.logits + cols.begin, n, cols.size(), n, col_lse + cols.begin);
  });
  double loss = 0.0;
  for (std::int64_t i = 0; i < n; ++i)
    loss += 0.5 * (static_cast<double>(row_lse[i]) + static_cast<double>(col_lse[i])) - w.row_terms[i];
  args.loss.as<float>()[0] = static_cast<float>(loss / static_cast<double>(n));
}

// Replaces the logits of some rows by G, writes their dimage, and leaves sum_j G[i,j] l[i,j] in row_terms.
void gradient_of_logits(const ContrastiveLossGradArgs& args, float scale, cpu::BlockRange rows, const Workspace& w) {
  const std::int64_t n = args.image.dim(0), width = args.image.dim(1);
  const float factor = args.dloss / static_cast<float>(n);
  compute_logits(args.image, args.text, scale, rows, w.logits);
  for (std::int64_t i = rows.begin; i < rows.end; ++i) {
    float* row = w.logits + i * n;
    softmax_mean_row_avx2(row, n, args.row_lse.as<float>()[i], args.col_lse.as<float>(), factor);
    const std::int64_t count = for_each_positive(args.ids, n, i, [](std::int64_t) {});
    const float share = factor / static_cast<float>(count);
    for_each_positive(args.ids, n, i, [&](std::int64_t j) { row[j] -= share; });
  }
  cpu::gemm({.m = rows.size(),
             .n = width,
             .k = n,
             .alpha = scale,
             .a = w.logits + rows.begin * n,
             .lda = n,
             .b = args.text.as<float>(),
             .ldb = width,
             .c = args.dimage.as<float>() + rows.begin * width,
             .ldc = width});
  // sum_j G[i,j] l[i,j] = sum_d dimage[i,d] image[i,d], because l is linear in image.
  for (std::int64_t i = rows.begin; i < rows.end; ++i) {
    double sum = 0.0;
    for (std::int64_t d = 0; d < width; ++d)
      sum += static_cast<double>(args.dimage.as<float>()[i * width + d]) *
             static_cast<double>(args.image.as<float>()[i * width + d]);
    w.row_terms[i] = sum;
  }
}

void contrastive_loss_grad_row_blocks(const Exec& exec, const ContrastiveLossGradArgs& args) {
  const std::int64_t n = args.image.dim(0), width = args.image.dim(1);
  cpu::WorkspaceCutter cutter(exec);
  const Workspace w = lay_out(n, cutter);
  const float scale = scale_of(args.logit_scale, args.max_logit_scale);
  cpu::parallel_ranges(exec.threads, n, rows_per_block(n),
                       [&](cpu::BlockRange rows) { gradient_of_logits(args, scale, rows, w); });
  cpu::parallel_ranges(exec.threads, n, rows_per_block(n), [&](cpu::BlockRange rows) {
    cpu::gemm({.transpose_a = true,
               .m = rows.size(),
               .n = width,
               .k = n,
               .alpha = scale,
               .a = w.logits + rows.begin,
               .lda = n,
               .b = args.image.as<float>(),
               .ldb = width,
               .c = args.dtext.as<float>() + rows.begin * width,
               .ldc = width});
  });
  if (!args.dlogit_scale.present()) return;
  double sum = 0.0;
  for (std::int64_t i = 0; i < n; ++i) sum += w.row_terms[i];
  sum = clamped_scale_gradient(sum, args.logit_scale.as<float>()[0], args.max_logit_scale);
  float& out = args.dlogit_scale.as<float>()[0];
  out = static_cast<float>(args.accumulate_parameters ? static_cast<double>(out) + sum : sum);
}

// Few pairs: their logits take no more memory than the tiles of two threads would.
constexpr std::int64_t kFewPairs = 512;

template <class Args>
const char* refuse_dense(const Exec&, const Args& args) {
  if (args.kind != ContrastiveKind::softmax) return "only the softmax is taken at once";
  if (args.row_scale.present() || args.col_scale.present()) return "the samples have scales of their own";
  if (args.part.count > 0) return "a part is taken in tiles";
  if (args.image.dim(0) > kFewPairs) return "so many pairs are taken in tiles";
  return cpu::avx2_refusal();
}

template <class Args>
const char* refuse_tiled(const Exec&, const Args&) {
  return cpu::avx2_refusal();
}

template <class Args>
std::size_t dense_bytes(const Exec&, const Args& args) {
  cpu::WorkspaceCutter cutter;
  lay_out(args.image.dim(0), cutter);
  return cutter.bytes();
}

constexpr std::array<Candidate<ContrastiveLossArgs>, 3> kCandidates{{
    {"contrastive_loss_cpu_avx2_row_blocks", refuse_dense, contrastive_loss_row_blocks, dense_bytes},
    {"contrastive_loss_cpu_avx2_tiled", refuse_tiled, contrastive_loss_tiled, contrastive_loss_tiled_bytes},
    {"contrastive_loss_cpu_reference", nullptr, contrastive_loss_reference},
}};
constexpr std::array<Candidate<ContrastiveLossGradArgs>, 3> kGradCandidates{{
    {"contrastive_loss_grad_cpu_avx2_row_blocks", refuse_dense, contrastive_loss_grad_row_blocks, dense_bytes},
    {"contrastive_loss_grad_cpu_avx2_tiled", refuse_tiled, contrastive_loss_grad_tiled,
     contrastive_loss_grad_tiled_bytes},
    {"contrastive_loss_grad_cpu_reference", nullptr, contrastive_loss_grad_reference},
}};

// What the candidate that will be taken asks for.
template <class Args>
std::size_t cpu_bytes(const Exec& exec, const Args& args, Candidates<Args> candidates) {
  const auto& taken = choose<Args>(exec, args, candidates);
  return taken.workspace_bytes ? taken.workspace_bytes(exec, args) : 0;
}

}  // namespace

bool contrastive_takes_parts(const Exec& exec, std::int64_t n) {
  return exec.device.kind == DeviceKind::cpu && n > kFewPairs && cpu::avx2_refusal() == nullptr;
}

double contrastive_sum(std::span<const float> terms) {
  double sum = 0.0;
  for (const float term : terms) sum += static_cast<double>(term);
  return sum;
}

double clamped_scale_gradient(double sum, float logit_scale, float max_logit_scale) {
  return logit_scale > max_logit_scale ? std::max(sum, 0.0) : sum;
}

Candidates<ContrastiveLossArgs> contrastive_loss_candidates() { return kCandidates; }
Candidates<ContrastiveLossGradArgs> contrastive_loss_grad_candidates() { return kGradCandidates; }

void contrastive_loss(const Exec& exec, const ContrastiveLossArgs& args) {
  launch("contrastive_loss", exec, args, contrastive_loss_candidates(), contrastive_loss_cuda);
}

void contrastive_loss_grad(const Exec& exec, const ContrastiveLossGradArgs& args) {
  launch("contrastive_loss_grad", exec, args, contrastive_loss_grad_candidates(), contrastive_loss_grad_cuda);
}

std::size_t contrastive_loss_workspace_bytes(const Exec& exec, const ContrastiveLossArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return contrastive_loss_cuda_workspace_bytes(args);
  return cpu_bytes(exec, args, contrastive_loss_candidates());
}

std::size_t contrastive_loss_grad_workspace_bytes(const Exec& exec, const ContrastiveLossGradArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return contrastive_loss_grad_cuda_workspace_bytes(args);
  return cpu_bytes(exec, args, contrastive_loss_grad_candidates());
}

}  // namespace athanor::kernels
