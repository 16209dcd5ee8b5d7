// Times the hot operations at the shapes of the starter model: 128 pictures of 32 x 32, a stem of 32, 64 and 128
// channels, 64 tokens of width 128, texts of 16 tokens. The argument of every benchmark is the number of threads.
#include "kernels/cpu/parallel.h"
#include "kernels/ops/attention/attention.h"
#include "kernels/ops/conv/conv2d.h"
#include "kernels/ops/conv/pool2d.h"
#include "kernels/ops/elementwise/activation.h"
#include "kernels/ops/elementwise/add.h"
#include "kernels/ops/gemm/linear.h"
#include "kernels/ops/loss/contrastive_loss.h"
#include "kernels/ops/norm/group_norm.h"
#include "kernels/ops/norm/layer_norm.h"
#include "kernels/ops/optim/adamw.h"
#include "kernels/ops/random/dropout.h"
#include "kernels/ops/reduce/gradient_stats.h"

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace athanor::kernels {
namespace {

constexpr std::int64_t kBatch = 128, kTokens = 64, kWidth = 128, kHeads = 4;

// Owns the arrays of one benchmark, filled with small random values.
class Arrays {
 public:
  View operator()(const Shape& shape) {
    auto& values = values_.emplace_back(static_cast<std::size_t>(shape.numel()));
    std::normal_distribution<float> normal(0.0f, 0.5f);
    for (float& value : values) value = normal(generator_);
    return {values.data(), DType::f32, shape};
  }
  void* workspace(std::size_t bytes) {
    auto& values = values_.emplace_back(bytes / sizeof(float) + 1);
    return values.data();
  }

 private:
  std::mt19937 generator_{1};
  std::deque<std::vector<float>> values_;
};

// What one call does: floating point operations, and bytes that must be read or written at least once.
struct Work {
  double flops = 0.0, bytes = 0.0;
};

double bytes_of(std::initializer_list<View> views) {
  double bytes = 0.0;
  for (const View& view : views) bytes += 4.0 * static_cast<double>(view.numel());
  return bytes;
}

// make(arrays) gives the arguments, run calls the op, workspace says its scratch, work what it does.
template <class Args>
void add_benchmark(const std::string& name, std::function<Args(Arrays&)> make, void (*run)(const Exec&, const Args&),
                   std::size_t (*workspace)(const Exec&, const Args&), std::function<Work(const Args&)> work) {
  auto* entry = benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    Arrays arrays;
    const Args args = make(arrays);
    Exec exec;
    exec.threads = static_cast<int>(state.range(0));
    exec.workspace_bytes = workspace ? workspace(exec, args) : 0;
    exec.workspace = arrays.workspace(exec.workspace_bytes);
    run(exec, args);
    for (auto _ : state) run(exec, args);
    const Work done = work(args);
    const auto rate = [](double amount) {
      return benchmark::Counter(amount * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
    };
    if (done.flops > 0.0) state.counters["GFLOP/s"] = rate(done.flops);
    if (done.bytes > 0.0) state.counters["GB/s"] = rate(done.bytes);
  });
  entry->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMicrosecond);
}

void add_linear(std::int64_t m, std::int64_t n, std::int64_t k, Activation activation) {
  const std::string size =
      std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) + "/" + to_string(activation);
  const double flops = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  add_benchmark<LinearArgs>(
      "linear/" + size,
      [=](Arrays& a) {
        LinearArgs args{.x = a({m, k}), .w = a({n, k}), .bias = a({n}), .activation = activation, .y = a({m, n})};
        if (activation != Activation::none) args.preactivation = a({m, n});
        return args;
      },
      linear, linear_workspace_bytes, [=](const LinearArgs&) { return Work{.flops = flops}; });
  add_benchmark<LinearGradArgs>(
      "linear_grad/" + size,
      [=](Arrays& a) {
        LinearGradArgs args{.x = a({m, k}), .w = a({n, k}), .dy = a({m, n}), .activation = activation};
        if (activation != Activation::none) args.preactivation = a({m, n});
        args.dx = a({m, k});
        args.dw = a({n, k});
        args.dbias = a({n});
        return args;
      },
      linear_grad, linear_grad_workspace_bytes, [=](const LinearGradArgs&) { return Work{.flops = 2.0 * flops}; });
}

