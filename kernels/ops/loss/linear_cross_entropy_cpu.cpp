#include "kernels/cpu/column_sum.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/loss/cross_entropy_avx2.h"
#include "kernels/ops/loss/linear_cross_entropy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace athanor::kernels {

namespace {

struct HeadSize {
  std::int64_t rows, classes, width;

  explicit HeadSize(const LinearCrossEntropyArgs& args)
      : rows(args.targets.numel()), classes(args.w.dim(0)), width(args.w.dim(1)) {}
};

std::int64_t counted_rows(const LinearCrossEntropyArgs& args) {
  const std::int32_t* target = args.targets.as<std::int32_t>();
  return args.targets.numel() - std::count(target, target + args.targets.numel(), args.ignored);
}

void store_loss(const LinearCrossEntropyArgs& args, double sum, std::int64_t counted) {
  args.counted.as<float>()[0] = static_cast<float>(counted);
  args.loss.as<float>()[0] = counted == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(counted));
}

// ---- Reference ----

// The gradients in double, before they are rounded once.
struct HeadGradient {
  std::vector<double> dx, dw, dbias;

  explicit HeadGradient(const HeadSize& s)
      : dx(static_cast<std::size_t>(s.rows * s.width), 0.0),
        dw(static_cast<std::size_t>(s.classes * s.width), 0.0),
        dbias(static_cast<std::size_t>(s.classes), 0.0) {}

  static void store(const std::vector<double>& from, const View& to) {
    for (std::size_t i = 0; to.present() && i < from.size(); ++i) to.as<float>()[i] = static_cast<float>(from[i]);
  }
};

std::vector<double> logits_of_row(const LinearCrossEntropyArgs& args, const HeadSize& s, std::int64_t row) {
  std::vector<double> logits(static_cast<std::size_t>(s.classes));
  for (std::int64_t v = 0; v < s.classes; ++v) {
    double sum = args.bias.present() ? static_cast<double>(args.bias.as<float>()[v]) : 0.0;
    for (std::int64_t k = 0; k < s.width; ++k)
      sum += static_cast<double>(args.x.as<float>()[row * s.width + k]) *
             static_cast<double>(args.w.as<float>()[v * s.width + k]);
    logits[static_cast<std::size_t>(v)] = sum;
  }
  return logits;
}

// Adds the row's share to the gradient and returns its loss.
double reference_row(const LinearCrossEntropyArgs& args, const HeadSize& s, std::int64_t row, double factor,
                     HeadGradient& gradient) {
  const std::vector<double> logits = logits_of_row(args, s, row);
  const double top = *std::max_element(logits.begin(), logits.end()), smoothing = static_cast<double>(args.smoothing);
  const std::int32_t target = args.targets.as<std::int32_t>()[row];
  double sum = 0.0, centred = 0.0;
  for (const double logit : logits) {
    sum += std::exp(logit - top);
    centred += logit - top;
  }
  for (std::int64_t v = 0; v < s.classes; ++v) {
    const auto at = static_cast<std::size_t>(v);
    double g = std::exp(logits[at] - top) / sum - smoothing / static_cast<double>(s.classes);
    if (v == target) g -= 1.0 - smoothing;
    g *= factor;
    gradient.dbias[at] += g;
    for (std::int64_t k = 0; k < s.width; ++k) {
      const auto of_x = static_cast<std::size_t>(row * s.width + k), of_w = static_cast<std::size_t>(v * s.width + k);
      gradient.dx[of_x] += g * static_cast<double>(args.w.as<float>()[of_w]);
      gradient.dw[of_w] += g * static_cast<double>(args.x.as<float>()[of_x]);
    }
  }
  return std::log(sum) - (1.0 - smoothing) * (logits[static_cast<std::size_t>(target)] - top) -
         smoothing * centred / static_cast<double>(s.classes);
}

void linear_cross_entropy_reference(const Exec&, const LinearCrossEntropyArgs& args) {
  const HeadSize s(args);
  const std::int64_t counted = counted_rows(args);
  HeadGradient gradient(s);
  double loss = 0.0;
  for (std::int64_t row = 0; row < s.rows; ++row)
    if (args.targets.as<std::int32_t>()[row] != args.ignored)
      loss += reference_row(args, s, row, 1.0 / static_cast<double>(counted), gradient);
  store_loss(args, loss, counted);
  HeadGradient::store(gradient.dx, args.dx);
  HeadGradient::store(gradient.dw, args.dw);
  HeadGradient::store(gradient.dbias, args.dbias);
}

