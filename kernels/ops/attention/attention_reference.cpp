#include "kernels/ops/attention/attention_reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace athanor::kernels {

namespace {

// One head of one sample, read as doubles.
struct Head {
  const float* qkv;
  std::int64_t tokens, heads, width, sample, head, keys;
  double scale;

  [[nodiscard]] std::int64_t at(int plane, std::int64_t t, std::int64_t d) const {
    return (((sample * tokens + t) * 3 + plane) * heads + head) * width + d;
  }
  [[nodiscard]] std::int64_t out_at(std::int64_t t, std::int64_t d) const {
    return ((sample * tokens + t) * heads + head) * width + d;
  }
  [[nodiscard]] double value(int plane, std::int64_t t, std::int64_t d) const {
    return static_cast<double>(qkv[at(plane, t, d)]);
  }
  [[nodiscard]] std::vector<double> scores(std::int64_t t) const {
    std::vector<double> s(static_cast<std::size_t>(keys), 0.0);
    for (std::int64_t key = 0; key < keys; ++key)
      for (std::int64_t d = 0; d < width; ++d)
        s[static_cast<std::size_t>(key)] += scale * value(0, t, d) * value(1, key, d);
    return s;
  }
};

double log_sum_exp(const std::vector<double>& values) {
  const double top = *std::max_element(values.begin(), values.end());
  double sum = 0.0;
  for (const double value : values) sum += std::exp(value - top);
  return top + std::log(sum);
}

template <class Visit>
void for_each_head(const View& qkv, const View& lengths, float scale, Visit&& visit) {
  const std::int64_t tokens = qkv.dim(1), heads = qkv.dim(3), width = qkv.dim(4);
  const double factor = scale != 0.0f ? static_cast<double>(scale) : 1.0 / std::sqrt(static_cast<double>(width));
  for (std::int64_t sample = 0; sample < qkv.dim(0); ++sample)
    for (std::int64_t head = 0; head < heads; ++head) {
      const std::int64_t keys = lengths.present() ? lengths.as<std::int32_t>()[sample] : tokens;
      visit(Head{qkv.as<float>(), tokens, heads, width, sample, head, keys, factor});
    }
}

struct HeadGradient {
  std::vector<double> dq, dk, dv;
};

void add_row_gradient(const Head& h, const AttentionGradArgs& args, std::int64_t t, HeadGradient& sums) {
  const std::vector<double> s = h.scores(t);
  const double lse = static_cast<double>(args.log_sum_exp.as<float>()[(h.sample * h.heads + h.head) * h.tokens + t]);
  double delta = 0.0;
  const auto dout = [&](std::int64_t d) { return static_cast<double>(args.dout.as<float>()[h.out_at(t, d)]); };
  for (std::int64_t d = 0; d < h.width; ++d)
    delta += dout(d) * static_cast<double>(args.out.as<float>()[h.out_at(t, d)]);
  for (std::int64_t key = 0; key < h.keys; ++key) {
    const double p = std::exp(s[static_cast<std::size_t>(key)] - lse);
    double dp = 0.0;
    for (std::int64_t d = 0; d < h.width; ++d) dp += dout(d) * h.value(2, key, d);
    const double ds = p * (dp - delta) * h.scale;
    for (std::int64_t d = 0; d < h.width; ++d) {
      sums.dq[static_cast<std::size_t>(t * h.width + d)] += ds * h.value(1, key, d);
      sums.dk[static_cast<std::size_t>(key * h.width + d)] += ds * h.value(0, t, d);
      sums.dv[static_cast<std::size_t>(key * h.width + d)] += p * dout(d);
    }
  }
}

}  // namespace

void attention_reference(const Exec&, const AttentionArgs& args) {
  for_each_head(args.qkv, args.lengths, args.scale, [&](const Head& h) {
    for (std::int64_t t = 0; t < h.tokens; ++t) {
      const std::vector<double> s = h.scores(t);
      const double lse = log_sum_exp(s);
      for (std::int64_t d = 0; d < h.width; ++d) {
        double sum = 0.0;
        for (std::int64_t key = 0; key < h.keys; ++key)
          sum += std::exp(s[static_cast<std::size_t>(key)] - lse) * h.value(2, key, d);
        args.out.as<float>()[h.out_at(t, d)] = static_cast<float>(sum);
      }
      if (args.log_sum_exp.present())
        args.log_sum_exp.as<float>()[(h.sample * h.heads + h.head) * h.tokens + t] = static_cast<float>(lse);
    }
  });
}

void attention_grad_reference(const Exec&, const AttentionGradArgs& args) {
  for_each_head(args.qkv, args.lengths, args.scale, [&](const Head& h) {
    const std::vector<double> zero(static_cast<std::size_t>(h.tokens * h.width), 0.0);
    HeadGradient sums{zero, zero, zero};
    for (std::int64_t t = 0; t < h.tokens; ++t) add_row_gradient(h, args, t, sums);
    for (std::int64_t t = 0; t < h.tokens; ++t)
      for (std::int64_t d = 0; d < h.width; ++d) {
        const std::size_t from = static_cast<std::size_t>(t * h.width + d);
        args.dqkv.as<float>()[h.at(0, t, d)] = static_cast<float>(sums.dq[from]);
        args.dqkv.as<float>()[h.at(1, t, d)] = static_cast<float>(sums.dk[from]);
        args.dqkv.as<float>()[h.at(2, t, d)] = static_cast<float>(sums.dv[from]);
      }
  });
}

}  // namespace athanor::kernels