struct ConvRow {
  std::int64_t size, in, out, kernel;
  int stride, padding;
  bool input_gradient;
};

void add_conv(const ConvRow& c) {
  const std::int64_t out_size = conv_out_size(c.size, c.kernel, c.stride, c.padding);
  const std::string name = std::to_string(c.size) + "x" + std::to_string(c.in) + "->" + std::to_string(out_size) + "x" +
                           std::to_string(c.out) + "/k" + std::to_string(c.kernel);
  const double flops = 2.0 * static_cast<double>(kBatch * out_size * out_size * c.out * c.in * c.kernel * c.kernel);
  const Shape x{kBatch, c.size, c.size, c.in}, w{c.out, c.kernel, c.kernel, c.in}, y{kBatch, out_size, out_size, c.out};
  add_benchmark<Conv2dArgs>(
      "conv2d/" + name,
      [=](Arrays& a) { return Conv2dArgs{.x = a(x), .w = a(w), .stride = c.stride, .padding = c.padding, .y = a(y)}; },
      conv2d, conv2d_workspace_bytes, [=](const Conv2dArgs&) { return Work{.flops = flops}; });
  add_benchmark<Conv2dGradArgs>(
      "conv2d_grad/" + name,
      [=](Arrays& a) {
        Conv2dGradArgs args{.x = a(x), .w = a(w), .dy = a(y), .stride = c.stride, .padding = c.padding, .dw = a(w)};
        if (c.input_gradient) args.dx = a(x);
        return args;
      },
      conv2d_grad, conv2d_grad_workspace_bytes,
      [=](const Conv2dGradArgs&) { return Work{.flops = flops * (c.input_gradient ? 2.0 : 1.0)}; });
}

void add_group_norm(std::int64_t size, std::int64_t channels) {
  const Shape x{kBatch, size, size, channels}, stats{kBatch, 8}, c{channels};
  const std::string name = std::to_string(size) + "x" + std::to_string(channels) + "/gelu";
  add_benchmark<GroupNormArgs>(
      "group_norm/" + name,
      [=](Arrays& a) {
        return GroupNormArgs{.x = a(x),
                             .gain = a(c),
                             .bias = a(c),
                             .groups = 8,
                             .activation = Activation::gelu_erf,
                             .y = a(x),
                             .mean = a(stats),
                             .rstd = a(stats)};
      },
      group_norm, nullptr,
      [](const GroupNormArgs& g) {
        return Work{.bytes = bytes_of({g.x, g.y})};
      });
  add_benchmark<GroupNormGradArgs>(
      "group_norm_grad/" + name,
      [=](Arrays& a) {
        return GroupNormGradArgs{.x = a(x),
                                 .gain = a(c),
                                 .bias = a(c),
                                 .mean = a(stats),
                                 .rstd = a(stats),
                                 .dy = a(x),
                                 .groups = 8,
                                 .activation = Activation::gelu_erf,
                                 .dx = a(x),
                                 .dgain = a(c),
                                 .dbias = a(c)};
      },
      group_norm_grad, group_norm_grad_workspace_bytes,
      [](const GroupNormGradArgs& g) {
        return Work{.bytes = bytes_of({g.x, g.dy, g.dx})};
      });
}

void add_layer_norm(std::int64_t count, std::int64_t cols) {
  const Shape x{count, cols}, rows{count}, c{cols};
  const std::string name = std::to_string(count) + "x" + std::to_string(cols);
  add_benchmark<LayerNormArgs>(
      "layer_norm/" + name,
      [=](Arrays& a) {
        return LayerNormArgs{.x = a(x), .gain = a(c), .bias = a(c), .y = a(x), .mean = a(rows), .rstd = a(rows)};
      },
      layer_norm, nullptr,
      [](const LayerNormArgs& l) {
        return Work{.bytes = bytes_of({l.x, l.y})};
      });
  add_benchmark<LayerNormGradArgs>(
      "layer_norm_grad/" + name,
      [=](Arrays& a) {
        return LayerNormGradArgs{.x = a(x),
                                 .gain = a(c),
                                 .mean = a(rows),
                                 .rstd = a(rows),
                                 .dy = a(x),
                                 .dx = a(x),
                                 .dgain = a(c),
                                 .dbias = a(c)};
      },
      layer_norm_grad, layer_norm_grad_workspace_bytes,
      [](const LayerNormGradArgs& l) {
        return Work{.bytes = bytes_of({l.x, l.dy, l.dx})};
      });
}