// ---- Chunks of rows ----

constexpr std::int64_t kRowBlock = 64, kClassBlock = 512, kWeightBlock = 128, kSoftmaxBlock = 8;
constexpr std::int64_t kChunkNumbers = std::int64_t{1} << 21;  // of logits: 8 MiB
constexpr std::int64_t kLeastChunk = 2 * kRowBlock, kMostChunk = 1024;

// As many rows as keep their logits in the last cache, but enough for products to be efficient.
std::int64_t rows_per_chunk(std::int64_t classes) {
  const std::int64_t rows = kChunkNumbers / std::max<std::int64_t>(classes, 1) / kRowBlock * kRowBlock;
  return std::clamp(rows, kLeastChunk, kMostChunk);
}

struct Workspace {
  float* logits;  // [rows of a chunk, V]
  double* terms;  // [M]
};

Workspace lay_out(const LinearCrossEntropyArgs& args, cpu::WorkspaceCutter& cutter) {
  const HeadSize s(args);
  return {cutter.take<float>(std::min(rows_per_chunk(s.classes), s.rows) * s.classes), cutter.take<double>(s.rows)};
}

class Head {
 public:
  Head(const Exec& exec, const LinearCrossEntropyArgs& args)
      : exec_(exec), args_(args), s_(args), counted_(counted_rows(args)) {
    cpu::WorkspaceCutter cutter(exec);
    w_ = lay_out(args, cutter);
  }

  void run() const {
    const std::int64_t step = rows_per_chunk(s_.classes);
    for (std::int64_t begin = 0; begin < s_.rows; begin += step) {
      const cpu::BlockRange rows{begin, std::min(begin + step, s_.rows)};
      multiply(rows);
      softmax(rows);
      if (wants_gradient()) propagate(rows);
    }
    if (s_.rows == 0) clear_parameters();
    double loss = 0.0;
    for (std::int64_t row = 0; row < s_.rows; ++row) loss += w_.terms[row];
    store_loss(args_, loss, counted_);
  }

 private:
  [[nodiscard]] bool wants_gradient() const {
    return args_.dx.present() || args_.dw.present() || args_.dbias.present();
  }
  [[nodiscard]] const float* x(std::int64_t row) const { return args_.x.as<float>() + row * s_.width; }
  [[nodiscard]] const float* weight(std::int64_t v) const { return args_.w.as<float>() + v * s_.width; }

  // Logits of a chunk, in tiles.
  void multiply(cpu::BlockRange rows) const {
    const std::int64_t row_blocks = cpu::block_count(rows.size(), kRowBlock),
                       class_blocks = cpu::block_count(s_.classes, kClassBlock);
    cpu::parallel_for(exec_.threads, row_blocks * class_blocks, [&](std::int64_t tile) {
      const cpu::BlockRange part = cpu::block_range(tile / class_blocks, kRowBlock, rows.size());
      const cpu::BlockRange classes = cpu::block_range(tile % class_blocks, kClassBlock, s_.classes);
      cpu::gemm({.transpose_b = true,
                 .m = part.size(),
                 .n = classes.size(),
                 .k = s_.width,
                 .a = x(rows.begin + part.begin),
                 .lda = s_.width,
                 .b = weight(classes.begin),
                 .ldb = s_.width,
                 .c = w_.logits + part.begin * s_.classes + classes.begin,
                 .ldc = s_.classes});
    });
  }

  // Logits become their gradient.
  void softmax(cpu::BlockRange rows) const {
    cpu::parallel_ranges(exec_.threads, rows.size(), kSoftmaxBlock, [&](cpu::BlockRange range) {
      for (std::int64_t i = range.begin; i < range.end; ++i)
        w_.terms[rows.begin + i] = softmax_row(rows.begin + i, w_.logits + i * s_.classes);
    });
  }

