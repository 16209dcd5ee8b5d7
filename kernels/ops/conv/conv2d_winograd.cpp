#include "kernels/ops/conv/conv2d_winograd.h"

#include "kernels/cpu/column_sum.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/conv/winograd_avx2.h"

#include <algorithm>

namespace athanor::kernels {

namespace {

// Tiles whose products are computed together: enough rows for the matrix product, few enough for the second cache.
constexpr std::int64_t kTilesPerChunk = 128;
// A chunk is at least one whole image; beyond this many tiles it would fall out of every cache.
constexpr std::int64_t kMostTilesPerImage = 1024;
constexpr std::int64_t kWeightGroups = 8;
constexpr std::int64_t kOutputsPerBlock = 16;
constexpr std::int64_t kFewestChannels = 16;
// Keeps the 16 streams that a transform reads or writes out of each other's cache sets.
constexpr std::int64_t kStreamPadding = 80;

// From one point to the next in an array of tiles.
std::int64_t point_stride(std::int64_t tiles, std::int64_t channels) { return tiles * channels + kStreamPadding; }

// From images of `in` to images of `out`, for a batch cut into chunks of whole images.
struct Plan {
  WinogradImage in, out;
  std::int64_t batch, images;  // images per chunk

  Plan(const View& x, std::int64_t outputs)
      : in{x.dim(1), x.dim(2), x.dim(3)},
        out{x.dim(1), x.dim(2), outputs},
        batch(x.dim(0)),
        images(std::max<std::int64_t>(kTilesPerChunk / in.tiles(), 1)) {}