void add_attention(std::int64_t tokens, std::int64_t width) {
  const Shape qkv{kBatch, tokens, 3, kHeads, width / kHeads}, out{kBatch, tokens, kHeads, width / kHeads};
  const Shape lse{kBatch, kHeads, tokens};
  const double flops = 4.0 * static_cast<double>(kBatch * tokens * tokens * width);
  const std::string name = std::to_string(tokens) + "x" + std::to_string(width);
  add_benchmark<AttentionArgs>(
      "attention/" + name,
      [=](Arrays& a) {
        const View packed = a(qkv);
        return AttentionArgs{.q = attention_plane(packed, 0),
                             .k = attention_plane(packed, 1),
                             .v = attention_plane(packed, 2),
                             .out = a(out),
                             .log_sum_exp = a(lse)};
      },
      attention, attention_workspace_bytes, [=](const AttentionArgs&) { return Work{.flops = flops}; });
  add_benchmark<AttentionGradArgs>(
      "attention_grad/" + name,
      [=](Arrays& a) {
        const View packed = a(qkv), gradient = a(qkv);
        return AttentionGradArgs{.q = attention_plane(packed, 0),
                                 .k = attention_plane(packed, 1),
                                 .v = attention_plane(packed, 2),
                                 .out = a(out),
                                 .log_sum_exp = a(lse),
                                 .dout = a(out),
                                 .dq = attention_plane(gradient, 0),
                                 .dk = attention_plane(gradient, 1),
                                 .dv = attention_plane(gradient, 2)};
      },
      attention_grad, attention_grad_workspace_bytes,
      [=](const AttentionGradArgs&) { return Work{.flops = 2.5 * flops}; });
}

void add_elementwise() {
  const Shape x{kBatch * kTokens, 4 * kWidth};
  add_benchmark<ActivationArgs>(
      "activation/gelu_erf", [=](Arrays& a) { return ActivationArgs{.x = a(x), .y = a(x)}; }, activation, nullptr,
      [](const ActivationArgs& e) {
        return Work{.bytes = bytes_of({e.x, e.y})};
      });
  add_benchmark<AddArgs>(
      "add", [=](Arrays& a) { return AddArgs{.a = a(x), .b = a(x), .y = a(x)}; }, add, nullptr,
      [](const AddArgs& e) {
        return Work{.bytes = bytes_of({e.a, e.b, e.y})};
      });
  add_benchmark<DropoutArgs>(
      "dropout", [=](Arrays& a) { return DropoutArgs{.x = a(x), .probability = 0.1f, .y = a(x)}; }, dropout, nullptr,
      [](const DropoutArgs& e) {
        return Work{.bytes = bytes_of({e.x, e.y})};
      });
  add_benchmark<Pool2dArgs>(
      "max_pool2d/32x32",
      [=](Arrays& a) {
        return Pool2dArgs{.x = a({kBatch, 32, 32, 32}), .y = a({kBatch, 16, 16, 32})};
      },
      max_pool2d, nullptr,
      [](const Pool2dArgs& e) {
        return Work{.bytes = bytes_of({e.x, e.y})};
      });
}

void add_loss() {
  const Shape rows{kBatch, kWidth}, n{kBatch}, one{1};
  add_benchmark<ContrastiveLossArgs>(
      "contrastive_loss",
      [=](Arrays& a) {
        return ContrastiveLossArgs{
            .image = a(rows), .text = a(rows), .logit_scale = a(one), .loss = a(one), .row_lse = a(n), .col_lse = a(n)};
      },
      contrastive_loss, contrastive_loss_workspace_bytes, [](const ContrastiveLossArgs&) { return Work{}; });
  add_benchmark<ContrastiveLossGradArgs>(
      "contrastive_loss_grad",
      [=](Arrays& a) {
        return ContrastiveLossGradArgs{.image = a(rows),
                                       .text = a(rows),
                                       .logit_scale = a(one),
                                       .row_lse = a(n),
                                       .col_lse = a(n),
                                       .dimage = a(rows),
                                       .dtext = a(rows),
                                       .dlogit_scale = a(one)};
      },
      contrastive_loss_grad, contrastive_loss_grad_workspace_bytes,
      [](const ContrastiveLossGradArgs&) { return Work{}; });
}

