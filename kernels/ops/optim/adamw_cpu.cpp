#include "kernels/base/number_format.h"
#include "kernels/base/philox.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/segments.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/optim/adamw.h"
#include "kernels/ops/optim/adamw_avx2.h"
#include "kernels/ops/optim/gradient_factor.h"

#include <array>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 8192;  // a multiple of 64: see the random positions of adamw.h

struct BiasCorrection {
  double m, v;

  explicit BiasCorrection(const AdamWArgs& args)
      : m(1.0 - std::pow(static_cast<double>(args.beta1), static_cast<double>(args.step))),
        v(1.0 - std::pow(static_cast<double>(args.beta2), static_cast<double>(args.step))) {}
};

void store_counts(const View& lost, std::int64_t not_changed, std::int64_t wanted) {
  if (!lost.present()) return;
  lost.as<std::int64_t>()[0] = not_changed;
  lost.as<std::int64_t>()[1] = wanted;
}

// ---- Reference ----

double decode(std::uint16_t code) { return static_cast<double>(BFloat16::decode(code)); }

std::uint32_t random_bits(const AdamWArgs& args, const AdamWSegment& s, std::int64_t element, std::uint64_t of) {
  const auto position = static_cast<std::uint64_t>(element / 64 * 8 + element % 8) + of;
  const std::uint32_t word =
      philox_at(args.seed, static_cast<std::uint32_t>(args.step), s.stream, position).word[element % 64 / 16];
  return element % 16 >= 8 ? word >> 16 : word & 0xFFFFu;
}

std::uint16_t encode_stochastic(double value, std::uint32_t random) {
  return static_cast<std::uint16_t>((std::bit_cast<std::uint32_t>(static_cast<float>(value)) + random) >> 16);
}

// One array of a segment in its own format, read and written as f64.
class Moment {
 public:
  Moment(const AdamWArgs& args, const AdamWSegment& s, void* data, std::uint64_t of)
      : args_(args), s_(s), data_(data), of_(of) {}
  [[nodiscard]] double load(std::int64_t i) const {
    if (args_.moments == DType::bf16) return decode(static_cast<const std::uint16_t*>(data_)[i]);
    return static_cast<double>(static_cast<const float*>(data_)[i]);
  }
  void store(std::int64_t i, double value) const {
    if (args_.moments == DType::bf16)
      static_cast<std::uint16_t*>(data_)[i] = encode_stochastic(value, random_bits(args_, s_, i, of_));
    else
      static_cast<float*>(data_)[i] = static_cast<float>(value);
  }

 private:
  const AdamWArgs& args_;
  const AdamWSegment& s_;
  void* data_;
  std::uint64_t of_;
};

double load_param(const AdamWArgs& args, const AdamWSegment& s, std::int64_t i) {
  if (args.master == DType::f32) return static_cast<double>(static_cast<const float*>(s.param)[i]);
  const double value = decode(static_cast<const std::uint16_t*>(s.param)[i]);
  return args.rounding == MasterRounding::compensated ? value + decode(s.compensation[i]) : value;
}

void store_param(const AdamWArgs& args, const AdamWSegment& s, std::int64_t i, double value) {
  if (args.master == DType::f32) {
    static_cast<float*>(s.param)[i] = static_cast<float>(value);
    return;
  }
  auto& out = static_cast<std::uint16_t*>(s.param)[i];
  if (args.rounding == MasterRounding::stochastic) {
    out = encode_stochastic(value, random_bits(args, s, i, 0));
    return;
  }
  out = static_cast<std::uint16_t>(BFloat16::encode(static_cast<float>(value)));
  if (args.rounding == MasterRounding::compensated)
    s.compensation[i] = static_cast<std::uint16_t>(BFloat16::encode(static_cast<float>(value - decode(out))));
}

void adamw_reference(const Exec&, const AdamWArgs& args) {
  const double factor = gradient_factor(args.gradient_scale, args.sum_squares, args.max_norm),
               beta1 = static_cast<double>(args.beta1), beta2 = static_cast<double>(args.beta2);
  const BiasCorrection correction(args);
  std::int64_t lost = 0, wanted = 0;
  for (const AdamWSegment& s : args.segments) {
    const Moment first(args, s, s.m, kMomentPosition), second(args, s, s.v, kSquarePosition);
    for (std::int64_t i = 0; i < s.numel; ++i) {
      const double g = factor * static_cast<double>(s.grad[i]), lr = static_cast<double>(s.lr);
      const double m = beta1 * first.load(i) + (1.0 - beta1) * g, v = beta2 * second.load(i) + (1.0 - beta2) * g * g;
      const double before = load_param(args, s, i);
      first.store(i, m);
      second.store(i, v);
      store_param(args, s, i,
                  before * (1.0 - lr * static_cast<double>(s.weight_decay)) -
                      lr * (m / correction.m) / (std::sqrt(v / correction.v) + static_cast<double>(args.eps)));
      if (m == 0.0) continue;
      ++wanted;
      if (load_param(args, s, i) == before) ++lost;
    }
  }
  store_counts(args.lost, lost, wanted);
}

