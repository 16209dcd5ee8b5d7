#include "kernels/ops/loss/contrastive_loss_tiled.h"

#include "kernels/cpu/gemm.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/loss/contrastive_tile_avx2.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kLargeTile = 256, kSmallTile = 128;
constexpr std::int64_t kManyPairs = 2048;  // from here on large tiles still give every thread work

std::int64_t tile_size(std::int64_t n) { return n >= kManyPairs ? kLargeTile : kSmallTile; }

// What forward and gradient have in common: the tiles, and which pairs belong together.
template <class Args>
class Tiles {
 public:
  Tiles(const Exec& exec, const Args& args, cpu::WorkspaceCutter& cutter)
      : args_(args),
        n_(args.image.dim(0)),
        width_(args.image.dim(1)),
        size_(tile_size(n_)),
        blocks_(cpu::block_count(n_, size_)),
        scaled_(args.row_scale.present() || args.col_scale.present()),
        values_(cutter.take<float>(exec.threads * size_ * size_)),
        ones_(cutter.take<float>(scaled_ ? size_ : 0)),
        own_ids_(cutter.take<std::int32_t>(args.ids.present() ? 0 : size_)),
        sorted_ids_(cutter.take<std::int32_t>(args.ids.present() ? n_ : 0)) {}

  void prepare() {
    scale_ = std::exp(std::min(args_.logit_scale.template as<float>()[0], args_.max_logit_scale));
    if (scaled_) std::fill_n(ones_, size_, 1.0f);
    if (!args_.ids.present()) return std::iota(own_ids_, own_ids_ + size_, 0);
    std::copy_n(args_.ids.template as<std::int32_t>(), n_, sorted_ids_);
    std::sort(sorted_ids_, sorted_ids_ + n_);
  }

  [[nodiscard]] std::int64_t n() const { return n_; }
  [[nodiscard]] std::int64_t width() const { return width_; }
  [[nodiscard]] std::int64_t size() const { return size_; }
  [[nodiscard]] std::int64_t blocks() const { return blocks_; }
  [[nodiscard]] bool scaled() const { return scaled_; }
  [[nodiscard]] float scale() const { return scale_; }
  [[nodiscard]] cpu::BlockRange block(std::int64_t index) const { return cpu::block_range(index, size_, n_); }

  // The number of positives of pair i.
  [[nodiscard]] std::int64_t positives(std::int64_t i) const {
    if (!args_.ids.present()) return 1;
    const auto [first, last] =
        std::equal_range(sorted_ids_, sorted_ids_ + n_, args_.ids.template as<std::int32_t>()[i]);
    return last - first;
  }

  // Calls visit(tile, row block, column block, round, worker) for every tile, its values being s c[i,j].
  template <class Visit>
  void sweep(int threads, Visit&& visit) const {
    for (std::int64_t round = 0; round < blocks_; ++round)
      cpu::parallel_for(threads, blocks_, [&](std::int64_t row_block, int worker) {
        const std::int64_t col_block = (row_block + round) % blocks_;
        visit(multiply(row_block, col_block, worker), block(row_block), block(col_block), round, worker);
      });
  }

 private:
  [[nodiscard]] ContrastiveTile multiply(std::int64_t row_block, std::int64_t col_block, int worker) const {
    const cpu::BlockRange rows = block(row_block), cols = block(col_block);
    float* values = values_ + worker * size_ * size_;
    cpu::gemm({.transpose_b = true,
               .m = rows.size(),
               .n = cols.size(),
               .k = width_,
               .alpha = scale_,
               .a = args_.image.template as<float>() + rows.begin * width_,
               .lda = width_,
               .b = args_.text.template as<float>() + cols.begin * width_,
               .ldb = width_,
               .c = values,
               .ldc = size_});
    ContrastiveTile tile{.values = values,
                         .rows = rows.size(),
                         .cols = cols.size(),
                         .stride = size_,
                         .row_ids = nullptr,
                         .col_ids = nullptr,
                         .row_scale = at(args_.row_scale, rows.begin),
                         .col_scale = at(args_.col_scale, cols.begin)};
    if (args_.ids.present()) {
      tile.row_ids = args_.ids.template as<std::int32_t>() + rows.begin;
      tile.col_ids = args_.ids.template as<std::int32_t>() + cols.begin;
    } else if (row_block == col_block) {
      tile.row_ids = tile.col_ids = own_ids_;
    }
    return tile;
  }
  // Where one side has scales, the other side's are 1.
  [[nodiscard]] const float* at(const View& view, std::int64_t i) const {
    if (view.present()) return view.as<float>() + i;
    return scaled_ ? ones_ : nullptr;
  }