// A model of 1.2 million parameters in tensors of common sizes.
constexpr std::int64_t kSegments[] = {16384, 128, 65536, 512, 65536, 128, 49152, 128};
constexpr int kLayers = 6;

void add_optimizer() {
  static std::vector<AdamWSegment> segments;
  static std::vector<GradientSegment> gradients;
  const auto parameters = [] {
    double count = 0.0;
    for (const std::int64_t numel : kSegments) count += static_cast<double>(numel * kLayers);
    return count;
  }();
  add_benchmark<AdamWArgs>(
      "adamw",
      [](Arrays& a) {
        segments.clear();
        for (int layer = 0; layer < kLayers; ++layer)
          for (const std::int64_t numel : kSegments) {
            const View m = a({numel}), v = a({numel});
            for (std::int64_t i = 0; i < numel; ++i) v.as<float>()[i] *= v.as<float>()[i];
            segments.push_back({.param = a({numel}).as<float>(),
                                .grad = a({numel}).as<float>(),
                                .m = m.as<float>(),
                                .v = v.as<float>(),
                                .numel = numel,
                                .lr = 1e-4f,
                                .weight_decay = 0.01f});
          }
        return AdamWArgs{.segments = segments};
      },
      adamw, nullptr, [=](const AdamWArgs&) { return Work{.bytes = 28.0 * parameters}; });
  add_benchmark<GradientStatsArgs>(
      "gradient_stats",
      [](Arrays& a) {
        gradients.clear();
        for (int layer = 0; layer < kLayers; ++layer)
          for (const std::int64_t numel : kSegments) gradients.push_back({a({numel}).as<float>(), numel});
        return GradientStatsArgs{.segments = gradients,
                                 .sum_squares = View(a.workspace(8), DType::f64, {1}),
                                 .nonfinite = View(a.workspace(8), DType::i64, {1})};
      },
      gradient_stats, gradient_stats_workspace_bytes,
      [=](const GradientStatsArgs&) { return Work{.bytes = 4.0 * parameters}; });
}

// What it costs to wake the pool and to wait for it.
void parallel_region(benchmark::State& state) {
  const int threads = static_cast<int>(state.range(0));
  for (auto _ : state) cpu::parallel_for(threads, threads, [](std::int64_t block) { benchmark::DoNotOptimize(block); });
}
BENCHMARK(parallel_region)->Arg(1)->Arg(2)->UseRealTime();

[[maybe_unused]] const bool kRegistered = [] {
  // The picture's blocks of the starter (4 tokens of width 192), its texts (12 of 128), and a larger picture tower.
  for (const auto& [m, n, k] : {std::array{512, 576, 192},
                                {512, 192, 192},
                                {512, 192, 384},
                                {1536, 384, 128},
                                {1536, 128, 128},
                                {8192, 384, 128},
                                {8192, 128, 512},
                                {128, 128, 192}})
    add_linear(m, n, k, Activation::none);
  for (const auto& [m, n, k] : {std::array{512, 384, 192}, {1536, 256, 128}, {8192, 512, 128}})
    add_linear(m, n, k, Activation::gelu_tanh);
  // The starter's stem, a stem with strides, patches.
  for (const ConvRow& row : {ConvRow{32, 3, 32, 3, 1, 1, false},
                             {16, 32, 64, 3, 1, 1, true},
                             {8, 64, 128, 3, 1, 1, true},
                             {4, 128, 192, 3, 1, 1, true},
                             {32, 32, 64, 3, 2, 1, true},
                             {32, 3, 128, 4, 4, 0, false}})
    add_conv(row);
  for (const auto& [rows, cols] : {std::array{32768, 32}, {8192, 64}, {2048, 128}, {512, 192}, {8192, 128}})
    add_layer_norm(rows, cols);
  for (const auto& [size, channels] : {std::array{32, 32}, {8, 128}}) add_group_norm(size, channels);
  for (const auto& [tokens, width] : {std::array{4, 192}, {12, 128}, {64, 128}}) add_attention(tokens, width);
  add_elementwise();
  add_loss();
  add_optimizer();
  return true;
}();

}  // namespace
}  // namespace athanor::kernels
