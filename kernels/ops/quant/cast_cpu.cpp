#include "kernels/base/number_format.h"
#include "kernels/cpu/convert.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/widened_arrays.h"
#include "kernels/ops/quant/cast.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace athanor::kernels {

namespace {

constexpr std::int64_t kElementsPerBlock = 16384;
constexpr std::int64_t kElementsPerRun = 256;

std::uint32_t code_at(const View& view, std::int64_t i) {
  return size_bits(view.dtype) == 8 ? view.as<std::uint8_t>()[i] : view.as<std::uint16_t>()[i];
}

float value_at(const View& view, std::int64_t i) {
  float value = 0.0f;
  const auto decode = [&]<class Format>() { value = Format::decode(code_at(view, i)); };
  return with_narrow_format(view.dtype, decode) ? value : view.as<float>()[i];
}

void put(const View& view, std::int64_t i, float value) {
  const auto encode = [&]<class Format>() {
    if constexpr (Format::kBits == 8)
      view.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(Format::encode(value));
    else
      view.as<std::uint16_t>()[i] = static_cast<std::uint16_t>(Format::encode(value));
  };
  if (!with_narrow_format(view.dtype, encode)) view.as<float>()[i] = value;
}

void cast_reference(const Exec&, const CastArgs& args) {
  for (std::int64_t i = 0; i < args.x.numel(); ++i) put(args.y, i, value_at(args.x, i));
}

std::byte* at(const View& view, std::int64_t i) { return view.as<std::byte>() + storage_bytes(view.dtype, i); }

// Between two narrow formats by way of a buffer on the stack.
void cast_run(const View& x, const View& y, cpu::BlockRange run) {
  float buffer[kElementsPerRun];
  const bool from_wide = x.dtype == DType::f32, to_wide = y.dtype == DType::f32;
  if (from_wide && to_wide) {
    if (x.data != y.data) std::memcpy(at(y, run.begin), at(x, run.begin), storage_bytes(DType::f32, run.size()));
    return;
  }
  float* wide = to_wide ? y.as<float>() + run.begin : buffer;
  if (!from_wide) cpu::widen(x.dtype, at(x, run.begin), wide, run.size());
  if (!to_wide) cpu::narrow(y.dtype, from_wide ? x.as<float>() + run.begin : buffer, at(y, run.begin), run.size());
}

void cast_blocks(const Exec& exec, const CastArgs& args) {
  cpu::parallel_ranges(exec.threads, args.x.numel(), kElementsPerBlock, [&](cpu::BlockRange block) {
    for (std::int64_t begin = block.begin; begin < block.end; begin += kElementsPerRun)
      cast_run(args.x, args.y, {begin, std::min(begin + kElementsPerRun, block.end)});
  });
}

constexpr std::array<Candidate<CastArgs>, 2> kCandidates{{
    {"cast_cpu_runs", nullptr, cast_blocks},
    {"cast_cpu_reference", nullptr, cast_reference},
}};

}  // namespace

Candidates<CastArgs> cast_candidates() { return kCandidates; }

void cast(const Exec& exec, const CastArgs& args) { launch("cast", exec, args, cast_candidates(), cast_cuda); }

void cpu::convert_on_device(const Exec& exec, const View& from, const View& to) {
  cast_cuda(exec, {.x = from, .y = to});
}

}  // namespace athanor::kernels
