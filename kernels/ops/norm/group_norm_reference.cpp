#include "kernels/ops/norm/group_norm_reference.h"

#include "kernels/cpu/scalar_math.h"

#include <cmath>
#include <cstddef>
#include <vector>

namespace athanor::kernels {

namespace {

double read(const View& view, std::int64_t i, double absent = 0.0) {
  return view.present() ? static_cast<double>(view.as<float>()[i]) : absent;
}

struct Group {
  std::int64_t index, first, positions, channels, width, first_channel;

  [[nodiscard]] std::int64_t at(std::int64_t position, std::int64_t c) const {
    return first + position * channels + first_channel + c;
  }
  [[nodiscard]] double count() const { return static_cast<double>(positions * width); }
};

// Calls visit(group) for every group of every sample.
template <class Visit>
void for_each_group(const View& x, int groups, Visit&& visit) {
  if (x.numel() == 0) return;
  const std::int64_t channels = x.dim(-1), samples = x.dim(0), positions = x.numel() / samples / channels;
  for (std::int64_t sample = 0; sample < samples; ++sample)
    for (std::int64_t group = 0; group < groups; ++group)
      visit(Group{sample * groups + group, sample * positions * channels, positions, channels, channels / groups,
                  group * (channels / groups)});
}

template <class Visit>
void for_each_element(const Group& group, Visit&& visit) {
  for (std::int64_t position = 0; position < group.positions; ++position)
    for (std::int64_t c = 0; c < group.width; ++c) visit(group.at(position, c), group.first_channel + c);
}

}  // namespace

void group_norm_reference(const Exec&, const GroupNormArgs& args) {
  for_each_group(args.x, args.groups, [&](const Group& group) {
    double mean = 0.0, variance = 0.0;
    for_each_element(group, [&](auto at, auto) { mean += read(args.x, at) / group.count(); });
    for_each_element(group, [&](auto at, auto) { variance += std::pow(read(args.x, at) - mean, 2) / group.count(); });
    const double rstd = 1.0 / std::sqrt(variance + static_cast<double>(args.eps));
    for_each_element(group, [&](auto at, auto channel) {
      const double z = (read(args.x, at) - mean) * rstd * read(args.gain, channel, 1.0) + read(args.bias, channel);
      args.y.as<float>()[at] = static_cast<float>(cpu::activate_exact(args.activation, z));
    });
    if (args.mean.present()) args.mean.as<float>()[group.index] = static_cast<float>(mean);
    if (args.rstd.present()) args.rstd.as<float>()[group.index] = static_cast<float>(rstd);
  });
}

void group_norm_grad_reference(const Exec&, const GroupNormGradArgs& args) {
  std::vector<double> dgain(static_cast<std::size_t>(args.x.dim(-1)), 0.0), dbias(dgain);
  for_each_group(args.x, args.groups, [&](const Group& group) {
    const double mean = read(args.mean, group.index), rstd = read(args.rstd, group.index);
    const auto xhat = [&](std::int64_t at) { return (read(args.x, at) - mean) * rstd; };
    const auto e = [&](std::int64_t at, std::int64_t channel) {
      const double z = xhat(at) * read(args.gain, channel, 1.0) + read(args.bias, channel);
      return read(args.dy, at) * cpu::activation_slope_exact(args.activation, z);
    };
    double mean_h = 0.0, mean_hx = 0.0;
    for_each_element(group, [&](auto at, auto channel) {
      const double value = e(at, channel), h = value * read(args.gain, channel, 1.0);
      mean_h += h / group.count();
      mean_hx += h * xhat(at) / group.count();
      dbias[static_cast<std::size_t>(channel)] += value;
      dgain[static_cast<std::size_t>(channel)] += value * xhat(at);
    });
    if (!args.dx.present()) return;
    for_each_element(group, [&](auto at, auto channel) {
      const double h = e(at, channel) * read(args.gain, channel, 1.0);
      args.dx.as<float>()[at] = static_cast<float>(rstd * (h - mean_h - xhat(at) * mean_hx));
    });
  });
  const auto write = [&](const View& out, const std::vector<double>& sums) {
    for (std::int64_t c = 0; out.present() && c < args.x.dim(-1); ++c)
      out.as<float>()[c] =
          static_cast<float>(sums[static_cast<std::size_t>(c)] + (args.accumulate_parameters ? read(out, c) : 0.0));
  };
  write(args.dgain, dgain);
  write(args.dbias, dbias);
}

}  // namespace athanor::kernels