  const Args& args_;
  std::int64_t n_, width_, size_, blocks_;
  bool scaled_;
  float scale_ = 1.0f;
  float* values_;  // a tile per worker
  float* ones_;
  std::int32_t* own_ids_;     // 0, 1, 2 ...: the ids of a tile on the diagonal when none are given
  std::int32_t* sorted_ids_;  // [N]
};

// ---- Forward ----

// Running log-sum-exps of one side: sum exp(l) = sum * exp(max). In f64 across tiles, so that nothing is lost when
// the maximum rises.
struct RunningSums {
  float* max;
  double *sum, *positive;  // positive: sum over positives of s c[i,j]

  RunningSums(std::int64_t n, cpu::WorkspaceCutter& cutter)
      : max(cutter.take<float>(n)), sum(cutter.take<double>(n)), positive(cutter.take<double>(n)) {}

  void clear(cpu::BlockRange range) const {
    std::fill(max + range.begin, max + range.end, -std::numeric_limits<float>::infinity());
    std::fill(sum + range.begin, sum + range.end, 0.0);
    std::fill(positive + range.begin, positive + range.end, 0.0);
  }
  void add(cpu::BlockRange range, const float* tile_max, const float* tile_sum) const {
    for (std::int64_t i = range.begin; i < range.end; ++i, ++tile_max, ++tile_sum) {
      const auto more = static_cast<double>(*tile_sum);
      if (*tile_max <= max[i]) {
        sum[i] += more * std::exp(static_cast<double>(*tile_max - max[i]));
      } else {
        sum[i] = sum[i] * std::exp(static_cast<double>(max[i] - *tile_max)) + more;
        max[i] = *tile_max;
      }
    }
  }
  [[nodiscard]] double log_sum_exp(std::int64_t i) const { return static_cast<double>(max[i]) + std::log(sum[i]); }
};

struct ForwardSpace {
  Tiles<ContrastiveLossArgs> tiles;
  RunningSums rows, cols;
  float* lines;        // per worker: row maxima, row sums, column maxima, column sums of a tile
  double* block_loss;  // sigmoid: of each block of rows

  ForwardSpace(const Exec& exec, const ContrastiveLossArgs& args, cpu::WorkspaceCutter& cutter)
      : tiles(exec, args, cutter),
        rows(args.kind == ContrastiveKind::softmax ? tiles.n() : 0, cutter),
        cols(args.kind == ContrastiveKind::softmax ? tiles.n() : 0, cutter),
        lines(cutter.take<float>(exec.threads * 4 * tiles.size())),
        block_loss(cutter.take<double>(tiles.blocks())) {}
};

void softmax_tile(const ForwardSpace& space, const ContrastiveTile& tile, cpu::BlockRange rows, cpu::BlockRange cols,
                  std::int64_t round, int worker) {
  const std::int64_t size = space.tiles.size();
  float *row_max = space.lines + worker * 4 * size, *row_sum = row_max + size, *col_max = row_sum + size,
        *col_sum = col_max + size;
  if (round == 0) {
    space.rows.clear(rows);
    space.cols.clear(cols);
  }
  contrastive_tile_maxima_avx2(tile, row_max, col_max);
  contrastive_tile_sums_avx2(tile, row_max, col_max, row_sum, col_sum);
  space.rows.add(rows, row_max, row_sum);
  space.cols.add(cols, col_max, col_sum);
  if (tile.row_ids)
    contrastive_tile_positives_avx2(tile, space.rows.positive + rows.begin, space.cols.positive + cols.begin);
}

double scale_at(const View& view, std::int64_t i) {
  return view.present() ? static_cast<double>(view.as<float>()[i]) : 1.0;
}

