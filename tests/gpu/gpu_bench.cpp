// Times the CUDA kernels at the shapes of the starter model with a batch that fills a GPU, against two limits measured
// in the same run: how fast the device copies memory, and how fast it multiplies large f32 matrices.
// Prints one line per op: median of seven samples, each of enough calls to last a few milliseconds.
// Status 77: no CUDA device.
#include "kernels/base/error.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/device_info.h"
#include "kernels/ops/attention/attention.h"
#include "kernels/ops/conv/conv2d.h"
#include "kernels/ops/elementwise/activation.h"
#include "kernels/ops/elementwise/add.h"
#include "kernels/ops/gemm/linear.h"
#include "kernels/ops/gemm/matmul.h"
#include "kernels/ops/layout/copy.h"
#include "kernels/ops/loss/contrastive_loss.h"
#include "kernels/ops/norm/group_norm.h"
#include "kernels/ops/norm/layer_norm.h"
#include "kernels/ops/optim/adamw.h"
#include "kernels/ops/quant/cast.h"
#include "kernels/ops/quant/scaled_matmul.h"
#include "kernels/ops/random/dropout.h"
#include "kernels/ops/random/fill_random.h"
#include "kernels/ops/reduce/gradient_stats.h"
#include "kernels/ops/reduce/sum_leading.h"
#include "kernels/ops/reduce/tree_reduce.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

namespace athanor::kernels {
namespace {

constexpr const char* kOp = "gpu_bench";
constexpr std::int64_t kBatch = 1024, kTokens = 64, kWidth = 128, kHeads = 4;

// Device memory of one row of the table, filled with small random values.
class Arrays {
 public:
  Arrays() = default;
  Arrays(const Arrays&) = delete;
  Arrays& operator=(const Arrays&) = delete;
  ~Arrays() {
    for (void* data : taken_) static_cast<void>(cudaFree(data));
  }

  void* take(std::size_t bytes) {
    void* data = nullptr;
    ATH_CUDA_CHECK(kOp, cudaMalloc(&data, std::max<std::size_t>(bytes, 256)));
    taken_.push_back(data);
    return data;
  }
  View operator()(const Shape& shape) {
    View view(take(static_cast<std::size_t>(shape.numel()) * sizeof(float)), DType::f32, shape);
    FillRandomArgs args{.std = 0.5f, .seed = taken_.size()};
    args.y = view;
    fill_random(Exec{.device = {DeviceKind::cuda, 0}}, args);
    return view;
  }
  View operator()(const Shape& shape, DType format) {
    const View wide = (*this)(shape);
    if (format == DType::f32) return wide;
    const View narrow(take(storage_bytes(format, shape.numel())), format, shape);
    cast(Exec{.device = {DeviceKind::cuda, 0}}, {.x = wide, .y = narrow});
    return narrow;
  }

