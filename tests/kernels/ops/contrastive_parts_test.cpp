// contrastive_loss in parts, as ranks compute it that have some of the pairs each: whatever the parts are, what they
// give together has the bits of who takes all pairs.
#include "kernels/ops/loss/contrastive_loss.h"
#include "tests/kernels/support/op_memory.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string_view>

namespace athanor::kernels::test {
namespace {

using Numbers = std::vector<float>;

struct Problem {
  std::int64_t n, width;
  ContrastiveKind kind;
  int concepts;  // 0: no ids
};
constexpr Problem kProblems[] = {{530, 6, ContrastiveKind::softmax, 500},
                                 {700, 64, ContrastiveKind::softmax, 0},
                                 {2100, 5, ContrastiveKind::softmax, 1800},
                                 {530, 6, ContrastiveKind::sigmoid, 500},
                                 {2100, 5, ContrastiveKind::sigmoid, 0}};

struct Results {
  Numbers row_lse, col_lse, terms;
  Numbers dimage, dtext, scale_terms, bias_terms;
};

// Pairs and what is asked of them; computes by the candidate whose name ends so, or, for an empty one, as a run does.
class Pairs {
 public:
  explicit Pairs(const Problem& problem, int threads = 1) : problem_(problem) {
    exec_.threads = threads;
    const Values values{0.0, 1.0 / std::sqrt(static_cast<double>(problem.width))};
    const auto fill = [&](auto& args) {
      args.image = memory_.input("image", {problem.n, problem.width}, values);
      args.text = memory_.input("text", {problem.n, problem.width}, values);
      args.logit_scale = memory_.input("logit_scale", {1}, Numbers{3.0F});
      args.kind = problem.kind;
      if (problem.kind == ContrastiveKind::sigmoid) args.logit_bias = memory_.input("bias", {1}, Numbers{-4.0F});
      if (problem.concepts > 0) args.ids = memory_.indices("ids", {problem.n}, ids());
    };
    fill(forward_);
    fill(backward_);
    backward_.dloss = 3.0F;
  }

  // Of the least part with these pairs, cut to them.
  [[nodiscard]] Results of(ContrastivePart pairs, std::string_view candidate = {}) {
    Results out = terms_of(pairs, candidate);
    if (row_lse_.empty()) {  // the gradient is given those of all pairs
      const Results all = terms_of({0, problem_.n}, candidate);
      row_lse_ = all.row_lse;
      col_lse_ = all.col_lse;
    }
    ContrastiveLossGradArgs args = backward_;
    args.part = contrastive_part(problem_.n, pairs);
    args.row_lse = view(row_lse_, {problem_.n});
    args.col_lse = view(col_lse_, {problem_.n});
    const Shape rows{args.part.count, problem_.width}, line{args.part.count};
    args.dimage = view(out.dimage, rows);
    args.dtext = view(out.dtext, rows);
    args.scale_terms = view(out.scale_terms, line);
    args.bias_terms = view(out.bias_terms, line);
    run(args, contrastive_loss_grad_candidates(), contrastive_loss_grad, contrastive_loss_grad_workspace_bytes,
        candidate);
    for (Numbers* each : {&out.dimage, &out.dtext}) cut(*each, args.part, pairs, problem_.width);
    for (Numbers* each : {&out.scale_terms, &out.bias_terms}) cut(*each, args.part, pairs, 1);
    return out;
  }

  struct Whole {
    float loss = 0, dlogit_scale = 0, dlogit_bias = 0;
    Results pairs;
  };
  // As one process computes it, which knows no parts.
  [[nodiscard]] Whole whole() {
    Whole out;
    const Shape rows{problem_.n, problem_.width}, line{problem_.n};
    ContrastiveLossArgs forward = forward_;
    forward.loss = View(&out.loss, DType::f32, {1});
    forward.row_lse = view(out.pairs.row_lse, line);
    forward.col_lse = view(out.pairs.col_lse, line);
    run(forward, contrastive_loss_candidates(), contrastive_loss, contrastive_loss_workspace_bytes, {});
    ContrastiveLossGradArgs backward = backward_;
    backward.row_lse = forward.row_lse;
    backward.col_lse = forward.col_lse;
    backward.dimage = view(out.pairs.dimage, rows);
    backward.dtext = view(out.pairs.dtext, rows);
    backward.dlogit_scale = View(&out.dlogit_scale, DType::f32, {1});
    backward.dlogit_bias = View(&out.dlogit_bias, DType::f32, {1});
    run(backward, contrastive_loss_grad_candidates(), contrastive_loss_grad, contrastive_loss_grad_workspace_bytes, {});
    return out;
  }

