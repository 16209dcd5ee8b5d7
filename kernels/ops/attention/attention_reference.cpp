#include "kernels/ops/attention/attention_reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace athanor::kernels {

namespace {

// One head of one sample of a view [B,T,H,D].
struct HeadView {
  float* data;
  std::int64_t token, dim;

  HeadView(const View& view, std::int64_t sample, std::int64_t head)
      : data(view.as<float>() + sample * view.strides[0] + head * view.strides[2]),
        token(view.strides[1]),
        dim(view.strides[3]) {}
  [[nodiscard]] float& at(std::int64_t t, std::int64_t d) const { return data[t * token + d * dim]; }
  [[nodiscard]] double value(std::int64_t t, std::int64_t d) const { return static_cast<double>(at(t, d)); }
};

struct Head {
  HeadView q, k, v;
  std::int64_t sample, head, queries, width, keys, offset;
  bool causal;
  double scale;

  template <class Args>
  Head(const Args& args, std::int64_t b, std::int64_t h)
      : q(args.q, b, h),
        k(args.k, b, h),
        v(args.v, b, h),
        sample(b),
        head(h),
        queries(args.q.dim(1)),
        width(args.q.dim(3)),
        keys(args.lengths.present() ? args.lengths.template as<std::int32_t>()[b] : args.k.dim(1)),
        offset(args.k.dim(1) - queries),
        causal(args.causal),
        scale(args.scale != 0.0f ? static_cast<double>(args.scale) : 1.0 / std::sqrt(static_cast<double>(width))) {}

  [[nodiscard]] std::int64_t seen_by(std::int64_t t) const { return causal ? std::min(keys, t + offset + 1) : keys; }
  [[nodiscard]] std::size_t statistic(std::int64_t heads, std::int64_t t) const {
    return static_cast<std::size_t>((sample * heads + head) * queries + t);
  }
  [[nodiscard]] std::vector<double> scores(std::int64_t t) const {
    std::vector<double> s(static_cast<std::size_t>(seen_by(t)), 0.0);
    for (std::size_t key = 0; key < s.size(); ++key)
      for (std::int64_t d = 0; d < width; ++d)
        s[key] += scale * q.value(t, d) * k.value(static_cast<std::int64_t>(key), d);
    return s;
  }
};

double log_sum_exp(const std::vector<double>& values) {
  const double top = *std::max_element(values.begin(), values.end());
  double sum = 0.0;
  for (const double value : values) sum += std::exp(value - top);
  return top + std::log(sum);
}

template <class Args, class Visit>
void for_each_head(const Args& args, Visit&& visit) {
  for (std::int64_t sample = 0; sample < args.q.dim(0); ++sample)
    for (std::int64_t head = 0; head < args.q.dim(2); ++head) visit(Head(args, sample, head));
}

struct HeadGradient {
  std::vector<double> dq, dk, dv;
};

void add_row_gradient(const Head& h, const AttentionGradArgs& args, std::int64_t t, HeadGradient& sums) {
  const std::vector<double> s = h.scores(t);
  const HeadView out(args.out, h.sample, h.head), dout(args.dout, h.sample, h.head);
  const double lse = static_cast<double>(args.log_sum_exp.as<float>()[h.statistic(args.q.dim(2), t)]);
  double delta = 0.0;
  for (std::int64_t d = 0; d < h.width; ++d) delta += dout.value(t, d) * out.value(t, d);
  for (std::int64_t key = 0; key < h.seen_by(t); ++key) {
    const double p = std::exp(s[static_cast<std::size_t>(key)] - lse);
    double dp = 0.0;
    for (std::int64_t d = 0; d < h.width; ++d) dp += dout.value(t, d) * h.v.value(key, d);
    const double ds = p * (dp - delta) * h.scale;
    for (std::int64_t d = 0; d < h.width; ++d) {
      sums.dq[static_cast<std::size_t>(t * h.width + d)] += ds * h.k.value(key, d);
      sums.dk[static_cast<std::size_t>(key * h.width + d)] += ds * h.q.value(t, d);
      sums.dv[static_cast<std::size_t>(key * h.width + d)] += p * dout.value(t, d);
    }
  }
}

void store(const std::vector<double>& values, std::int64_t tokens, std::int64_t width, const HeadView& to) {
  for (std::int64_t t = 0; t < tokens; ++t)
    for (std::int64_t d = 0; d < width; ++d)
      to.at(t, d) = static_cast<float>(values[static_cast<std::size_t>(t * width + d)]);
}

}  // namespace

void attention_reference(const Exec&, const AttentionArgs& args) {
  for_each_head(args, [&](const Head& h) {
    const HeadView out(args.out, h.sample, h.head);
    for (std::int64_t t = 0; t < h.queries; ++t) {
      const std::vector<double> s = h.scores(t);
      const double lse = log_sum_exp(s);
      for (std::int64_t d = 0; d < h.width; ++d) {
        double sum = 0.0;
        for (std::size_t key = 0; key < s.size(); ++key)
          sum += std::exp(s[key] - lse) * h.v.value(static_cast<std::int64_t>(key), d);
        out.at(t, d) = static_cast<float>(sum);
      }
      if (args.log_sum_exp.present())
        args.log_sum_exp.as<float>()[h.statistic(args.q.dim(2), t)] = static_cast<float>(lse);
    }
  });
}

void attention_grad_reference(const Exec&, const AttentionGradArgs& args) {
  const std::int64_t tokens = args.k.dim(1);
  for_each_head(args, [&](const Head& h) {
    const std::vector<double> query_zeros(static_cast<std::size_t>(h.queries * h.width), 0.0);
    const std::vector<double> key_zeros(static_cast<std::size_t>(tokens * h.width), 0.0);
    HeadGradient sums{query_zeros, key_zeros, key_zeros};
    for (std::int64_t t = 0; t < h.queries; ++t) add_row_gradient(h, args, t, sums);
    store(sums.dq, h.queries, h.width, HeadView(args.dq, h.sample, h.head));
    store(sums.dk, tokens, h.width, HeadView(args.dk, h.sample, h.head));
    store(sums.dv, tokens, h.width, HeadView(args.dv, h.sample, h.head));
  });
}

}  // namespace athanor::kernels
