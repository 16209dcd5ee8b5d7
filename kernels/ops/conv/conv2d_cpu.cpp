#include "kernels/cpu/column_sum.h"
#include "kernels/cpu/dnnl_conv.h"
#include "kernels/cpu/isa.h"
#include "kernels/cpu/launch.h"
#include "kernels/cpu/parallel.h"
#include "kernels/cpu/workspace.h"
#include "kernels/ops/conv/conv2d.h"
#include "kernels/ops/conv/conv2d_reference.h"
#include "kernels/ops/conv/conv2d_winograd.h"

#include <algorithm>
#include <array>

namespace athanor::kernels {

namespace {

using cpu::ConvPass;
using cpu::ConvPlan;
using cpu::ConvShape;

constexpr std::int64_t kImagesPerChunk = 8;
// Longer, because each chunk leaves a whole weight gradient behind that must be added up.
constexpr std::int64_t kImagesPerWeightChunk = 16;

ConvShape shape_of(const View& x, const View& w, const View& y, int stride, int padding, bool bias) {
  return {.batch = x.dim(0),
          .in_h = x.dim(1),
          .in_w = x.dim(2),
          .in_c = x.dim(3),
          .out_h = y.dim(1),
          .out_w = y.dim(2),
          .out_c = y.dim(3),
          .kernel_h = w.dim(1),
          .kernel_w = w.dim(2),
          .stride = stride,
          .padding = padding,
          .bias = bias};
}

// A batch cut into chunks of equal size and, if it does not fit, a shorter last one with a plan of its own.
class ChunkedConv {
 public:
  ChunkedConv(ConvPass pass, ConvShape shape, std::int64_t images_per_chunk, int threads)
      : batch_(shape.batch),
        images_(std::min(images_per_chunk, std::max<std::int64_t>(shape.batch, 1))),
        x_size_(shape.in_h * shape.in_w * shape.in_c),
        y_size_(shape.out_h * shape.out_w * shape.out_c),
        threads_(threads) {
    shape.batch = images_;
    plans_[0] = &cpu::conv_plan(pass, shape);
    shape.batch = batch_ % images_;
    plans_[1] = shape.batch ? &cpu::conv_plan(pass, shape) : plans_[0];
    scratch_bytes_ = round_up(std::max(plans_[0]->scratch_bytes(), plans_[1]->scratch_bytes()));
    weights_bytes_ = round_up(std::max(plans_[0]->weights_bytes(), plans_[1]->weights_bytes()));
  }

  [[nodiscard]] std::int64_t chunks() const { return cpu::block_count(batch_, images_); }

  // Memory: one scratch per thread; packed weights, one per plan or (as an output) one per thread.
  void lay_out(cpu::WorkspaceCutter& cutter, bool weights_per_thread) {
    scratch_ = cutter.take<std::byte>(static_cast<std::int64_t>(scratch_bytes_) * threads_);
    packed_ = cutter.take<std::byte>(static_cast<std::int64_t>(weights_bytes_) * (weights_per_thread ? threads_ : 2));
  }

  void pack(const float* weights) {
    cpu::parallel_for(1, 1, [&](std::int64_t) {
      plans_[0]->pack_weights(weights, packed(0));
      if (plans_[1] != plans_[0]) plans_[1]->pack_weights(weights, packed(1));
    });
  }

  void run(float* x, float* bias, float* y) const {
    cpu::parallel_for(threads_, chunks(), [&](std::int64_t chunk, int worker) {
      const int kind = kind_of(chunk);
      plans_[kind]->execute(x_at(x, chunk), packed(kind), bias, y_at(y, chunk), scratch(worker));
    });
  }

  // One weight gradient per chunk, in plain order, behind each other; likewise the bias gradients if wanted.
  void run_weights(float* x, float* y, float* weights, std::int64_t weights_size, float* bias,
                   std::int64_t bias_size) const {
    cpu::parallel_for(threads_, chunks(), [&](std::int64_t chunk, int worker) {
      const ConvPlan& plan = *plans_[kind_of(chunk)];
      plan.execute(x_at(x, chunk), packed(worker), bias ? bias + chunk * bias_size : nullptr, y_at(y, chunk),
                   scratch(worker));
      plan.unpack_weights(packed(worker), weights + chunk * weights_size);
    });
  }