 private:
  std::vector<void*> taken_;
};

class Event {
 public:
  Event() { ATH_CUDA_CHECK(kOp, cudaEventCreate(&event_)); }
  ~Event() { static_cast<void>(cudaEventDestroy(event_)); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void record() { ATH_CUDA_CHECK(kOp, cudaEventRecord(event_, nullptr)); }
  [[nodiscard]] double ms_since(const Event& begin) const {
    ATH_CUDA_CHECK(kOp, cudaEventSynchronize(event_));
    float ms = 0.0f;
    ATH_CUDA_CHECK(kOp, cudaEventElapsedTime(&ms, begin.event_, event_));
    return static_cast<double>(ms);
  }

 private:
  cudaEvent_t event_ = nullptr;
};

double milliseconds_of(const std::function<void()>& call, int calls) {
  Event begin, end;
  begin.record();
  for (int i = 0; i < calls; ++i) call();
  end.record();
  return end.ms_since(begin) / calls;
}

double median_ms(const std::function<void()>& call) {
  static_cast<void>(milliseconds_of(call, 3));
  const int calls = std::clamp(static_cast<int>(4.0 / std::max(milliseconds_of(call, 3), 1e-3)), 1, 1000);
  std::array<double, 7> samples{};
  for (double& sample : samples) sample = milliseconds_of(call, calls);
  std::sort(samples.begin(), samples.end());
  return samples[samples.size() / 2];
}

// What one call does: floating-point operations, and bytes that must be read or written at least once.
struct Work {
  double flops = 0.0, bytes = 0.0;
};

struct Limits {
  double bytes_per_ms = 0.0, flops_per_ms = 0.0;
};

template <class Args>
double time_op(void (*run)(const Exec&, const Args&), const Args& args, std::size_t workspace_bytes, Arrays& arrays,
               bool tf32 = false) {
  Exec exec{.device = {DeviceKind::cuda, 0}};
  exec.tf32 = tf32;
  exec.workspace_bytes = workspace_bytes;
  exec.workspace = arrays.take(workspace_bytes);
  return median_ms([&] { run(exec, args); });
}

constexpr Exec kCuda{.device = {DeviceKind::cuda, 0}};

class Table {
 public:
  Table() {
    std::cout << std::left << std::setw(22) << "op" << std::setw(44) << "shape" << std::right << std::setw(12) << "us"
              << std::setw(12) << "GB/s" << std::setw(12) << "TFLOP/s" << std::setw(12) << "of limit"
              << "\n";
  }

  void measure_limits() {
    Arrays a;
    const Shape large{std::int64_t{1} << 28};
    const CopyArgs copy_args{.x = a(large), .y = a(large)};
    const double copy_ms = time_op<CopyArgs>(copy, copy_args, 0, a);
    limits_.bytes_per_ms = 8.0 * static_cast<double>(large.numel()) / copy_ms;
    add("copy (limit)", "1 GiB to 1 GiB", copy_ms, {.bytes = 8.0 * static_cast<double>(large.numel())});
    constexpr std::int64_t n = 8192;
    MatmulArgs product{.a = a({n, n}), .b = a({n, n}), .c = a({n, n})};
    const double product_ms = time_op<MatmulArgs>(matmul, product, 0, a);
    limits_.flops_per_ms = 2.0 * n * n * n / product_ms;
    add("matmul (limit)", "8192 x 8192 x 8192", product_ms, {.flops = 2.0 * n * n * n});
  }

  void add(const std::string& op, const std::string& shape, double ms, const Work& work) {
    const double share =
        work.flops > 0.0 ? work.flops / ms / limits_.flops_per_ms : work.bytes / ms / limits_.bytes_per_ms;
    std::cout << std::left << std::setw(22) << op << std::setw(44) << shape << std::right << std::fixed
              << std::setprecision(1) << std::setw(12) << ms * 1e3;
    cell(work.bytes / ms * 1e-6);
    cell(work.flops / ms * 1e-9);
    std::cout << std::setprecision(2) << std::setw(12) << share << "\n" << std::flush;
  }

 private:
  static void cell(double value) {
    if (value > 0.0)
      std::cout << std::setw(12) << value;
    else
      std::cout << std::setw(12) << "";
  }