 private:
  [[nodiscard]] std::vector<std::int32_t> ids() const {
    std::vector<std::int32_t> out(static_cast<std::size_t>(problem_.n));
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = static_cast<std::int32_t>((i * 7 + 5) % static_cast<std::size_t>(problem_.concepts));
    return out;
  }
  static View view(Numbers& numbers, const Shape& shape) {
    numbers.resize(static_cast<std::size_t>(shape.numel()), std::nanf(""));
    return {numbers.data(), DType::f32, shape};
  }
  static void cut(Numbers& numbers, const ContrastivePart& from, const ContrastivePart& to, std::int64_t width) {
    const auto begin = numbers.begin() + (to.first - from.first) * width;
    numbers = Numbers(begin, begin + to.count * width);
  }

  Results terms_of(const ContrastivePart& pairs, std::string_view candidate) {
    Results out;
    ContrastiveLossArgs args = forward_;
    args.part = contrastive_part(problem_.n, pairs);
    const Shape line{args.part.count};
    args.row_lse = view(out.row_lse, line);
    args.col_lse = view(out.col_lse, line);
    args.terms = view(out.terms, line);
    run(args, contrastive_loss_candidates(), contrastive_loss, contrastive_loss_workspace_bytes, candidate);
    for (Numbers* each : {&out.row_lse, &out.col_lse, &out.terms}) cut(*each, args.part, pairs, 1);
    return out;
  }

  template <class Args>
  void run(const Args& args, Candidates<Args> candidates, void (*usual)(const Exec&, const Args&),
           std::size_t (*workspace_bytes)(const Exec&, const Args&), std::string_view ending) {
    std::vector<std::byte> workspace(workspace_bytes(exec_, args));
    Exec exec = exec_;
    exec.workspace = workspace.data();
    exec.workspace_bytes = workspace.size();
    if (ending.empty()) return usual(exec, args);
    for (const auto& candidate : candidates)
      if (std::string_view(candidate.name).ends_with(ending)) return candidate.run(exec, args);
    FAIL() << ending;
  }