// ---- Blocks of segments ----

AdamWFactors factors_of(const AdamWArgs& args, const AdamWSegment& s, float factor, const BiasCorrection& correction) {
  const double lr = static_cast<double>(s.lr);
  return {.beta1 = args.beta1,
          .beta2 = args.beta2,
          .eps = args.eps,
          .gradient = factor,
          .decay = static_cast<float>(1.0 - lr * static_cast<double>(s.weight_decay)),
          .step_size = static_cast<float>(lr / correction.m),
          .inverse_root_v = static_cast<float>(1.0 / std::sqrt(correction.v))};
}

UpdateCount run_block(const AdamWArgs& args, const AdamWSegment& s, cpu::BlockRange range,
                      const AdamWFactors& factors) {
  if (args.master == DType::f32 && args.moments == DType::f32)
    return adamw_avx2(factors, range.size(), s.grad + range.begin, static_cast<float*>(s.param) + range.begin,
                      static_cast<float*>(s.m) + range.begin, static_cast<float*>(s.v) + range.begin);
  return adamw_narrow_avx2(factors, {.first = range.begin,
                                     .numel = range.size(),
                                     .grad = s.grad,
                                     .param = s.param,
                                     .m = s.m,
                                     .v = s.v,
                                     .compensation = s.compensation,
                                     .narrow_param = args.master == DType::bf16,
                                     .narrow_moments = args.moments == DType::bf16,
                                     .rounding = static_cast<int>(args.rounding),
                                     .seed = args.seed,
                                     .step = static_cast<std::uint32_t>(args.step),
                                     .stream = s.stream});
}

UpdateCount* lay_out(const AdamWArgs& args, cpu::WorkspaceCutter& cutter) {
  if (!args.lost.present()) return nullptr;
  return cutter.take<UpdateCount>(cpu::segment_block_count(args.segments, kElementsPerBlock));
}

void adamw_segments(const Exec& exec, const AdamWArgs& args) {
  const float factor = static_cast<float>(gradient_factor(args.gradient_scale, args.sum_squares, args.max_norm));
  const BiasCorrection correction(args);
  cpu::WorkspaceCutter cutter(exec);
  UpdateCount* counts = lay_out(args, cutter);
  cpu::for_each_segment_block(exec.threads, args.segments, kElementsPerBlock,
                              [&](const AdamWSegment& s, cpu::BlockRange range, std::int64_t block) {
                                const auto count = run_block(args, s, range, factors_of(args, s, factor, correction));
                                if (counts) counts[block] = count;
                              });
  if (!counts) return;
  UpdateCount total{};
  for (std::int64_t block = 0; block < cpu::segment_block_count(args.segments, kElementsPerBlock); ++block) {
    total.lost += counts[block].lost;
    total.wanted += counts[block].wanted;
  }
  store_counts(args.lost, total.lost, total.wanted);
}

const char* refuse(const Exec&, const AdamWArgs&) { return cpu::avx2_refusal(); }

constexpr std::array<Candidate<AdamWArgs>, 2> kCandidates{{
    {"adamw_cpu_avx2_segment_blocks", refuse, adamw_segments},
    {"adamw_cpu_reference", nullptr, adamw_reference},
}};

}  // namespace

Candidates<AdamWArgs> adamw_candidates() { return kCandidates; }

void adamw(const Exec& exec, const AdamWArgs& args) {
  with_step_values(exec, args,
                   [&](const AdamWArgs& told) { launch("adamw", exec, told, adamw_candidates(), adamw_cuda); });
}

std::size_t adamw_workspace_bytes(const Exec& exec, const AdamWArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return adamw_cuda_workspace_bytes(args);
  cpu::WorkspaceCutter cutter;
  lay_out(args, cutter);
  return cutter.bytes();
}

}  // namespace athanor::kernels
