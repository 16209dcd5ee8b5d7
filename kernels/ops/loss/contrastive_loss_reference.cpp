#include "kernels/ops/loss/contrastive_loss_reference.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

namespace athanor::kernels {

namespace {

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

// All products and targets in double. `Args` is either of the two.
struct Problem {
  std::size_t n, width;
  double scale, bias;
  std::vector<double> row_scale, col_scale;
  std::vector<double> scaled, targets, positive;  // s c, P and T

  template <class Args>
  explicit Problem(const Args& args)
      : n(static_cast<std::size_t>(args.image.dim(0))),
        width(static_cast<std::size_t>(args.image.dim(1))),
        scale(std::exp(static_cast<double>(std::min(args.logit_scale.template as<float>()[0], args.max_logit_scale)))),
        bias(args.logit_bias.present() ? static_cast<double>(args.logit_bias.template as<float>()[0]) : 0.0),
        row_scale(scales(args.row_scale)),
        col_scale(scales(args.col_scale)),
        scaled(n * n, 0.0),
        targets(n * n, 0.0),
        positive(n * n, 0.0) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t d = 0; d < width; ++d)
          scaled[i * n + j] += scale * static_cast<double>(args.image.template as<float>()[i * width + d]) *
                               static_cast<double>(args.text.template as<float>()[j * width + d]);
        positive[i * n + j] = same(args.ids, i, j) ? 1.0 : 0.0;
      }
      double count = 0.0;
      for (std::size_t j = 0; j < n; ++j) count += positive[i * n + j];
      for (std::size_t j = 0; j < n; ++j) targets[i * n + j] = positive[i * n + j] / count;
    }
  }

  [[nodiscard]] std::vector<double> scales(const View& view) const {
    std::vector<double> out(n, 1.0);
    for (std::size_t i = 0; view.present() && i < n; ++i) out[i] = static_cast<double>(view.as<float>()[i]);
    return out;
  }
  [[nodiscard]] static bool same(const View& ids, std::size_t i, std::size_t j) {
    return ids.present() ? ids.as<std::int32_t>()[i] == ids.as<std::int32_t>()[j] : i == j;
  }
  [[nodiscard]] double row_logit(std::size_t i, std::size_t j) const { return row_scale[i] * scaled[i * n + j]; }
  [[nodiscard]] double col_logit(std::size_t i, std::size_t j) const { return col_scale[j] * scaled[i * n + j]; }
  // +1 where the two belong together, else -1.
  [[nodiscard]] double sign(std::size_t i, std::size_t j) const { return 2.0 * positive[i * n + j] - 1.0; }
};

template <class Logit>
double log_sum_exp(std::size_t n, Logit&& logit) {
  double top = logit(0), sum = 0.0;
  for (std::size_t j = 0; j < n; ++j) top = std::max(top, logit(j));
  for (std::size_t j = 0; j < n; ++j) sum += std::exp(logit(j) - top);
  return top + std::log(sum);
}

// The pairs of a part, or all.
struct Range {
  std::size_t begin, end;

  Range(const ContrastivePart& part, std::size_t n)
      : begin(static_cast<std::size_t>(part.first)),
        end(part.count > 0 ? begin + static_cast<std::size_t>(part.count) : n) {}
};

double softmax_term(const Problem& p, const ContrastiveLossArgs& args, std::size_t i, std::size_t place) {
  const double row = log_sum_exp(p.n, [&](std::size_t j) { return p.row_logit(i, j); });
  const double col = log_sum_exp(p.n, [&](std::size_t j) { return p.col_logit(j, i); });
  args.row_lse.as<float>()[place] = static_cast<float>(row);
  args.col_lse.as<float>()[place] = static_cast<float>(col);
  double term = 0.0;
  for (std::size_t j = 0; j < p.n; ++j) {
    term -= p.targets[i * p.n + j] * (p.row_logit(i, j) - row);
    term -= p.targets[j * p.n + i] * (p.col_logit(j, i) - col);
  }
  return term / 2.0;
}

double sigmoid_term(const Problem& p, std::size_t i) {
  double term = 0.0;
  for (std::size_t j = 0; j < p.n; ++j) term += softplus(-p.sign(i, j) * (p.scaled[i * p.n + j] + p.bias));
  return term;
}

struct Gradient {
  std::vector<double> dimage, dtext, drow_scale, dcol_scale;
  std::vector<double> scale_terms, bias_terms;  // of dlogit_scale and dlogit_bias, by image
};

