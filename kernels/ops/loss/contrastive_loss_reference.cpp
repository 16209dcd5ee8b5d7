#include "kernels/ops/loss/contrastive_loss_reference.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace athanor::kernels {

namespace {

// All logits and targets in double.
struct Problem {
  std::size_t n, width;
  double scale;
  std::vector<double> logits, targets;

  Problem(const View& image, const View& text, const View& logit_scale, const View& ids, float max_logit_scale)
      : n(static_cast<std::size_t>(image.dim(0))),
        width(static_cast<std::size_t>(image.dim(1))),
        scale(std::exp(static_cast<double>(std::min(logit_scale.as<float>()[0], max_logit_scale)))),
        logits(n * n, 0.0),
        targets(n * n, 0.0) {
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t d = 0; d < width; ++d)
          logits[i * n + j] += scale * static_cast<double>(image.as<float>()[i * width + d]) *
                               static_cast<double>(text.as<float>()[j * width + d]);
        targets[i * n + j] = same(ids, i, j) ? 1.0 / count(ids, i) : 0.0;
      }
  }

  [[nodiscard]] static bool same(const View& ids, std::size_t i, std::size_t j) {
    return ids.present() ? ids.as<std::int32_t>()[i] == ids.as<std::int32_t>()[j] : i == j;
  }
  [[nodiscard]] double count(const View& ids, std::size_t i) const {
    double total = 0.0;
    for (std::size_t j = 0; j < n; ++j) total += same(ids, i, j) ? 1.0 : 0.0;
    return total;
  }
  // step = 1 walks a row from `first`, step = n a column.
  [[nodiscard]] double log_sum_exp(std::size_t first, std::size_t step) const {
    double top = logits[first], sum = 0.0;
    for (std::size_t j = 0; j < n; ++j) top = std::max(top, logits[first + j * step]);
    for (std::size_t j = 0; j < n; ++j) sum += std::exp(logits[first + j * step] - top);
    return top + std::log(sum);
  }
};

}  // namespace

void contrastive_loss_reference(const Exec&, const ContrastiveLossArgs& args) {
  const Problem p(args.image, args.text, args.logit_scale, args.ids, args.max_logit_scale);
  double loss = 0.0;
  for (std::size_t i = 0; i < p.n; ++i) {
    const double row = p.log_sum_exp(i * p.n, 1), col = p.log_sum_exp(i, p.n);
    args.row_lse.as<float>()[i] = static_cast<float>(row);
    args.col_lse.as<float>()[i] = static_cast<float>(col);
    for (std::size_t j = 0; j < p.n; ++j) {
      loss -= p.targets[i * p.n + j] * (p.logits[i * p.n + j] - row);
      loss -= p.targets[j * p.n + i] * (p.logits[j * p.n + i] - col);
    }
  }
  args.loss.as<float>()[0] = static_cast<float>(loss / (2.0 * static_cast<double>(p.n)));
}

void contrastive_loss_grad_reference(const Exec&, const ContrastiveLossGradArgs& args) {
  const Problem p(args.image, args.text, args.logit_scale, args.ids, args.max_logit_scale);
  std::vector<double> dimage(p.n * p.width, 0.0), dtext(p.n * p.width, 0.0);
  double dscale = 0.0;
  for (std::size_t i = 0; i < p.n; ++i)
    for (std::size_t j = 0; j < p.n; ++j) {
      const double logit = p.logits[i * p.n + j];
      const double row = static_cast<double>(args.row_lse.as<float>()[i]),
                   col = static_cast<double>(args.col_lse.as<float>()[j]);
      const double g = static_cast<double>(args.dloss) / static_cast<double>(p.n) *
                       (0.5 * (std::exp(logit - row) + std::exp(logit - col)) - p.targets[i * p.n + j]);
      dscale += g * logit;
      for (std::size_t d = 0; d < p.width; ++d) {
        dimage[i * p.width + d] += p.scale * g * static_cast<double>(args.text.as<float>()[j * p.width + d]);
        dtext[j * p.width + d] += p.scale * g * static_cast<double>(args.image.as<float>()[i * p.width + d]);
      }
    }
  for (std::size_t at = 0; at < dimage.size(); ++at) {
    args.dimage.as<float>()[at] = static_cast<float>(dimage[at]);
    args.dtext.as<float>()[at] = static_cast<float>(dtext[at]);
  }
  if (!args.dlogit_scale.present()) return;
  if (args.logit_scale.as<float>()[0] > args.max_logit_scale) dscale = std::max(dscale, 0.0);
  float& out = args.dlogit_scale.as<float>()[0];
  out = static_cast<float>(args.accumulate_parameters ? static_cast<double>(out) + dscale : dscale);
}

}  // namespace athanor::kernels