// The rows of P sum to 1 and P is symmetric, so loss = mean((row_lse + col_lse - mean logits of positives) / 2).
double softmax_loss(const Exec& exec, const ContrastiveLossArgs& args, const ForwardSpace& space) {
  space.tiles.sweep(exec.threads,
                    [&](const ContrastiveTile& tile, cpu::BlockRange rows, cpu::BlockRange cols, std::int64_t round,
                        int worker) { softmax_tile(space, tile, rows, cols, round, worker); });
  double loss = 0.0;
  for (std::int64_t i = 0; i < space.tiles.n(); ++i) {
    const double row_lse = space.rows.log_sum_exp(i), col_lse = space.cols.log_sum_exp(i);
    args.row_lse.as<float>()[i] = static_cast<float>(row_lse);
    args.col_lse.as<float>()[i] = static_cast<float>(col_lse);
    const double positive =
        scale_at(args.row_scale, i) * space.rows.positive[i] + scale_at(args.col_scale, i) * space.cols.positive[i];
    loss += 0.5 * (row_lse + col_lse - positive / static_cast<double>(space.tiles.positives(i)));
  }
  return loss;
}

float bias_of(const View& logit_bias) { return logit_bias.present() ? logit_bias.as<float>()[0] : 0.0f; }

double sigmoid_loss(const Exec& exec, const ContrastiveLossArgs& args, const ForwardSpace& space) {
  const float bias = bias_of(args.logit_bias);
  space.tiles.sweep(exec.threads,
                    [&](const ContrastiveTile& tile, cpu::BlockRange rows, cpu::BlockRange, std::int64_t round, int) {
                      double& sum = space.block_loss[rows.begin / space.tiles.size()];
                      if (round == 0) sum = 0.0;
                      sum += sigmoid_tile_loss_avx2(tile, bias);
                    });
  return std::accumulate(space.block_loss, space.block_loss + space.tiles.blocks(), 0.0);
}

// ---- Gradient ----

struct GradSpace {
  Tiles<ContrastiveLossGradArgs> tiles;
  float* row_share;     // [N], softmax
  double *drow, *dcol;  // [N], where there are scales
  double *block_bias, *block_scale;

  GradSpace(const Exec& exec, const ContrastiveLossGradArgs& args, cpu::WorkspaceCutter& cutter)
      : tiles(exec, args, cutter),
        row_share(cutter.take<float>(args.kind == ContrastiveKind::softmax ? tiles.n() : 0)),
        drow(cutter.take<double>(tiles.scaled() ? tiles.n() : 0)),
        dcol(cutter.take<double>(tiles.scaled() ? tiles.n() : 0)),
        block_bias(cutter.take<double>(tiles.blocks())),
        block_scale(cutter.take<double>(tiles.blocks())) {}
};

// Adds s K text to dimage and s K^T image to dtext.
void propagate(const ContrastiveLossGradArgs& args, const GradSpace& space, const ContrastiveTile& tile,
               cpu::BlockRange rows, cpu::BlockRange cols, bool first) {
  const std::int64_t width = space.tiles.width();
  const float beta = first ? 0.0f : 1.0f;
  cpu::gemm({.m = rows.size(),
             .n = width,
             .k = cols.size(),
             .alpha = space.tiles.scale(),
             .a = tile.values,
             .lda = tile.stride,
             .b = args.text.as<float>() + cols.begin * width,
             .ldb = width,
             .beta = beta,
             .c = args.dimage.as<float>() + rows.begin * width,
             .ldc = width});
  cpu::gemm({.transpose_a = true,
             .m = cols.size(),
             .n = width,
             .k = rows.size(),
             .alpha = space.tiles.scale(),
             .a = tile.values,
             .lda = tile.stride,
             .b = args.image.as<float>() + rows.begin * width,
             .ldb = width,
             .beta = beta,
             .c = args.dtext.as<float>() + cols.begin * width,
             .ldc = width});
}

void softmax_gradient_tile(const ContrastiveLossGradArgs& args, const GradSpace& space, const ContrastiveTile& tile,
                           cpu::BlockRange rows, cpu::BlockRange cols) {
  const float factor = 0.5f * args.dloss / static_cast<float>(space.tiles.n());
  softmax_tile_gradient_avx2(tile, {.row_lse = args.row_lse.as<float>() + rows.begin,
                                    .col_lse = args.col_lse.as<float>() + cols.begin,
                                    .row_share = space.row_share + rows.begin,
                                    .factor = factor,
                                    .drow_scale = tile.row_scale ? space.drow + rows.begin : nullptr,
                                    .dcol_scale = tile.row_scale ? space.dcol + cols.begin : nullptr});
}