// The gradient with respect to s c[i,j]; what else depends on the pair is added up on the way.
double pair_gradient(const Problem& p, const ContrastiveLossGradArgs& args, std::size_t i, std::size_t j,
                     Gradient& sums) {
  const double factor = static_cast<double>(args.dloss) / static_cast<double>(p.n), scaled = p.scaled[i * p.n + j];
  if (args.kind == ContrastiveKind::sigmoid) {
    const double g = -factor * p.sign(i, j) * sigmoid(-p.sign(i, j) * (scaled + p.bias));
    sums.bias_terms[i] += g;
    return g;
  }
  const double target = p.targets[i * p.n + j];
  const double row = std::exp(p.row_logit(i, j) - static_cast<double>(args.row_lse.as<float>()[i])),
               col = std::exp(p.col_logit(i, j) - static_cast<double>(args.col_lse.as<float>()[j]));
  const double of_row = 0.5 * factor * (row - target), of_col = 0.5 * factor * (col - target);
  sums.drow_scale[i] += scaled * of_row;
  sums.dcol_scale[j] += scaled * of_col;
  return p.row_scale[i] * of_row + p.col_scale[j] * of_col;
}

void store(const std::vector<double>& from, const View& to, std::size_t first = 0) {
  if (!to.present()) return;
  for (std::size_t i = 0; i < static_cast<std::size_t>(to.numel()); ++i)
    to.as<float>()[i] = static_cast<float>(from[first + i]);
}

void store_parameter(const std::vector<double>& terms, const ContrastiveLossGradArgs& args, bool clamped,
                     const View& to) {
  if (!to.present()) return;
  double sum = std::accumulate(terms.begin(), terms.end(), 0.0);
  if (clamped) sum = clamped_scale_gradient(sum, args.logit_scale.as<float>()[0], args.max_logit_scale);
  float& out = to.as<float>()[0];
  out = static_cast<float>(args.accumulate_parameters ? static_cast<double>(out) + sum : sum);
}

}  // namespace

void contrastive_loss_reference(const Exec&, const ContrastiveLossArgs& args) {
  const Problem p(args);
  const Range range(args.part, p.n);
  std::vector<double> terms;
  for (std::size_t i = range.begin; i < range.end; ++i)
    terms.push_back(args.kind == ContrastiveKind::softmax ? softmax_term(p, args, i, i - range.begin)
                                                          : sigmoid_term(p, i));
  store(terms, args.terms);
  if (!args.loss.present()) return;
  const double sum = std::accumulate(terms.begin(), terms.end(), 0.0);
  args.loss.as<float>()[0] = static_cast<float>(sum / static_cast<double>(p.n));
}

void contrastive_loss_grad_reference(const Exec&, const ContrastiveLossGradArgs& args) {
  const Problem p(args);
  Gradient sums{.dimage = std::vector<double>(p.n * p.width),
                .dtext = std::vector<double>(p.n * p.width),
                .drow_scale = std::vector<double>(p.n),
                .dcol_scale = std::vector<double>(p.n),
                .scale_terms = std::vector<double>(p.n),
                .bias_terms = std::vector<double>(p.n)};
  for (std::size_t i = 0; i < p.n; ++i)
    for (std::size_t j = 0; j < p.n; ++j) {
      const double g = pair_gradient(p, args, i, j, sums);
      sums.scale_terms[i] += g * p.scaled[i * p.n + j];
      for (std::size_t d = 0; d < p.width; ++d) {
        sums.dimage[i * p.width + d] += p.scale * g * static_cast<double>(args.text.as<float>()[j * p.width + d]);
        sums.dtext[j * p.width + d] += p.scale * g * static_cast<double>(args.image.as<float>()[i * p.width + d]);
      }
    }
  const std::size_t first = Range(args.part, p.n).begin;
  store(sums.dimage, args.dimage, first * p.width);
  store(sums.dtext, args.dtext, first * p.width);
  store(sums.drow_scale, args.drow_scale);
  store(sums.dcol_scale, args.dcol_scale);
  store(sums.scale_terms, args.scale_terms, first);
  store(sums.bias_terms, args.bias_terms, first);
  store_parameter(sums.scale_terms, args, true, args.dlogit_scale);
  store_parameter(sums.bias_terms, args, false, args.dlogit_bias);
}

}  // namespace athanor::kernels
