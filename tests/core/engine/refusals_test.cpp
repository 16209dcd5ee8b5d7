// What every op says of arguments that do not fit together: one Failure with the op, which argument, and both shapes.
#include "core/ops/attention.h"
#include "core/ops/conv.h"
#include "core/ops/elementwise.h"
#include "core/ops/gemm.h"
#include "core/ops/index.h"
#include "core/ops/layout.h"
#include "core/ops/loss.h"
#include "core/ops/norm.h"
#include "core/ops/reduce.h"
#include "kernels/base/error.h"
#include "tests/core/engine/support.h"

#include <array>

namespace athanor {
namespace {

struct Refusal {
  const char* op;
  const char* argument;             // as it is said: "weight is [4, 5]"
  std::vector<const char*> shapes;  // what else must be said: the shape or size it should have agreed with
  std::function<void(Context&)> call;
};

Tensor zeros(Context& c, const Shape& shape) { return c.zeros(shape); }
Tensor list(Context& c, std::int64_t count) {
  return test::ids(c, std::vector<std::int32_t>(static_cast<std::size_t>(count), 0), {count});
}
void drop(const Variable&) {}

std::vector<Refusal> refusals() {
  using C = Context&;
  return {
      {"linear",
       "weight is [4, 5]",
       {"x is [2, 3]", "[N, 3]"},
       [](C c) {
         drop(ops::linear(c, zeros(c, {2, 3}), zeros(c, {4, 5}), {}));
       }},
      {"linear",
       "bias is [5]",
       {"[4]", "weight is [4, 3]"},
       [](C c) {
         drop(ops::linear(c, zeros(c, {2, 3}), zeros(c, {4, 3}), zeros(c, {5})));
       }},
      {"matmul",
       "b is [4, 5]",
       {"a is [2, 3]"},
       [](C c) {
         drop(ops::matmul(c, zeros(c, {2, 3}), zeros(c, {4, 5})));
       }},
      {"batched_matmul",
       "b is [2, 4, 5]",
       {"a is [2, 2, 3]"},
       [](C c) {
         drop(ops::batched_matmul(c, zeros(c, {2, 2, 3}), zeros(c, {2, 4, 5})));
       }},
      {"attention",
       "qkv is [2, 5, 2, 1, 4]",
       {"3"},
       [](C c) {
         drop(ops::attention(c, zeros(c, {2, 5, 2, 1, 4})));
       }},
      {"attention",
       "lengths is [3]",
       {"qkv is [2, 5, 3, 1, 4]"},
       [](C c) {
         drop(ops::attention(c, zeros(c, {2, 5, 3, 1, 4}), {.lengths = test::ids(c, {1, 1, 1}, {3})}));
       }},
      {"attention",
       "kv is [2, 6, 2, 1, 8]",
       {"q is [2, 5, 1, 4]"},
       [](C c) {
         drop(ops::cross_attention(c, zeros(c, {2, 5, 1, 4}), zeros(c, {2, 6, 2, 1, 8})));
       }},
      {"conv2d",
       "weight is [8, 3, 3, 4]",
       {"x is [2, 5, 5, 3]"},
       [](C c) {
         drop(ops::conv2d(c, zeros(c, {2, 5, 5, 3}), zeros(c, {8, 3, 3, 4}), {}));
       }},
      {"max_pool2d",
       "x is [5, 5, 3]",
       {"batch"},
       [](C c) {
         drop(ops::max_pool2d(c, zeros(c, {5, 5, 3})));
       }},
      {"avg_pool2d",
       "x is [5, 5, 3]",
       {"batch"},
       [](C c) {
         drop(ops::avg_pool2d(c, zeros(c, {5, 5, 3})));
       }},
      {"layer_norm",
       "gain is [5]",
       {"[6]", "x is [2, 6]"},
       [](C c) {
         drop(ops::layer_norm(c, zeros(c, {2, 6}), zeros(c, {5}), {}));
       }},
      {"rms_norm",
       "gain is [5]",
       {"[6]", "x is [2, 6]"},
       [](C c) {
         drop(ops::rms_norm(c, zeros(c, {2, 6}), zeros(c, {5})));
       }},
      {"group_norm",
       "groups is 4",
       {"x is [2, 3, 6]"},
       [](C c) {
         drop(ops::group_norm(c, zeros(c, {2, 3, 6}), {}, {}, {.groups = 4}));
       }},
      {"group_norm",
       "bias is [5]",
       {"[6]", "x is [2, 3, 6]"},
       [](C c) {
         drop(ops::group_norm(c, zeros(c, {2, 3, 6}), {}, zeros(c, {5}), {.groups = 2}));
       }},
      {"softmax",
       "lengths is [3]",
       {"x is [2, 6]"},
       [](C c) {
         drop(ops::softmax(c, zeros(c, {2, 6}), list(c, 3)));
       }},
      {"log_softmax",
       "lengths is [3]",
       {"x is [2, 6]"},
       [](C c) {
         drop(ops::log_softmax(c, zeros(c, {2, 6}), list(c, 3)));
       }},
      {"add",
       "b is [2, 4]",
       {"a is [2, 3]"},
       [](C c) {
         drop(ops::add(c, zeros(c, {2, 3}), zeros(c, {2, 4})));
       }},
      {"swiglu",
       "x is [2, 3]",
       {"even"},
       [](C c) {
         drop(ops::swiglu(c, zeros(c, {2, 3})));
       }},
      {"dropout",
       "the probability is 1.5",
       {"within 0 and 1"},
       [](C c) {
         drop(ops::dropout(c, zeros(c, {2, 3}), {.probability = 1.5f}));
       }},
      {"reshape",
       "x is [2, 3]",
       {"[2, 4]"},
       [](C c) {
         drop(ops::reshape(c, zeros(c, {2, 3}), {2, 4}));
       }},
      {"leading",
       "x is [2, 3]",
       {"first 5"},
       [](C c) {
         drop(ops::leading(c, zeros(c, {2, 3}), 5));
       }},
      {"embedding",
       "table is [4]",
       {"[vocabulary, channels]"},
       [](C c) { drop(ops::embedding(c, zeros(c, {4}), list(c, 2))); }},
      {"masked_mean",
       "lengths is [3]",
       {"x is [2, 4, 5]"},
       [](C c) {
         drop(ops::masked_mean(c, zeros(c, {2, 4, 5}), test::ids(c, {1, 1, 1}, {3})));
       }},
      {"gather",
       "index is [3, 1]",
       {"x is [2, 4]"},
       [](C c) {
         drop(ops::gather(c, zeros(c, {2, 4}), 1, test::ids(c, {0, 0, 0}, {3, 1})));
       }},
      {"scatter",
       "u is [2, 2]",
       {"[2, 3]", "x is [2, 4]"},
       [](C c) {
         drop(ops::scatter(c, zeros(c, {2, 4}), 1, list(c, 3), zeros(c, {2, 2})));
       }},
      {"scatter_add",
       "u is [2, 2]",
       {"[2, 3]", "x is [2, 4]"},
       [](C c) {
         drop(ops::scatter_add(c, zeros(c, {2, 4}), 1, list(c, 3), zeros(c, {2, 2})));
       }},
      {"top_k",
       "x is [2, 3]",
       {"4"},
       [](C c) {
         drop(ops::top_k(c, zeros(c, {2, 3}), 4).values);
       }},
      {"nearest_code",
       "codebook is [8, 4]",
       {"x is [2, 3]"},
       [](C c) {
         drop(ops::nearest_code(c, zeros(c, {2, 3}), zeros(c, {8, 4})).codes);
       }},
      {"sum",
       "x is [2, 3]",
       {"dim 4"},
       [](C c) {
         drop(ops::sum(c, zeros(c, {2, 3}), 4));
       }},
      {"mean",
       "x is [2, 0]",
       {"dim 1"},
       [](C c) {
         drop(ops::mean(c, zeros(c, {2, 0}), 1));
       }},
      {"max",
       "x is [2, 3]",
       {"dim -3"},
       [](C c) {
         drop(ops::max(c, zeros(c, {2, 3}), -3));
       }},
      {"permute",
       "x is [2, 3]",
       {"0,0"},
       [](C c) {
         drop(ops::permute(c, zeros(c, {2, 3}), std::array{0, 0}));
       }},
      {"transpose",
       "x is [2, 3]",
       {"dim 2"},
       [](C c) {
         drop(ops::transpose(c, zeros(c, {2, 3}), 0, 2));
       }},
      {"concat",
       "parts[1] is [3, 3]",
       {"parts[0] is [2, 3]"},
       [](C c) {
         drop(ops::concat(c, std::array<Variable, 2>{zeros(c, {2, 3}), zeros(c, {3, 3})}, 1));
       }},
      {"slice",
       "x is [2, 3]",
       {"2 from 2"},
       [](C c) {
         drop(ops::slice(c, zeros(c, {2, 3}), 1, 2, 2));
       }},
      {"split",
       "x is [2, 3]",
       {"1,1"},
       [](C c) {
         drop(ops::split(c, zeros(c, {2, 3}), 1, std::array<std::int64_t, 2>{1, 1}).front());
       }},
      {"patchify",
       "pictures is [1, 5, 4, 3]",
       {"2 x 2"},
       [](C c) {
         drop(ops::patchify(c, zeros(c, {1, 5, 4, 3}), 2));
       }},
      {"unpatchify",
       "tokens is [1, 3, 12]",
       {"[B, 4"},
       [](C c) {
         drop(ops::unpatchify(c, zeros(c, {1, 3, 12}), 2, {4, 4}));
       }},
      {"contrastive_loss",
       "text is [4, 8]",
       {"image is [3, 8]"},
       [](C c) {
         drop(ops::contrastive_loss(c, zeros(c, {3, 8}), zeros(c, {4, 8}), zeros(c, {1})));
       }},
      {"cross_entropy",
       "targets is [3]",
       {"logits is [2, 5]"},
       [](C c) {
         drop(ops::cross_entropy(c, zeros(c, {2, 5}), list(c, 3)));
       }},
      {"linear_cross_entropy",
       "weight is [7, 4]",
       {"x is [2, 5]"},
       [](C c) {
         drop(ops::linear_cross_entropy(c, zeros(c, {2, 5}), zeros(c, {7, 4}), {}, list(c, 2)));
       }},
      {"l1_loss",
       "target is [2, 4]",
       {"x is [2, 5]"},
       [](C c) {
         drop(ops::l1_loss(c, zeros(c, {2, 5}), zeros(c, {2, 4})));
       }},
      {"smooth_l1_loss",
       "target is [2, 4]",
       {"x is [2, 5]"},
       [](C c) {
         drop(ops::smooth_l1_loss(c, zeros(c, {2, 5}), zeros(c, {2, 4})));
       }},
      {"giou_loss",
       "target is [3, 4]",
       {"x is [2, 4]"},
       [](C c) {
         drop(ops::giou_loss(c, zeros(c, {2, 4}), zeros(c, {3, 4})));
       }},
  };
}

TEST(Refusals, NameTheOpTheArgumentAndBothShapes) {
  Context context(test::options());
  for (const Refusal& refusal : refusals()) {
    SCOPED_TRACE(std::string(refusal.op) + ": " + refusal.argument);
    try {
      refusal.call(context);
      ADD_FAILURE() << "it was taken";
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.error().kind, ErrorKind::invalid_input);
      EXPECT_EQ(failure.error().intention, std::string("run ") + refusal.op);
      EXPECT_THAT(failure.error().cause, ::testing::HasSubstr(refusal.argument));
      for (const char* shape : refusal.shapes) EXPECT_THAT(failure.error().cause, ::testing::HasSubstr(shape));
    }
  }
}

TEST(Refusals, ComeBeforeAnythingIsAllocated) {
  Context context(test::options());
  const Tensor x = context.zeros({2, 3}), weight = context.zeros({4, 5});
  const auto before = context.memory().allocations;
  EXPECT_THROW(drop(ops::linear(context, x, weight, {})), Failure);
  EXPECT_THROW(drop(ops::batched_matmul(context, x, weight)), Failure);
  EXPECT_EQ(context.memory().allocations, before);
}

TEST(Refusals, SayWhichTypeIsNeeded) {
  Context context(test::options());
  const Tensor codes = list(context, 6).reshape({2, 3});
  const std::pair<const char*, std::function<void()>> calls[] = {
      {"softmax", [&] { drop(ops::softmax(context, codes)); }},
      {"swiglu", [&] { drop(ops::swiglu(context, codes)); }},
      {"sum", [&] { drop(ops::sum(context, codes, 0)); }},
      {"gather", [&] { drop(ops::gather(context, codes, 0, list(context, 1))); }},
      {"transpose", [&] { drop(ops::transpose(context, codes, 0, 1)); }},
      {"activation", [&] { drop(ops::activation(context, codes, Activation::silu)); }},
      {"l2_normalize", [&] { drop(ops::l2_normalize(context, codes)); }},
      {"scale", [&] { drop(ops::scale(context, codes, 2.0f)); }},
  };
  for (const auto& [op, call] : calls)
    EXPECT_THAT(test::failure_text(call), ::testing::AllOf(::testing::HasSubstr(std::string("run ") + op),
                                                           ::testing::HasSubstr("is [2, 3] holds i32, f32")));
}

}  // namespace
}  // namespace athanor