// sum_ij s c[i,j] K[i,j] = sum_id dimage[i,d] image[i,d], because c is linear in image.
double scale_gradient(const Exec& exec, const ContrastiveLossGradArgs& args, const GradSpace& space) {
  const std::int64_t width = space.tiles.width();
  cpu::parallel_for(exec.threads, space.tiles.blocks(), [&](std::int64_t block) {
    const cpu::BlockRange rows = space.tiles.block(block);
    double sum = 0.0;
    for (std::int64_t at = rows.begin * width; at < rows.end * width; ++at)
      sum += static_cast<double>(args.dimage.as<float>()[at]) * static_cast<double>(args.image.as<float>()[at]);
    space.block_scale[block] = sum;
  });
  const double sum = std::accumulate(space.block_scale, space.block_scale + space.tiles.blocks(), 0.0);
  return args.logit_scale.as<float>()[0] > args.max_logit_scale ? std::max(sum, 0.0) : sum;
}

void store_parameter(double sum, bool accumulate, const View& to) {
  float& out = to.as<float>()[0];
  out = static_cast<float>(accumulate ? static_cast<double>(out) + sum : sum);
}

void store_scales(const double* from, std::int64_t n, const View& to) {
  for (std::int64_t i = 0; to.present() && i < n; ++i) to.as<float>()[i] = static_cast<float>(from[i]);
}

void prepare(const ContrastiveLossGradArgs& args, GradSpace& space) {
  space.tiles.prepare();
  const std::int64_t n = space.tiles.n();
  std::fill_n(space.block_bias, space.tiles.blocks(), 0.0);
  for (std::int64_t i = 0; args.kind == ContrastiveKind::softmax && i < n; ++i)
    space.row_share[i] = 1.0f / static_cast<float>(space.tiles.positives(i));
  if (!space.tiles.scaled()) return;
  std::fill_n(space.drow, n, 0.0);
  std::fill_n(space.dcol, n, 0.0);
}

}  // namespace

void contrastive_loss_tiled(const Exec& exec, const ContrastiveLossArgs& args) {
  cpu::WorkspaceCutter cutter(exec);
  ForwardSpace space(exec, args, cutter);
  space.tiles.prepare();
  const double sum =
      args.kind == ContrastiveKind::softmax ? softmax_loss(exec, args, space) : sigmoid_loss(exec, args, space);
  args.loss.as<float>()[0] = static_cast<float>(sum / static_cast<double>(space.tiles.n()));
}

void contrastive_loss_grad_tiled(const Exec& exec, const ContrastiveLossGradArgs& args) {
  cpu::WorkspaceCutter cutter(exec);
  GradSpace space(exec, args, cutter);
  prepare(args, space);
  const float bias = bias_of(args.logit_bias), factor = args.dloss / static_cast<float>(space.tiles.n());
  space.tiles.sweep(exec.threads, [&](const ContrastiveTile& tile, cpu::BlockRange rows, cpu::BlockRange cols,
                                      std::int64_t round, int) {
    if (args.kind == ContrastiveKind::softmax)
      softmax_gradient_tile(args, space, tile, rows, cols);
    else
      space.block_bias[rows.begin / space.tiles.size()] += sigmoid_tile_gradient_avx2(tile, bias, factor);
    propagate(args, space, tile, rows, cols, round == 0);
  });
  if (args.dlogit_scale.present())
    store_parameter(scale_gradient(exec, args, space), args.accumulate_parameters, args.dlogit_scale);
  if (args.dlogit_bias.present())
    store_parameter(std::accumulate(space.block_bias, space.block_bias + space.tiles.blocks(), 0.0),
                    args.accumulate_parameters, args.dlogit_bias);
  store_scales(space.drow, space.tiles.n(), args.drow_scale);
  store_scales(space.dcol, space.tiles.n(), args.dcol_scale);
}

std::size_t contrastive_loss_tiled_bytes(const Exec& exec, const ContrastiveLossArgs& args) {
  cpu::WorkspaceCutter cutter;
  const ForwardSpace space(exec, args, cutter);
  return cutter.bytes();
}

std::size_t contrastive_loss_grad_tiled_bytes(const Exec& exec, const ContrastiveLossGradArgs& args) {
  cpu::WorkspaceCutter cutter;
  const GradSpace space(exec, args, cutter);
  return cutter.bytes();
}

}  // namespace athanor::kernels