  [[nodiscard]] Plan reversed() const {
    Plan plan = *this;
    std::swap(plan.in, plan.out);
    return plan;
  }
  [[nodiscard]] std::int64_t tiles() const { return images * in.tiles(); }
  [[nodiscard]] std::int64_t in_floats() const { return kWinogradPoints * point_stride(tiles(), in.channels); }
  [[nodiscard]] std::int64_t out_floats() const { return kWinogradPoints * point_stride(tiles(), out.channels); }
  [[nodiscard]] std::int64_t weight_floats() const { return kWinogradPoints * in.channels * out.channels; }
  // Images per partial weight gradient: whole chunks.
  [[nodiscard]] std::int64_t images_per_group() const {
    return cpu::block_count(cpu::block_count(batch, kWeightGroups), images) * images;
  }
  [[nodiscard]] std::int64_t groups() const { return cpu::block_count(batch, images_per_group()); }
};

struct MapWorkspace {
  float *weights, *in_tiles, *out_tiles;  // the tiles: one set per thread
};

MapWorkspace lay_out_map(const Plan& plan, int threads, cpu::WorkspaceCutter& cutter) {
  return {cutter.take<float>(plan.weight_floats()), cutter.take<float>(plan.in_floats() * threads),
          cutter.take<float>(plan.out_floats() * threads)};
}

int threads_of(const Exec& exec) { return std::max(exec.threads, 1); }

void transform_weights(const Exec& exec, std::int64_t outputs, std::int64_t inputs, bool turned, const float* w,
                       float* u) {
  cpu::parallel_ranges(exec.threads, outputs, kOutputsPerBlock, [&](cpu::BlockRange range) {
    winograd_weights_avx2(range.begin, range.end, outputs, inputs, turned, w, u);
  });
}

// y = conv(x) for all chunks. weights are [16, out, in] when rows_are_outputs, [16, in, out] otherwise.
void map_images(const Exec& exec, const Plan& plan, const MapWorkspace& workspace, bool rows_are_outputs,
                const float* x, const float* bias, float* y) {
  cpu::parallel_ranges(exec.threads, plan.batch, plan.images, [&](cpu::BlockRange range, int worker) {
    float* in_tiles = workspace.in_tiles + worker * plan.in_floats();
    float* out_tiles = workspace.out_tiles + worker * plan.out_floats();
    const std::int64_t tiles = range.size() * plan.in.tiles();
    const std::int64_t in_stride = point_stride(tiles, plan.in.channels),
                       out_stride = point_stride(tiles, plan.out.channels);
    for (std::int64_t i = 0; i < range.size(); ++i)
      winograd_input_tiles_avx2(plan.in, x + (range.begin + i) * plan.in.numel(),
                                in_tiles + i * plan.in.tiles() * plan.in.channels, in_stride);
    for (std::int64_t point = 0; point < kWinogradPoints; ++point)
      cpu::gemm({.transpose_b = rows_are_outputs,
                 .m = tiles,
                 .n = plan.out.channels,
                 .k = plan.in.channels,
                 .a = in_tiles + point * in_stride,
                 .lda = plan.in.channels,
                 .b = workspace.weights + point * plan.in.channels * plan.out.channels,
                 .ldb = rows_are_outputs ? plan.in.channels : plan.out.channels,
                 .c = out_tiles + point * out_stride,
                 .ldc = plan.out.channels});
    for (std::int64_t i = 0; i < range.size(); ++i)
      winograd_output_tiles_avx2(plan.out, out_tiles + i * plan.out.tiles() * plan.out.channels, out_stride, bias,
                                 y + (range.begin + i) * plan.out.numel());
  });
}

struct WeightWorkspace {
  float *in_tiles, *out_tiles, *sums;  // one set per thread
  float *weights, *bias;               // one partial gradient per group
};

WeightWorkspace lay_out_weights(const Plan& plan, int threads, bool bias, cpu::WorkspaceCutter& cutter) {
  return {cutter.take<float>(plan.in_floats() * threads), cutter.take<float>(plan.out_floats() * threads),
          cutter.take<float>(plan.weight_floats() * threads),
          cutter.take<float>(plan.groups() * 9 * plan.in.channels * plan.out.channels),
          cutter.take<float>(bias ? plan.groups() * plan.out.channels : 0)};
}

// Adds the products of one chunk to sums [16, out, in].
void add_chunk(const Plan& plan, std::int64_t count, const float* x, const float* dy, float* in_tiles, float* out_tiles,
               bool first, float* sums) {
  const std::int64_t tiles = count * plan.in.tiles();
  const std::int64_t in_stride = point_stride(tiles, plan.in.channels),
                     out_stride = point_stride(tiles, plan.out.channels);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t tile = i * plan.in.tiles();
    winograd_input_tiles_avx2(plan.in, x + i * plan.in.numel(), in_tiles + tile * plan.in.channels, in_stride);
    winograd_gradient_tiles_avx2(plan.out, dy + i * plan.out.numel(), out_tiles + tile * plan.out.channels, out_stride);
  }
  for (std::int64_t point = 0; point < kWinogradPoints; ++point)
    cpu::gemm({.transpose_a = true,
               .m = plan.out.channels,
               .n = plan.in.channels,
               .k = tiles,
               .a = out_tiles + point * out_stride,
               .lda = plan.out.channels,
               .b = in_tiles + point * in_stride,
               .ldb = plan.in.channels,
               .beta = first ? 0.0f : 1.0f,
               .c = sums + point * plan.in.channels * plan.out.channels,
               .ldc = plan.in.channels});
}

void weight_gradient(const Exec& exec, const Plan& plan, const Conv2dGradArgs& args) {
  cpu::WorkspaceCutter cutter(exec);
  const WeightWorkspace w = lay_out_weights(plan, threads_of(exec), args.dbias.present(), cutter);
  const float *x = args.x.as<float>(), *dy = args.dy.as<float>();
  const std::int64_t outputs = plan.out.channels, size = args.w.numel();
  cpu::parallel_ranges(exec.threads, plan.batch, plan.images_per_group(), [&](cpu::BlockRange group, int worker) {
    const std::int64_t index = group.begin / plan.images_per_group();
    float* sums = w.sums + worker * plan.weight_floats();
    for (std::int64_t begin = group.begin; begin < group.end; begin += plan.images) {
      const std::int64_t count = std::min(plan.images, group.end - begin);
      const float* chunk_dy = dy + begin * plan.out.numel();
      add_chunk(plan, count, x + begin * plan.in.numel(), chunk_dy, w.in_tiles + worker * plan.in_floats(),
                w.out_tiles + worker * plan.out_floats(), begin == group.begin, sums);
      if (args.dbias.present())
        cpu::column_sum_avx2(chunk_dy, count * plan.out.height * plan.out.width, outputs, outputs, begin != group.begin,
                             w.bias + index * outputs);
    }
    winograd_weight_gradient_avx2(outputs, plan.in.channels, sums, w.weights + index * size);
  });
  if (args.dw.present())
    cpu::column_sum_parallel(exec.threads, w.weights, plan.groups(), size, args.accumulate_parameters,
                             args.dw.as<float>());
  if (args.dbias.present())
    cpu::column_sum_parallel(exec.threads, w.bias, plan.groups(), outputs, args.accumulate_parameters,
                             args.dbias.as<float>());
}

}  // namespace