  double softmax_row(std::int64_t row, float* logits) const {
    const std::int32_t target = args_.targets.as<std::int32_t>()[row];
    if (target == args_.ignored) {
      std::fill_n(logits, s_.classes, 0.0f);
      return 0.0;
    }
    if (args_.bias.present()) add_row_avx2(logits, args_.bias.as<float>(), s_.classes);
    const float target_logit = logits[target];
    const RowSoftmax row_softmax =
        row_softmax_avx2(logits, s_.classes, args_.smoothing > 0.0f, wants_gradient() ? logits : nullptr);
    if (wants_gradient()) {
      const float factor = 1.0f / static_cast<float>(counted_);
      scale_and_lower_avx2(logits, s_.classes, factor / row_softmax.sum,
                           factor * args_.smoothing / static_cast<float>(s_.classes));
      logits[target] -= factor * (1.0f - args_.smoothing);
    }
    const double smoothing = static_cast<double>(args_.smoothing);
    return std::log(static_cast<double>(row_softmax.sum)) -
           (1.0 - smoothing) * static_cast<double>(target_logit - row_softmax.max) -
           smoothing * static_cast<double>(row_softmax.centred) / static_cast<double>(s_.classes);
  }

  // dx of the chunk, and its share of dw and dbias: different memory, so all tiles run together.
  void propagate(cpu::BlockRange rows) const {
    const std::int64_t input_tiles = args_.dx.present() ? cpu::block_count(rows.size(), kRowBlock) : 0;
    const bool parameters = args_.dw.present() || args_.dbias.present();
    const std::int64_t weight_tiles = parameters ? cpu::block_count(s_.classes, kWeightBlock) : 0;
    cpu::parallel_for(exec_.threads, input_tiles + weight_tiles, [&](std::int64_t tile) {
      if (tile < input_tiles) return input_gradient(rows, cpu::block_range(tile, kRowBlock, rows.size()));
      weight_gradient(rows, cpu::block_range(tile - input_tiles, kWeightBlock, s_.classes));
    });
  }

  void input_gradient(cpu::BlockRange rows, cpu::BlockRange part) const {
    cpu::gemm({.m = part.size(),
               .n = s_.width,
               .k = s_.classes,
               .a = w_.logits + part.begin * s_.classes,
               .lda = s_.classes,
               .b = weight(0),
               .ldb = s_.width,
               .c = args_.dx.as<float>() + (rows.begin + part.begin) * s_.width,
               .ldc = s_.width});
  }

  void weight_gradient(cpu::BlockRange rows, cpu::BlockRange classes) const {
    const bool accumulate = rows.begin > 0;
    if (args_.dbias.present())
      cpu::column_sum_avx2(w_.logits + classes.begin, rows.size(), classes.size(), s_.classes, accumulate,
                           args_.dbias.as<float>() + classes.begin);
    if (!args_.dw.present()) return;
    cpu::gemm({.transpose_a = true,
               .m = classes.size(),
               .n = s_.width,
               .k = rows.size(),
               .a = w_.logits + classes.begin,
               .lda = s_.classes,
               .b = x(rows.begin),
               .ldb = s_.width,
               .beta = accumulate ? 1.0f : 0.0f,
               .c = args_.dw.as<float>() + classes.begin * s_.width,
               .ldc = s_.width});
  }

  void clear_parameters() const {
    for (const View& view : {args_.dw, args_.dbias})
      if (view.present()) std::fill_n(view.as<float>(), view.numel(), 0.0f);
  }

  const Exec& exec_;
  const LinearCrossEntropyArgs& args_;
  HeadSize s_;
  std::int64_t counted_;
  Workspace w_{};
};

void linear_cross_entropy_chunks(const Exec& exec, const LinearCrossEntropyArgs& args) { Head(exec, args).run(); }

const char* refuse(const Exec&, const LinearCrossEntropyArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<LinearCrossEntropyArgs>, 2> kCandidates{{
    {"linear_cross_entropy_cpu_avx2_chunks", refuse, linear_cross_entropy_chunks},
    {"linear_cross_entropy_cpu_reference", nullptr, linear_cross_entropy_reference},
}};

}  // namespace

Candidates<LinearCrossEntropyArgs> linear_cross_entropy_candidates() { return kCandidates; }

void linear_cross_entropy(const Exec& exec, const LinearCrossEntropyArgs& args) {
  launch("linear_cross_entropy", exec, args, linear_cross_entropy_candidates(), linear_cross_entropy_cuda);
}

std::size_t linear_cross_entropy_workspace_bytes(const Exec& exec, const LinearCrossEntropyArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return linear_cross_entropy_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  lay_out(args, cutter);
  return cutter.bytes();
}

}  // namespace athanor::kernels