 private:
  static std::size_t round_up(std::size_t bytes) { return (bytes + 63) / 64 * 64; }
  [[nodiscard]] int kind_of(std::int64_t chunk) const { return (chunk + 1) * images_ > batch_ ? 1 : 0; }
  [[nodiscard]] float* x_at(float* x, std::int64_t chunk) const { return x + chunk * images_ * x_size_; }
  [[nodiscard]] float* y_at(float* y, std::int64_t chunk) const { return y + chunk * images_ * y_size_; }
  [[nodiscard]] void* scratch(int worker) const { return scratch_ + scratch_bytes_ * static_cast<std::size_t>(worker); }
  [[nodiscard]] void* packed(int index) const { return packed_ + weights_bytes_ * static_cast<std::size_t>(index); }

  std::int64_t batch_, images_, x_size_, y_size_;
  int threads_;
  const ConvPlan* plans_[2];
  std::size_t scratch_bytes_ = 0, weights_bytes_ = 0;
  std::byte *scratch_ = nullptr, *packed_ = nullptr;
};

int threads_of(const Exec& exec) { return std::max(exec.threads, 1); }

ChunkedConv plan_forward(const Exec& exec, const Conv2dArgs& args, cpu::WorkspaceCutter& cutter) {
  ChunkedConv conv(ConvPass::forward, shape_of(args.x, args.w, args.y, args.stride, args.padding, args.bias.present()),
                   kImagesPerChunk, threads_of(exec));
  conv.lay_out(cutter, false);
  return conv;
}

ChunkedConv plan_input_gradient(const Exec& exec, const Conv2dGradArgs& args, cpu::WorkspaceCutter& cutter) {
  ChunkedConv conv(ConvPass::input_gradient, shape_of(args.x, args.w, args.dy, args.stride, args.padding, false),
                   kImagesPerChunk, threads_of(exec));
  conv.lay_out(cutter, false);
  return conv;
}

struct WeightGradient {
  ChunkedConv conv;
  float *weights, *bias;
};

WeightGradient plan_weight_gradient(const Exec& exec, const Conv2dGradArgs& args, cpu::WorkspaceCutter& cutter) {
  const bool bias = args.dbias.present();
  ChunkedConv conv(ConvPass::weight_gradient, shape_of(args.x, args.w, args.dy, args.stride, args.padding, bias),
                   kImagesPerWeightChunk, threads_of(exec));
  conv.lay_out(cutter, true);
  float* weights = cutter.take<float>(conv.chunks() * args.w.numel());
  float* partial_bias = cutter.take<float>(bias ? conv.chunks() * args.w.dim(0) : 0);
  return {conv, weights, bias ? partial_bias : nullptr};
}

void conv2d_chunks(const Exec& exec, const Conv2dArgs& args) {
  if (args.x.dim(0) == 0) return;
  cpu::WorkspaceCutter cutter(exec);
  ChunkedConv conv = plan_forward(exec, args, cutter);
  conv.pack(args.w.as<float>());
  conv.run(args.x.as<float>(), args.bias.as<float>(), args.y.as<float>());
}

void input_gradient(const Exec& exec, const Conv2dGradArgs& args) {
  cpu::WorkspaceCutter cutter(exec);
  ChunkedConv conv = plan_input_gradient(exec, args, cutter);
  conv.pack(args.w.as<float>());
  conv.run(args.dx.as<float>(), nullptr, args.dy.as<float>());
}

void weight_gradient(const Exec& exec, const Conv2dGradArgs& args) {
  cpu::WorkspaceCutter cutter(exec);
  WeightGradient plan = plan_weight_gradient(exec, args, cutter);
  const std::int64_t size = args.w.numel(), outputs = args.w.dim(0), chunks = plan.conv.chunks();
  plan.conv.run_weights(args.x.as<float>(), args.dy.as<float>(), plan.weights, size, plan.bias, outputs);
  if (args.dw.present())
    cpu::column_sum_parallel(exec.threads, plan.weights, chunks, size, args.accumulate_parameters, args.dw.as<float>());
  if (args.dbias.present())
    cpu::column_sum_parallel(exec.threads, plan.bias, chunks, outputs, args.accumulate_parameters,
                             args.dbias.as<float>());
}

void conv2d_grad_chunks(const Exec& exec, const Conv2dGradArgs& args) {
  if (args.x.dim(0) == 0) return conv2d_grad_reference(exec, args);
  if (args.dx.present()) input_gradient(exec, args);
  if (args.dw.present() || args.dbias.present()) weight_gradient(exec, args);
}

std::size_t conv2d_chunks_workspace_bytes(const Exec& exec, const Conv2dArgs& args) {
  if (args.x.dim(0) == 0) return 0;
  cpu::WorkspaceCutter cutter;
  plan_forward(exec, args, cutter);
  return cutter.bytes();
}

std::size_t conv2d_grad_chunks_workspace_bytes(const Exec& exec, const Conv2dGradArgs& args) {
  if (args.x.dim(0) == 0) return 0;
  cpu::WorkspaceCutter input, weights;
  if (args.dx.present()) plan_input_gradient(exec, args, input);
  if (args.dw.present() || args.dbias.present()) plan_weight_gradient(exec, args, weights);
  return std::max(input.bytes(), weights.bytes());
}

const char* refuse(const Exec&, const Conv2dArgs&) { return cpu::avx2_refusal(); }
const char* refuse_grad(const Exec&, const Conv2dGradArgs&) { return cpu::avx2_refusal(); }

const char* refuse_winograd(const Exec&, const Conv2dArgs& args) {
  return conv2d_winograd_refusal(args.x, args.w, args.stride, args.padding);
}
const char* refuse_grad_winograd(const Exec&, const Conv2dGradArgs& args) {
  return conv2d_winograd_refusal(args.x, args.w, args.stride, args.padding);
}

constexpr std::array<Candidate<Conv2dArgs>, 3> kCandidates{{
    {"conv2d_cpu_winograd_2x2", refuse_winograd, conv2d_winograd, conv2d_winograd_workspace_bytes},
    {"conv2d_cpu_dnnl_image_chunks", refuse, conv2d_chunks, conv2d_chunks_workspace_bytes},
    {"conv2d_cpu_reference", nullptr, conv2d_reference},
}};
constexpr std::array<Candidate<Conv2dGradArgs>, 3> kGradCandidates{{
    {"conv2d_grad_cpu_winograd_2x2", refuse_grad_winograd, conv2d_grad_winograd, conv2d_grad_winograd_workspace_bytes},
    {"conv2d_grad_cpu_dnnl_image_chunks", refuse_grad, conv2d_grad_chunks, conv2d_grad_chunks_workspace_bytes},
    {"conv2d_grad_cpu_reference", nullptr, conv2d_grad_reference},
}};

}  // namespace

Candidates<Conv2dArgs> conv2d_candidates() { return kCandidates; }
Candidates<Conv2dGradArgs> conv2d_grad_candidates() { return kGradCandidates; }

void conv2d(const Exec& exec, const Conv2dArgs& args) {
  launch("conv2d", exec, args, conv2d_candidates(), conv2d_cuda);
}

void conv2d_grad(const Exec& exec, const Conv2dGradArgs& args) {
  launch("conv2d_grad", exec, args, conv2d_grad_candidates(), conv2d_grad_cuda);
}

std::size_t conv2d_workspace_bytes(const Exec& exec, const Conv2dArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return conv2d_cuda_workspace_bytes(args);
  const auto& candidate = choose<Conv2dArgs>(exec, args, kCandidates);
  return candidate.workspace_bytes ? candidate.workspace_bytes(exec, args) : 0;
}

std::size_t conv2d_grad_workspace_bytes(const Exec& exec, const Conv2dGradArgs& args) {
  if (exec.device.kind == DeviceKind::cuda) return conv2d_grad_cuda_workspace_bytes(args);
  const auto& candidate = choose<Conv2dGradArgs>(exec, args, kGradCandidates);
  return candidate.workspace_bytes ? candidate.workspace_bytes(exec, args) : 0;
}

}  // namespace athanor::kernels