  Limits limits_;
};

double floats(std::initializer_list<View> views) {
  double bytes = 0.0;
  for (const View& view : views) bytes += 4.0 * static_cast<double>(view.numel());
  return bytes;
}

void linear_rows(Table& table, std::int64_t m, std::int64_t n, std::int64_t k, Activation activation,
                 DType format = DType::f32) {
  Arrays a;
  const std::string shape = std::to_string(m) + " x " + std::to_string(n) + " x " + std::to_string(k) + " " +
                            to_string(activation) + " " + to_string(format);
  const double flops = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  LinearArgs args{.x = a({m, k}, format), .w = a({n, k}, format), .bias = a({n}), .activation = activation};
  args.y = a({m, n}, format);
  if (activation != Activation::none) args.preactivation = a({m, n}, format);
  table.add("linear", shape, time_op<LinearArgs>(linear, args, linear_workspace_bytes(kCuda, args), a),
            {.flops = flops});
  LinearGradArgs grad{.x = args.x, .w = args.w, .dy = a({m, n}, format), .activation = activation};
  grad.preactivation = args.preactivation;
  grad.dx = a({m, k}, format);
  grad.dw = a({n, k});
  grad.dbias = a({n});
  table.add("linear_grad", shape,
            time_op<LinearGradArgs>(linear_grad, grad, linear_grad_workspace_bytes(kCuda, grad), a),
            {.flops = 2.0 * flops});
}

// One large product in every precision there are units for.
void precision_rows(Table& table) {
  constexpr std::int64_t n = 8192;
  const Work work{.flops = 2.0 * n * n * n};
  const Shape shape{n, n};
  const auto add = [&](DType format, bool tf32) {
    Arrays a;
    const MatmulArgs args{.a = a(shape, format), .b = a(shape, format), .c = a(shape, format), .transpose_b = true};
    table.add("matmul", std::string("8192 x 8192 x 8192 ") + (tf32 ? "tf32" : to_string(format)),
              time_op<MatmulArgs>(matmul, args, 0, a, tf32), work);
  };
  add(DType::f32, true);
  add(DType::f16, false);
  add(DType::bf16, false);
  for (const Grouping grouping : {Grouping::tensor, Grouping::row, Grouping::stretch}) {
    Arrays a;
    const Grouping of_b = grouping == Grouping::stretch ? Grouping::square : grouping;
    const auto scales = [&](Grouping g) {
      const ScaleGrid grid = scale_grid(g, n, n);
      return a({grid.down(), grid.across()});
    };
    ScaledMatmulArgs args{.a = a(shape, DType::f8_e4m3), .a_scales = scales(grouping), .a_grouping = grouping};
    args.b = a(shape, DType::f8_e4m3);
    args.b_scales = scales(of_b);
    args.b_grouping = of_b;
    args.c = a(shape, DType::bf16);
    table.add("scaled_matmul", std::string("8192 x 8192 x 8192 f8_e4m3 by ") + to_string(grouping),
              time_op<ScaledMatmulArgs>(scaled_matmul, args, scaled_matmul_workspace_bytes(kCuda, args), a), work);
  }
}

void conv_rows(Table& table, std::int64_t size, std::int64_t in, std::int64_t out) {
  Arrays a;
  const std::string shape = std::to_string(kBatch) + " x " + std::to_string(size) + "^2 x " + std::to_string(in) +
                            " -> " + std::to_string(out) + " k3";
  const double flops = 2.0 * static_cast<double>(kBatch * size * size * out * in * 9);
  Conv2dArgs args{.x = a({kBatch, size, size, in}), .w = a({out, 3, 3, in}), .stride = 1, .padding = 1};
  args.y = a({kBatch, size, size, out});
  table.add("conv2d", shape, time_op<Conv2dArgs>(conv2d, args, conv2d_workspace_bytes(kCuda, args), a),
            {.flops = flops});
  Conv2dGradArgs grad{.x = args.x, .w = args.w, .dy = a(args.y.shape), .stride = 1, .padding = 1};
  grad.dx = a(args.x.shape);
  grad.dw = a(args.w.shape);
  grad.dbias = a({out});
  table.add("conv2d_grad", shape,
            time_op<Conv2dGradArgs>(conv2d_grad, grad, conv2d_grad_workspace_bytes(kCuda, grad), a),
            {.flops = 2.0 * flops});
}

void attention_rows(Table& table, std::int64_t batch, std::int64_t tokens, std::int64_t heads, std::int64_t dim,
                    DType format, bool causal = false) {
  Arrays a;
  const std::string shape = std::to_string(batch) + " x " + std::to_string(tokens) + " x " + std::to_string(heads) +
                            " heads of " + std::to_string(dim) + (causal ? " causal " : " ") + to_string(format);
  const double flops = (causal ? 2.0 : 4.0) * static_cast<double>(batch * heads * tokens * tokens * dim);
  const Shape packed_shape{batch, tokens, 3, heads, dim};
  const View packed = a(packed_shape, format), gradient = a(packed_shape, format);
  AttentionArgs args{.q = attention_plane(packed, 0), .k = attention_plane(packed, 1), .v = attention_plane(packed, 2)};
  args.causal = causal;
  args.out = a({batch, tokens, heads, dim}, format);
  args.log_sum_exp = a({batch, heads, tokens});
  table.add("attention", shape, time_op<AttentionArgs>(attention, args, attention_workspace_bytes(kCuda, args), a),
            {.flops = flops});
  AttentionGradArgs grad{.q = args.q, .k = args.k, .v = args.v, .out = args.out, .log_sum_exp = args.log_sum_exp};
  grad.causal = causal;
  grad.dout = a(args.out.shape, format);
  grad.dq = attention_plane(gradient, 0);
  grad.dk = attention_plane(gradient, 1);
  grad.dv = attention_plane(gradient, 2);
  table.add("attention_grad", shape,
            time_op<AttentionGradArgs>(attention_grad, grad, attention_grad_workspace_bytes(kCuda, grad), a),
            {.flops = 2.5 * flops});
}

void norm_rows(Table& table) {
  Arrays a;
  const Shape rows{kBatch * kTokens, kWidth};
  LayerNormArgs args{.x = a(rows), .gain = a({kWidth}), .bias = a({kWidth}), .y = a(rows)};
  args.mean = a({rows[0]});
  args.rstd = a({rows[0]});
  table.add("layer_norm", to_string(rows), time_op<LayerNormArgs>(layer_norm, args, 0, a),
            {.bytes = floats({args.x, args.y})});
  LayerNormGradArgs grad{.x = args.x, .gain = args.gain, .mean = args.mean, .rstd = args.rstd, .dy = a(rows)};
  grad.dx = a(rows);
  grad.dgain = a({kWidth});
  grad.dbias = a({kWidth});
  table.add("layer_norm_grad", to_string(rows),
            time_op<LayerNormGradArgs>(layer_norm_grad, grad, layer_norm_grad_workspace_bytes(kCuda, grad), a),
            {.bytes = floats({grad.x, grad.dy, grad.dx})});
  const Shape picture{kBatch, 16, 16, 64};
  GroupNormArgs group{.x = a(picture), .gain = a({64}), .bias = a({64}), .groups = 8};
  group.activation = Activation::gelu_erf;
  group.y = a(picture);
  group.mean = a({kBatch, 8});
  group.rstd = a({kBatch, 8});
  table.add("group_norm gelu", to_string(picture), time_op<GroupNormArgs>(group_norm, group, 0, a),
            {.bytes = floats({group.x, group.y})});
}

void stream_rows(Table& table) {
  Arrays a;
  const Shape shape{kBatch * kTokens, 4 * kWidth};
  const View x = a(shape), y = a(shape), bias = a({shape[1]});
  const double both = floats({x, y});
  table.add("activation gelu", to_string(shape), time_op<ActivationArgs>(activation, {.x = x, .y = y}, 0, a),
            {.bytes = both});
  table.add("add (bias)", to_string(shape), time_op<AddArgs>(add, {.a = x, .b = bias, .y = y}, 0, a), {.bytes = both});
  DropoutArgs drop{.x = x, .probability = 0.1f, .seed = 1};
  drop.y = y;
  table.add("dropout", to_string(shape), time_op<DropoutArgs>(dropout, drop, 0, a), {.bytes = both});
  const SumLeadingArgs sum{.x = x, .y = bias};
  table.add("sum_leading", to_string(shape),
            time_op<SumLeadingArgs>(sum_leading, sum, sum_leading_workspace_bytes(kCuda, sum), a),
            {.bytes = floats({x})});
  const std::int64_t ranks = 8;
  table.add("tree_reduce", to_string(Shape{ranks, x.numel() / ranks}),
            time_op<TreeReduceArgs>(tree_reduce,
                                    {.x = View(x.data, DType::f32, {ranks, x.numel() / ranks}),
                                     .y = View(y.data, DType::f32, {x.numel() / ranks})},
                                    0, a),
            {.bytes = floats({x}) * 9 / 8});
  CopyArgs turn{.x = View(x.data, DType::f32, {shape[1], shape[0]}, {1, shape[1]})};
  turn.y = View(y.data, DType::f32, {shape[1], shape[0]});
  table.add("copy (transpose)", to_string(shape), time_op<CopyArgs>(copy, turn, 0, a), {.bytes = both});
}

void optimizer_rows(Table& table) {
  Arrays a;
  constexpr std::int64_t kTensors = 100, kElements = 1'000'000;
  std::vector<AdamWSegment> segments;
  std::vector<GradientSegment> gradients;
  for (std::int64_t i = 0; i < kTensors; ++i) {
    const auto array = [&] { return a({kElements}).as<float>(); };
    segments.push_back(
        {.param = array(), .grad = array(), .m = array(), .v = array(), .numel = kElements, .lr = 1e-3f});
    ATH_CUDA_CHECK(kOp, cudaMemset(segments.back().v, 0, kElements * sizeof(float)));
    gradients.push_back({segments.back().grad, kElements});
  }
  AdamWArgs step;
  step.segments = segments;
  table.add("adamw", "100 x 1,000,000", time_op<AdamWArgs>(adamw, step, 0, a), {.bytes = 28.0 * kTensors * kElements});
  GradientStatsArgs stats;
  stats.segments = gradients;
  stats.sum_squares = View(a.take(8), DType::f64, {1});
  stats.nonfinite = View(a.take(8), DType::i64, {1});
  table.add("gradient_stats", "100 x 1,000,000",
            time_op<GradientStatsArgs>(gradient_stats, stats, gradient_stats_workspace_bytes(kCuda, stats), a),
            {.bytes = 4.0 * kTensors * kElements});
}

void loss_row(Table& table, std::int64_t n) {
  Arrays a;
  const ContrastiveLossArgs args{.image = a({n, kWidth}),
                                 .text = a({n, kWidth}),
                                 .logit_scale = a({1}),
                                 .ids = {},
                                 .loss = a({1}),
                                 .row_lse = a({n}),
                                 .col_lse = a({n})};
  table.add("contrastive_loss", std::to_string(n) + " pairs of " + std::to_string(kWidth),
            time_op<ContrastiveLossArgs>(contrastive_loss, args, contrastive_loss_workspace_bytes(kCuda, args), a),
            {.flops = 2.0 * static_cast<double>(n * n * kWidth)});
}

int run() {
  const auto found = cuda::devices();
  if (found.empty()) {
    std::cout << "nothing ran: this machine has no CUDA device\n";
    return 77;
  }
  std::cout << found[0].name << ", compute capability " << found[0].major << "." << found[0].minor << ", "
            << found[0].multiprocessors << " multiprocessors, " << (found[0].memory_bytes >> 20) << " MiB\n";
  Table table;
  table.measure_limits();
  for (const Activation activation : {Activation::none, Activation::gelu_erf}) {
    linear_rows(table, kBatch * kTokens, 4 * kWidth, kWidth, activation);
    linear_rows(table, kBatch * kTokens, 2048, 512, activation);
    linear_rows(table, kBatch * kTokens, 2048, 512, activation, DType::bf16);
  }
  linear_rows(table, kBatch * kTokens, 2048, 512, Activation::gelu_tanh, DType::bf16);
  precision_rows(table);
  conv_rows(table, 32, 3, 32);
  conv_rows(table, 16, 64, 64);
  for (const std::int64_t tokens : {std::int64_t{16}, kTokens, std::int64_t{256}})
    attention_rows(table, kBatch, tokens, kHeads, kWidth / kHeads, DType::f32);
  for (const DType format : {DType::f32, DType::bf16}) attention_rows(table, 256, 256, 16, 64, format);
  attention_rows(table, 8, 2048, 16, 128, DType::bf16, true);
  norm_rows(table);
  stream_rows(table);
  optimizer_rows(table);
  loss_row(table, kBatch);
  return 0;
}

}  // namespace
}  // namespace athanor::kernels

int main() {
  try {
    return athanor::kernels::run();
  } catch (const athanor::Failure& failure) {
    std::cout << failure.what() << "\n";
    return 1;
  }
}