  Problem problem_;
  Exec exec_;
  OpMemory memory_;
  ContrastiveLossArgs forward_;
  ContrastiveLossGradArgs backward_;
  Numbers row_lse_, col_lse_;
};

std::vector<ContrastivePart> parts_of(std::int64_t n, const std::vector<std::int64_t>& shares) {
  std::int64_t sum = 0;
  for (const std::int64_t share : shares) sum += share;
  std::vector<ContrastivePart> out;
  std::int64_t first = 0, seen = 0;
  for (const std::int64_t share : shares) {
    seen += share;
    const std::int64_t end = n * seen / sum;
    out.push_back({first, end - first});
    first = end;
  }
  return out;
}

Numbers slice(const Numbers& all, const ContrastivePart& part, std::int64_t width) {
  const auto begin = all.begin() + part.first * width;
  return Numbers(begin, begin + part.count * width);
}

TEST(ContrastiveParts, HaveTheBitsOfTheWholeWhateverTheSharesAre) {
  if (!contrastive_takes_parts(Exec{}, 530)) GTEST_SKIP() << "no parts on this processor";
  for (const Problem& problem : kProblems) {
    SCOPED_TRACE(std::to_string(problem.n) + (problem.kind == ContrastiveKind::sigmoid ? " sigmoid" : ""));
    Pairs pairs(problem);
    const Pairs::Whole whole = pairs.whole();
    for (const std::vector<std::int64_t>& shares :
         {std::vector<std::int64_t>{1}, {1, 1}, {1, 1, 1}, {1, 1, 1, 1}, {7, 1}, {1, 2, 9, 1}}) {
      Numbers terms, scale_terms, bias_terms;
      for (const ContrastivePart& part : parts_of(problem.n, shares)) {
        const Results own = pairs.of(part);
        if (problem.kind == ContrastiveKind::softmax) {
          EXPECT_EQ(own.row_lse, slice(whole.pairs.row_lse, part, 1));
          EXPECT_EQ(own.col_lse, slice(whole.pairs.col_lse, part, 1));
        }
        EXPECT_EQ(own.dimage, slice(whole.pairs.dimage, part, problem.width));
        EXPECT_EQ(own.dtext, slice(whole.pairs.dtext, part, problem.width));
        terms.insert(terms.end(), own.terms.begin(), own.terms.end());
        scale_terms.insert(scale_terms.end(), own.scale_terms.begin(), own.scale_terms.end());
        bias_terms.insert(bias_terms.end(), own.bias_terms.begin(), own.bias_terms.end());
      }
      EXPECT_EQ(static_cast<float>(contrastive_sum(terms) / static_cast<double>(problem.n)), whole.loss);
      EXPECT_EQ(static_cast<float>(contrastive_sum(scale_terms)), whole.dlogit_scale);
      EXPECT_EQ(static_cast<float>(contrastive_sum(bias_terms)), whole.dlogit_bias);
    }
  }
}

TEST(ContrastiveParts, HaveTheSameBitsForAnyNumberOfThreads) {
  if (!contrastive_takes_parts(Exec{}, 530)) GTEST_SKIP() << "no parts on this processor";
  for (const Problem& problem : kProblems) {
    Pairs one(problem, 1), three(problem, 3);
    const ContrastivePart part{problem.n / 3, problem.n / 4};
    const Results a = one.of(part), b = three.of(part);
    EXPECT_EQ(a.terms, b.terms);
    EXPECT_EQ(a.dimage, b.dimage);
    EXPECT_EQ(a.dtext, b.dtext);
    EXPECT_EQ(a.scale_terms, b.scale_terms);
    EXPECT_EQ(a.bias_terms, b.bias_terms);
  }
}

TEST(ContrastiveParts, AgreeWithTheReference) {
  if (!contrastive_takes_parts(Exec{}, 530)) GTEST_SKIP() << "no parts on this processor";
  for (const Problem& problem : {kProblems[0], kProblems[3]}) {
    Pairs tiled(problem), plain(problem);
    const ContrastivePart part{200, 150};
    const Results a = tiled.of(part, "_tiled"), b = plain.of(part, "_reference");
    const auto near = [](const Numbers& numbers, const Numbers& wanted, double relative) {
      ASSERT_EQ(numbers.size(), wanted.size());
      double largest = 0;
      for (const float value : wanted) largest = std::max(largest, std::abs(static_cast<double>(value)));
      for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(numbers[i], wanted[i], relative * largest);
    };
    if (problem.kind == ContrastiveKind::softmax) {
      near(a.row_lse, b.row_lse, 1e-5);
      near(a.col_lse, b.col_lse, 1e-5);
    }
    near(a.terms, b.terms, 1e-5);
    near(a.dimage, b.dimage, 1e-4);
    near(a.dtext, b.dtext, 1e-4);
    near(a.scale_terms, b.scale_terms, 1e-4);
    near(a.bias_terms, b.bias_terms, 1e-4);
  }
}

TEST(ContrastiveParts, AreMadeOfWholeTilesAndHoldThePairs) {
  for (const std::int64_t n : {513, 600, 2100})
    for (const auto& shares : {std::vector<std::int64_t>{1, 1, 1}, {1, 20, 1}})
      for (const ContrastivePart& pairs : parts_of(n, shares)) {
        const ContrastivePart part = contrastive_part(n, pairs);
        EXPECT_LE(part.first, pairs.first);
        EXPECT_GE(part.first + part.count, pairs.first + pairs.count);
        EXPECT_LE(part.first + part.count, n);
        EXPECT_LT(part.count, pairs.count + 2 * 256);
        const ContrastivePart again = contrastive_part(n, part);
        EXPECT_EQ(again.first, part.first);
        EXPECT_EQ(again.count, part.count);
      }
}

}  // namespace
}  // namespace athanor::kernels::test
