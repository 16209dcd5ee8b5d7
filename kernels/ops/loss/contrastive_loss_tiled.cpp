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

cpu::BlockRange range_of(const ContrastivePart& part, std::int64_t n) {
  return part.count > 0 ? cpu::BlockRange{part.first, part.first + part.count} : cpu::BlockRange{0, n};
}

// A tile of which the rows, the columns or both are wanted: those of the part.
struct Place {
  cpu::BlockRange rows, cols;
  bool wants_rows, wants_cols;
  bool is_first;  // of those of its rows, and of those of its columns
};

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
        part_(range_of(args.part, n_)),
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
  // The pairs whose rows and columns are wanted.
  [[nodiscard]] cpu::BlockRange part() const { return part_; }

  // The number of positives of pair i.
  [[nodiscard]] std::int64_t positives(std::int64_t i) const {
    if (!args_.ids.present()) return 1;
    const auto [first, last] =
        std::equal_range(sorted_ids_, sorted_ids_ + n_, args_.ids.template as<std::int32_t>()[i]);
    return last - first;
  }

  // Calls visit(tile, place, worker) for every tile with wanted rows or, if they are asked for, columns, its values
  // being s c[i,j].
  template <class Visit>
  void sweep(int threads, bool columns, Visit&& visit) const {
    for (std::int64_t round = 0; round < blocks_; ++round)
      cpu::parallel_for(threads, blocks_, [&](std::int64_t row_block, int worker) {
        const std::int64_t col_block = (row_block + round) % blocks_;
        const cpu::BlockRange rows = block(row_block), cols = block(col_block);
        const Place place{rows, cols, is_wanted(rows), columns && is_wanted(cols), round == 0};
        if (place.wants_rows || place.wants_cols) visit(multiply(row_block, col_block, worker), place, worker);
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
  [[nodiscard]] bool is_wanted(cpu::BlockRange block) const {
    return block.begin >= part_.begin && block.begin < part_.end;
  }
  // Where one side has scales, the other side's are 1.
  [[nodiscard]] const float* at(const View& view, std::int64_t i) const {
    if (view.present()) return view.as<float>() + i;
    return scaled_ ? ones_ : nullptr;
  }

  const Args& args_;
  std::int64_t n_, width_, size_, blocks_;
  cpu::BlockRange part_;
  bool scaled_;
  float scale_ = 1.0f;
  float* values_;  // a tile per worker
  float* ones_;
  std::int32_t* own_ids_;     // 0, 1, 2 ...: the ids of a tile on the diagonal when none are given
  std::int32_t* sorted_ids_;  // [N]
};

// ---- Forward ----

// Running log-sum-exps of one side of a part: sum exp(l) = sum * exp(max). In f64 across tiles, so that nothing is lost
// when the maximum rises.
class RunningSums {
 public:
  RunningSums(cpu::BlockRange part, cpu::WorkspaceCutter& cutter)
      : first_(part.begin),
        max_(cutter.take<float>(part.size())),
        sum_(cutter.take<double>(part.size())),
        positive_(cutter.take<double>(part.size())) {}

  void clear(cpu::BlockRange range) const {
    std::fill_n(max_ + (range.begin - first_), range.size(), -std::numeric_limits<float>::infinity());
    std::fill_n(sum_ + (range.begin - first_), range.size(), 0.0);
    std::fill_n(positive_ + (range.begin - first_), range.size(), 0.0);
  }
  void add(cpu::BlockRange range, const float* tile_max, const float* tile_sum) const {
    for (std::int64_t i = range.begin - first_; i < range.end - first_; ++i, ++tile_max, ++tile_sum) {
      const auto more = static_cast<double>(*tile_sum);
      if (*tile_max <= max_[i]) {
        sum_[i] += more * std::exp(static_cast<double>(*tile_max - max_[i]));
      } else {
        sum_[i] = sum_[i] * std::exp(static_cast<double>(max_[i] - *tile_max)) + more;
        max_[i] = *tile_max;
      }
    }
  }
  [[nodiscard]] double log_sum_exp(std::int64_t i) const {
    return static_cast<double>(max_[i - first_]) + std::log(sum_[i - first_]);
  }
  // Of s c[i,j] over the positives, from pair i on.
  [[nodiscard]] double* positive(std::int64_t i) const { return positive_ + (i - first_); }

 private:
  std::int64_t first_;
  float* max_;
  double *sum_, *positive_;
};

struct ForwardSpace {
  Tiles<ContrastiveLossArgs> tiles;
  RunningSums rows, cols;
  float* lines;      // per worker: row maxima, row sums, column maxima, column sums of a tile
  double* row_loss;  // [part], sigmoid
  float* terms;      // [part]

  ForwardSpace(const Exec& exec, const ContrastiveLossArgs& args, cpu::WorkspaceCutter& cutter)
      : tiles(exec, args, cutter),
        rows(of_softmax(args), cutter),
        cols(of_softmax(args), cutter),
        lines(cutter.take<float>(exec.threads * 4 * tiles.size())),
        row_loss(cutter.take<double>(args.kind == ContrastiveKind::sigmoid ? tiles.part().size() : 0)),
        terms(cutter.take<float>(args.terms.present() ? 0 : tiles.part().size())) {
    if (args.terms.present()) terms = args.terms.as<float>();
  }

 private:
  [[nodiscard]] cpu::BlockRange of_softmax(const ContrastiveLossArgs& args) const {
    return args.kind == ContrastiveKind::softmax ? tiles.part() : cpu::BlockRange{0, 0};
  }
};

void softmax_tile(const ForwardSpace& space, const ContrastiveTile& tile, const Place& place, int worker) {
  const std::int64_t size = space.tiles.size();
  float *row_max = space.lines + worker * 4 * size, *row_sum = row_max + size, *col_max = row_sum + size,
        *col_sum = col_max + size;
  if (!place.wants_rows) row_max = nullptr;
  if (!place.wants_cols) col_max = nullptr;
  contrastive_tile_maxima_avx2(tile, row_max, col_max);
  contrastive_tile_sums_avx2(tile, row_max, col_max, row_sum, col_sum);
  if (place.wants_rows) {
    if (place.is_first) space.rows.clear(place.rows);
    space.rows.add(place.rows, row_max, row_sum);
  }
  if (place.wants_cols) {
    if (place.is_first) space.cols.clear(place.cols);
    space.cols.add(place.cols, col_max, col_sum);
  }
  if (tile.row_ids)
    contrastive_tile_positives_avx2(tile, place.wants_rows ? space.rows.positive(place.rows.begin) : nullptr,
                                    place.wants_cols ? space.cols.positive(place.cols.begin) : nullptr);
}

double scale_at(const View& view, std::int64_t i) {
  return view.present() ? static_cast<double>(view.as<float>()[i]) : 1.0;
}

// The rows of P sum to 1 and P is symmetric, so loss = mean((row_lse + col_lse - mean logits of positives) / 2).
void softmax_terms(const Exec& exec, const ContrastiveLossArgs& args, const ForwardSpace& space) {
  space.tiles.sweep(exec.threads, true, [&](const ContrastiveTile& tile, const Place& place, int worker) {
    softmax_tile(space, tile, place, worker);
  });
  const cpu::BlockRange part = space.tiles.part();
  for (std::int64_t i = part.begin; i < part.end; ++i) {
    const double row_lse = space.rows.log_sum_exp(i), col_lse = space.cols.log_sum_exp(i);
    args.row_lse.as<float>()[i - part.begin] = static_cast<float>(row_lse);
    args.col_lse.as<float>()[i - part.begin] = static_cast<float>(col_lse);
    const double positive =
        scale_at(args.row_scale, i) * *space.rows.positive(i) + scale_at(args.col_scale, i) * *space.cols.positive(i);
    space.terms[i - part.begin] =
        static_cast<float>(0.5 * (row_lse + col_lse - positive / static_cast<double>(space.tiles.positives(i))));
  }
}

float bias_of(const View& logit_bias) { return logit_bias.present() ? logit_bias.as<float>()[0] : 0.0f; }

void sigmoid_terms(const Exec& exec, const ContrastiveLossArgs& args, const ForwardSpace& space) {
  const float bias = bias_of(args.logit_bias);
  const cpu::BlockRange part = space.tiles.part();
  space.tiles.sweep(exec.threads, false, [&](const ContrastiveTile& tile, const Place& place, int) {
    double* row_loss = space.row_loss + (place.rows.begin - part.begin);
    if (place.is_first) std::fill_n(row_loss, place.rows.size(), 0.0);
    sigmoid_tile_loss_avx2(tile, bias, row_loss);
  });
  std::transform(space.row_loss, space.row_loss + part.size(), space.terms,
                 [](double sum) { return static_cast<float>(sum); });
}

// ---- Gradient ----

struct GradSpace {
  Tiles<ContrastiveLossGradArgs> tiles;
  float* row_share;     // [N], softmax
  double *drow, *dcol;  // [N], where there are scales
  double* row_bias;     // [part]
  float *scale_terms, *bias_terms;

  GradSpace(const Exec& exec, const ContrastiveLossGradArgs& args, cpu::WorkspaceCutter& cutter)
      : tiles(exec, args, cutter),
        row_share(cutter.take<float>(args.kind == ContrastiveKind::softmax ? tiles.n() : 0)),
        drow(cutter.take<double>(tiles.scaled() ? tiles.n() : 0)),
        dcol(cutter.take<double>(tiles.scaled() ? tiles.n() : 0)),
        row_bias(cutter.take<double>(tiles.part().size())),
        scale_terms(room_for(args.scale_terms, cutter)),
        bias_terms(room_for(args.bias_terms, cutter)) {}

 private:
  [[nodiscard]] float* room_for(const View& terms, cpu::WorkspaceCutter& cutter) const {
    float* const room = cutter.take<float>(terms.present() ? 0 : tiles.part().size());
    return terms.present() ? terms.as<float>() : room;
  }
};

// Adds s K text to dimage and s K^T image to dtext.
void propagate(const ContrastiveLossGradArgs& args, const GradSpace& space, const ContrastiveTile& tile,
               const Place& place) {
  const std::int64_t width = space.tiles.width(), first = space.tiles.part().begin;
  const cpu::BlockRange rows = place.rows, cols = place.cols;
  const float beta = place.is_first ? 0.0f : 1.0f;
  if (place.wants_rows)
    cpu::gemm({.m = rows.size(),
               .n = width,
               .k = cols.size(),
               .alpha = space.tiles.scale(),
               .a = tile.values,
               .lda = tile.stride,
               .b = args.text.as<float>() + cols.begin * width,
               .ldb = width,
               .beta = beta,
               .c = args.dimage.as<float>() + (rows.begin - first) * width,
               .ldc = width});
  if (place.wants_cols)
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
               .c = args.dtext.as<float>() + (cols.begin - first) * width,
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

// sum_j s c[i,j] K[i,j] = sum_d dimage[i,d] image[i,d], because c is linear in image.
void scale_terms(const Exec& exec, const ContrastiveLossGradArgs& args, const GradSpace& space) {
  const std::int64_t width = space.tiles.width();
  const cpu::BlockRange part = space.tiles.part();
  cpu::parallel_ranges(exec.threads, part.size(), space.tiles.size(), [&](cpu::BlockRange rows) {
    for (std::int64_t i = rows.begin; i < rows.end; ++i) {
      const float *gradient = args.dimage.as<float>() + i * width,
                  *image = args.image.as<float>() + (part.begin + i) * width;
      double sum = 0.0;
      for (std::int64_t d = 0; d < width; ++d) sum += static_cast<double>(gradient[d]) * static_cast<double>(image[d]);
      space.scale_terms[i] = static_cast<float>(sum);
    }
  });
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
  std::fill_n(space.row_bias, space.tiles.part().size(), 0.0);
  for (std::int64_t i = 0; args.kind == ContrastiveKind::softmax && i < n; ++i)
    space.row_share[i] = 1.0f / static_cast<float>(space.tiles.positives(i));
  if (!space.tiles.scaled()) return;
  std::fill_n(space.drow, n, 0.0);
  std::fill_n(space.dcol, n, 0.0);
}

void store_parameters(const ContrastiveLossGradArgs& args, const GradSpace& space) {
  const auto count = static_cast<std::size_t>(space.tiles.part().size());
  if (args.dlogit_scale.present())
    store_parameter(clamped_scale_gradient(contrastive_sum({space.scale_terms, count}), args.logit_scale.as<float>()[0],
                                           args.max_logit_scale),
                    args.accumulate_parameters, args.dlogit_scale);
  if (args.dlogit_bias.present())
    store_parameter(contrastive_sum({space.bias_terms, count}), args.accumulate_parameters, args.dlogit_bias);
}

}  // namespace

ContrastivePart contrastive_part(std::int64_t n, const ContrastivePart& pairs) {
  const std::int64_t size = tile_size(n), first = pairs.first / size * size;
  const std::int64_t end = cpu::block_count(pairs.first + pairs.count, size) * size;
  return {first, std::min(end, n) - first};
}

void contrastive_loss_tiled(const Exec& exec, const ContrastiveLossArgs& args) {
  cpu::WorkspaceCutter cutter(exec);
  ForwardSpace space(exec, args, cutter);
  space.tiles.prepare();
  args.kind == ContrastiveKind::softmax ? softmax_terms(exec, args, space) : sigmoid_terms(exec, args, space);
  if (!args.loss.present()) return;
  const std::int64_t n = space.tiles.n();
  args.loss.as<float>()[0] =
      static_cast<float>(contrastive_sum({space.terms, static_cast<std::size_t>(n)}) / static_cast<double>(n));
}

void contrastive_loss_grad_tiled(const Exec& exec, const ContrastiveLossGradArgs& args) {
  cpu::WorkspaceCutter cutter(exec);
  GradSpace space(exec, args, cutter);
  prepare(args, space);
  const float bias = bias_of(args.logit_bias), factor = args.dloss / static_cast<float>(space.tiles.n());
  const cpu::BlockRange part = space.tiles.part();
  const bool softmax = args.kind == ContrastiveKind::softmax;
  space.tiles.sweep(exec.threads, true, [&](const ContrastiveTile& tile, const Place& place, int) {
    if (softmax)
      softmax_gradient_tile(args, space, tile, place.rows, place.cols);
    else
      sigmoid_tile_gradient_avx2(tile, bias, factor,
                                 place.wants_rows ? space.row_bias + (place.rows.begin - part.begin) : nullptr);
    propagate(args, space, tile, place);
  });
  if (args.dlogit_scale.present() || args.scale_terms.present()) scale_terms(exec, args, space);
  std::transform(space.row_bias, space.row_bias + part.size(), space.bias_terms,
                 [](double sum) { return static_cast<float>(sum); });
  store_parameters(args, space);
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