const char* conv2d_winograd_refusal(const View& x, const View& w, int stride, int padding) {
  const std::int64_t outputs = w.dim(0), inputs = w.dim(3);
  if (w.dim(1) != 3 || w.dim(2) != 3 || stride != 1 || padding != 1)
    return "the window is not 3x3 with stride 1 and padding 1";
  if (inputs % 8 != 0 || outputs % 8 != 0) return "the channels are not multiples of 8";
  if (std::min(inputs, outputs) < kFewestChannels) return "there are too few channels to pay for the transforms";
  if (std::max(inputs, outputs) > kWinogradMaxChannels) return "there are more channels than the tables hold";
  if (x.numel() == 0) return "there is nothing to do";
  if (WinogradImage{x.dim(1), x.dim(2), inputs}.tiles() > kMostTilesPerImage) return "the pictures have too many tiles";
  return cpu::avx2_refusal();
}

void conv2d_winograd(const Exec& exec, const Conv2dArgs& args) {
  const Plan plan(args.x, args.w.dim(0));
  cpu::WorkspaceCutter cutter(exec);
  const MapWorkspace workspace = lay_out_map(plan, threads_of(exec), cutter);
  transform_weights(exec, plan.out.channels, plan.in.channels, false, args.w.as<float>(), workspace.weights);
  map_images(exec, plan, workspace, true, args.x.as<float>(), args.bias.as<float>(), args.y.as<float>());
}

void conv2d_grad_winograd(const Exec& exec, const Conv2dGradArgs& args) {
  const Plan plan(args.x, args.w.dim(0));
  if (args.dx.present()) {
    cpu::WorkspaceCutter cutter(exec);
    const MapWorkspace workspace = lay_out_map(plan.reversed(), threads_of(exec), cutter);
    transform_weights(exec, plan.out.channels, plan.in.channels, true, args.w.as<float>(), workspace.weights);
    map_images(exec, plan.reversed(), workspace, false, args.dy.as<float>(), nullptr, args.dx.as<float>());
  }
  if (args.dw.present() || args.dbias.present()) weight_gradient(exec, plan, args);
}

std::size_t conv2d_winograd_workspace_bytes(const Exec& exec, const Conv2dArgs& args) {
  cpu::WorkspaceCutter cutter;
  lay_out_map(Plan(args.x, args.w.dim(0)), threads_of(exec), cutter);
  return cutter.bytes();
}

std::size_t conv2d_grad_winograd_workspace_bytes(const Exec& exec, const Conv2dGradArgs& args) {
  const Plan plan(args.x, args.w.dim(0));
  cpu::WorkspaceCutter map, weights;
  lay_out_map(plan.reversed(), threads_of(exec), map);
  lay_out_weights(plan, threads_of(exec), args.dbias.present(), weights);
  return std::max(map.bytes(), weights.bytes());
}

}  // namespace athanor::kernels
