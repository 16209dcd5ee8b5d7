#include "kernels/cpu/dnnl_conv.h"

#include "kernels/base/error.h"
#include "kernels/cpu/block.h"
#include "kernels/cpu/parallel.h"

#include <oneapi/dnnl/dnnl.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace athanor::kernels::cpu {

namespace {

using Tag = dnnl::memory::format_tag;
constexpr auto kFloat = dnnl::memory::data_type::f32;

const dnnl::engine& engine() {
  static const dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

const dnnl::stream& stream() {
  thread_local const dnnl::stream instance(engine());
  return instance;
}

struct Descriptors {
  dnnl::memory::desc x, y, weights, plain_weights, bias;
  dnnl::memory::dims stride, padding_low, padding_high;
  dnnl::primitive_attr attributes;

  explicit Descriptors(const ConvShape& s)
      : x({s.batch, s.in_c, s.in_h, s.in_w}, kFloat, Tag::nhwc),
        y({s.batch, s.out_c, s.out_h, s.out_w}, kFloat, Tag::nhwc),
        weights({s.out_c, s.in_c, s.kernel_h, s.kernel_w}, kFloat, Tag::any),
        plain_weights({s.out_c, s.in_c, s.kernel_h, s.kernel_w}, kFloat, Tag::ohwi),
        stride{s.stride, s.stride},
        padding_low{s.padding, s.padding},
        // What the last window reads beyond the picture; less than the padding when the stride does not fit.
        padding_high{(s.out_h - 1) * s.stride + s.kernel_h - s.in_h - s.padding,
                     (s.out_w - 1) * s.stride + s.kernel_w - s.in_w - s.padding} {
    if (s.bias) bias = dnnl::memory::desc({s.out_c}, kFloat, Tag::x);
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  }
};

dnnl::convolution_forward::primitive_desc forward_desc(const Descriptors& d) {
  return {{dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, d.x, d.weights, d.bias, d.y,
           d.stride, d.padding_low, d.padding_high},
          d.attributes,
          engine()};
}

dnnl::convolution_backward_data::primitive_desc input_gradient_desc(const Descriptors& d) {
  Descriptors without_bias = d;
  without_bias.bias = {};
  return {{dnnl::algorithm::convolution_direct, d.x, d.weights, d.y, d.stride, d.padding_low, d.padding_high},
          d.attributes,
          engine(),
          forward_desc(without_bias)};
}

dnnl::convolution_backward_weights::primitive_desc weight_gradient_desc(const Descriptors& d) {
  return {{dnnl::algorithm::convolution_direct, d.x, d.weights, d.bias, d.y, d.stride, d.padding_low, d.padding_high},
          d.attributes,
          engine(),
          forward_desc(d)};
}

class DnnlConvPlan : public ConvPlan {
 public:
  DnnlConvPlan(ConvPass pass, const ConvShape& shape) : pass_(pass), d_(shape) {
    switch (pass) {
      case ConvPass::forward: {
        const auto desc = forward_desc(d_);
        adopt(desc.weights_desc(), desc.scratchpad_desc(), dnnl::convolution_forward(desc));
        return;
      }
      case ConvPass::input_gradient: {
        const auto desc = input_gradient_desc(d_);
        adopt(desc.weights_desc(), desc.scratchpad_desc(), dnnl::convolution_backward_data(desc));
        return;
      }
      case ConvPass::weight_gradient: {
        const auto desc = weight_gradient_desc(d_);
        adopt(desc.diff_weights_desc(), desc.scratchpad_desc(), dnnl::convolution_backward_weights(desc));
        return;
      }
    }
  }

  std::size_t weights_bytes() const override { return packed_.get_size(); }
  std::size_t scratch_bytes() const override { return scratch_.get_size(); }

  void pack_weights(const float* plain, void* packed) const override {
    require_block("order the weights of a convolution");
    dnnl::memory from(d_.plain_weights, engine(), const_cast<float*>(plain)), to(packed_, engine(), packed);
    pack_.execute(stream(), from, to);
  }

  void unpack_weights(void* packed, float* plain) const override {
    require_block("order the weights of a convolution");
    dnnl::memory from(packed_, engine(), packed), to(d_.plain_weights, engine(), plain);
    unpack_.execute(stream(), from, to);
  }

  void execute(float* x, void* packed_weights, float* bias, float* y, void* scratch) const override {
    require_block("run a convolution");
    const bool dy = pass_ != ConvPass::forward, dw = pass_ == ConvPass::weight_gradient;
    std::unordered_map<int, dnnl::memory> arguments;
    arguments.emplace(pass_ == ConvPass::input_gradient ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC,
                      dnnl::memory(d_.x, engine(), x));
    arguments.emplace(dw ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, dnnl::memory(packed_, engine(), packed_weights));
    arguments.emplace(dy ? DNNL_ARG_DIFF_DST : DNNL_ARG_DST, dnnl::memory(d_.y, engine(), y));
    arguments.emplace(DNNL_ARG_SCRATCHPAD, dnnl::memory(scratch_, engine(), scratch));
    if (!d_.bias.is_zero() && pass_ != ConvPass::input_gradient)
      arguments.emplace(dw ? DNNL_ARG_DIFF_BIAS : DNNL_ARG_BIAS, dnnl::memory(d_.bias, engine(), bias));
    primitive_.execute(stream(), arguments);
  }

 private:
  void adopt(dnnl::memory::desc packed, dnnl::memory::desc scratch, dnnl::primitive primitive) {
    packed_ = std::move(packed);
    scratch_ = std::move(scratch);
    primitive_ = std::move(primitive);
    pack_ = dnnl::reorder({engine(), d_.plain_weights, engine(), packed_});
    unpack_ = dnnl::reorder({engine(), packed_, engine(), d_.plain_weights});
  }

  ConvPass pass_;
  Descriptors d_;
  dnnl::memory::desc packed_, scratch_;
  dnnl::primitive primitive_;
  dnnl::reorder pack_, unpack_;
};

auto sort_key(ConvPass pass, const ConvShape& s) {
  return std::make_tuple(pass, s.batch, s.in_h, s.in_w, s.in_c, s.out_h, s.out_w, s.out_c, s.kernel_h, s.kernel_w,
                         s.stride, s.padding, s.bias);
}

std::unique_ptr<ConvPlan> build(ConvPass pass, const ConvShape& shape) {
  std::unique_ptr<ConvPlan> plan;
  // A block of the pool is serial for OpenMP, and the library fixes the number of threads when a primitive is built.
  parallel_for(1, 1, [&](std::int64_t) {
    try {
      plan = std::make_unique<DnnlConvPlan>(pass, shape);
    } catch (const dnnl::error& error) {
      throw Failure(ErrorKind::internal, "plan a convolution", std::string("oneDNN refused: ") + error.what(),
                    "Please report this with the recipe that led here");
    }
  });
  return plan;
}

}  // namespace

const ConvPlan& conv_plan(ConvPass pass, const ConvShape& shape) {
  static std::mutex lock;
  static std::map<decltype(sort_key(pass, shape)), std::unique_ptr<ConvPlan>> plans;
  const std::lock_guard guard(lock);
  auto& plan = plans[sort_key(pass, shape)];
  if (!plan) plan = build(pass, shape);
  return *plan;
}

}  // namespace athanor::kernels::cpu
