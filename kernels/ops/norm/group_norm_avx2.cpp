#include "kernels/ops/norm/group_norm_avx2.h"

#include "kernels/cpu/column_sum.h"
#include "kernels/cpu/vec_math.h"

namespace athanor::kernels {

namespace {

using cpu::Vec;

struct PerChannel {
  alignas(32) float value[kGroupNormMaxChannels];
  Vec at(std::int64_t c) const { return Vec::load(value + c); }
};

// Adds the channels of each group up and hands the total to store(group, total).
template <class Store>
void per_group(const GroupNormSample& s, const float* channel_values, Store&& store) {
  const std::int64_t width = s.channels / s.groups;
  for (std::int64_t group = 0; group < s.groups; ++group) {
    double total = 0.0;
    for (std::int64_t c = group * width; c < (group + 1) * width; ++c) total += static_cast<double>(channel_values[c]);
    store(group, total);
  }
}

void spread(const GroupNormSample& s, std::int64_t group, float value, PerChannel& out) {
  const std::int64_t width = s.channels / s.groups;
  for (std::int64_t c = group * width; c < (group + 1) * width; ++c) out.value[c] = value;
}

// Sums of d = x - centre and of d^2 per channel, in runs of positions that are added afterwards.
template <int kVectors>
void deviations(const GroupNormSample& s, std::int64_t first, const PerChannel& centre, float* sum_d, float* sum_dd) {
  constexpr std::int64_t kRun = 64;
  Vec total_d[kVectors], total_dd[kVectors];
  for (int v = 0; v < kVectors; ++v) total_d[v] = total_dd[v] = Vec::zero();
  for (std::int64_t begin = 0; begin < s.positions; begin += kRun) {
    const std::int64_t end = begin + kRun < s.positions ? begin + kRun : s.positions;
    Vec run_d[kVectors], run_dd[kVectors];
    for (int v = 0; v < kVectors; ++v) run_d[v] = run_dd[v] = Vec::zero();
    for (std::int64_t position = begin; position < end; ++position)
      for (int v = 0; v < kVectors; ++v) {
        const Vec d = Vec::load(s.x + position * s.channels + first + 8 * v) - centre.at(first + 8 * v);
        run_d[v] = run_d[v] + d;
        run_dd[v] = multiply_add(d, d, run_dd[v]);
      }
    for (int v = 0; v < kVectors; ++v) {
      total_d[v] = total_d[v] + run_d[v];
      total_dd[v] = total_dd[v] + run_dd[v];
    }
  }
  for (int v = 0; v < kVectors; ++v) {
    total_d[v].store(sum_d + first + 8 * v);
    total_dd[v].store(sum_dd + first + 8 * v);
  }
}

void all_deviations(const GroupNormSample& s, const PerChannel& centre, float* sum_d, float* sum_dd) {
  std::int64_t c = 0;
  for (; c + 32 <= s.channels; c += 32) deviations<4>(s, c, centre, sum_d, sum_dd);
  for (; c < s.channels; c += 8) deviations<1>(s, c, centre, sum_d, sum_dd);
}

// The mean in two parts: what f32 can hold, and the rest, which keeps a sample with a large offset centred.
struct Statistics {
  PerChannel mean, rest, rstd;
};

// First the mean, then the sums of what is left of it and of its squares.
void statistics(const GroupNormSample& s, float eps, Statistics& out) {
  const double count = static_cast<double>(s.positions * (s.channels / s.groups));
  PerChannel sums, squares;
  cpu::column_sum_avx2(s.x, s.positions, s.channels, s.channels, false, sums.value);
  per_group(s, sums.value,
            [&](std::int64_t group, double total) { spread(s, group, static_cast<float>(total / count), out.mean); });
  all_deviations(s, out.mean, sums.value, squares.value);
  per_group(s, sums.value,
            [&](std::int64_t group, double total) { spread(s, group, static_cast<float>(total / count), out.rest); });
  per_group(s, squares.value, [&](std::int64_t group, double total) {
    const double rest = static_cast<double>(out.rest.value[group * (s.channels / s.groups)]);
    const double variance = total / count - rest * rest;
    const double scale = 1.0 / __builtin_sqrt((variance > 0.0 ? variance : 0.0) + static_cast<double>(eps));
    spread(s, group, static_cast<float>(scale), out.rstd);
  });
}

void copy_or(const float* from, float value, std::int64_t n, PerChannel& to) {
  for (std::int64_t c = 0; c < n; ++c) to.value[c] = from ? from[c] : value;
}

template <Activation kind>
void transform(const GroupNormSample& s, const Statistics& stats, float* y) {
  PerChannel gain, bias;
  copy_or(s.gain, 1.0f, s.channels, gain);
  copy_or(s.bias, 0.0f, s.channels, bias);
  for (std::int64_t c = 0; c < s.channels; ++c) {
    gain.value[c] *= stats.rstd.value[c];
    bias.value[c] -= stats.rest.value[c] * gain.value[c];
  }
  for (std::int64_t position = 0; position < s.positions; ++position)
    for (std::int64_t c = 0; c < s.channels; c += 8) {
      const std::int64_t at = position * s.channels + c;
      const Vec z = multiply_add(Vec::load(s.x + at) - stats.mean.at(c), gain.at(c), bias.at(c));
      cpu::activate<kind>(z).store(y + at);
    }
}

// e = dy act'(z) into `e` (which may be dy), and per channel the sums of e and of e xhat.
template <Activation kind, int kVectors>
void outer_gradient(const GroupNormSample& s, std::int64_t first, const PerChannel& mean, const PerChannel& rstd,
                    const PerChannel& gain, const PerChannel& bias, const float* dy, float* e_out, float* sum_e,
                    float* sum_ex) {
  Vec total[kVectors], total_x[kVectors];
  for (int v = 0; v < kVectors; ++v) total[v] = total_x[v] = Vec::zero();
  for (std::int64_t position = 0; position < s.positions; ++position)
    for (int v = 0; v < kVectors; ++v) {
      const std::int64_t c = first + 8 * v, at = position * s.channels + c;
      const Vec xhat = (Vec::load(s.x + at) - mean.at(c)) * rstd.at(c);
      Vec e = Vec::load(dy + at);
      if constexpr (kind != Activation::none)
        e = e * cpu::activation_slope<kind>(multiply_add(xhat, gain.at(c), bias.at(c)));
      if (e_out) e.store(e_out + at);
      total[v] = total[v] + e;
      total_x[v] = multiply_add(e, xhat, total_x[v]);
    }
  for (int v = 0; v < kVectors; ++v) {
    total[v].store(sum_e + first + 8 * v);
    total_x[v].store(sum_ex + first + 8 * v);
  }
}

template <Activation kind>
void gradient(const GroupNormSample& s, const PerChannel& mean, const PerChannel& rstd, const float* dy, float* dx,
              float* dgain, float* dbias) {
  PerChannel gain, bias, sum_e, sum_ex;
  copy_or(s.gain, 1.0f, s.channels, gain);
  copy_or(s.bias, 0.0f, s.channels, bias);
  std::int64_t first = 0;
  for (; first + 32 <= s.channels; first += 32)
    outer_gradient<kind, 4>(s, first, mean, rstd, gain, bias, dy, dx, sum_e.value, sum_ex.value);
  for (; first < s.channels; first += 8)
    outer_gradient<kind, 1>(s, first, mean, rstd, gain, bias, dy, dx, sum_e.value, sum_ex.value);
  for (std::int64_t c = 0; c < s.channels; ++c) {
    if (dbias) dbias[c] = sum_e.value[c];
    if (dgain) dgain[c] = sum_ex.value[c];
    sum_e.value[c] *= gain.value[c];
    sum_ex.value[c] *= gain.value[c];
  }
  if (!dx) return;
  const double count = static_cast<double>(s.positions * (s.channels / s.groups));
  PerChannel mean_h, mean_hx;
  per_group(s, sum_e.value,
            [&](std::int64_t g, double total) { spread(s, g, static_cast<float>(total / count), mean_h); });
  per_group(s, sum_ex.value,
            [&](std::int64_t g, double total) { spread(s, g, static_cast<float>(total / count), mean_hx); });
  for (std::int64_t position = 0; position < s.positions; ++position)
    for (std::int64_t c = 0; c < s.channels; c += 8) {
      const std::int64_t at = position * s.channels + c;
      const Vec xhat = (Vec::load(s.x + at) - mean.at(c)) * rstd.at(c);
      const Vec h = multiply_add(Vec::load(dx + at), gain.at(c), Vec::zero() - mean_h.at(c));
      (rstd.at(c) * negative_multiply_add(xhat, mean_hx.at(c), h)).store(dx + at);
    }
}

}  // namespace

void group_norm_sample_avx2(const GroupNormSample& s, float eps, float* y, float* mean, float* rstd) {
  Statistics stats;
  statistics(s, eps, stats);
  for (std::int64_t group = 0; group < s.groups; ++group) {
    const std::int64_t c = group * (s.channels / s.groups);
    if (mean) mean[group] = stats.mean.value[c] + stats.rest.value[c];
    if (rstd) rstd[group] = stats.rstd.value[c];
  }
  switch (s.activation) {
    case Activation::none: return transform<Activation::none>(s, stats, y);
    case Activation::relu: return transform<Activation::relu>(s, stats, y);
    case Activation::gelu_erf: return transform<Activation::gelu_erf>(s, stats, y);
    case Activation::gelu_tanh: return transform<Activation::gelu_tanh>(s, stats, y);
    case Activation::silu: return transform<Activation::silu>(s, stats, y);
  }
}

void group_norm_grad_sample_avx2(const GroupNormSample& s, const float* mean, const float* rstd, const float* dy,
                                 float* dx, float* dgain, float* dbias) {
  PerChannel means, rstds;
  for (std::int64_t group = 0; group < s.groups; ++group) {
    spread(s, group, mean[group], means);
    spread(s, group, rstd[group], rstds);
  }
  switch (s.activation) {
    case Activation::none: return gradient<Activation::none>(s, means, rstds, dy, dx, dgain, dbias);
    case Activation::relu: return gradient<Activation::relu>(s, means, rstds, dy, dx, dgain, dbias);
    case Activation::gelu_erf: return gradient<Activation::gelu_erf>(s, means, rstds, dy, dx, dgain, dbias);
    case Activation::gelu_tanh: return gradient<Activation::gelu_tanh>(s, means, rstds, dy, dx, dgain, dbias);
    case Activation::silu: return gradient<Activation::silu>(s, means, rstds, dy, dx, dgain, dbias);
  }
}

}  // namespace athanor::kernels
