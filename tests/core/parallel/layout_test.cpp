#include "core/parallel/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>

namespace athanor::parallel {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

const LayoutLimits kLimits{
    .data = 256,
    .tensor = 64,
    .pipeline = 64,
    .micro_batches = 65'536,
    .schedules = {"gpipe", "1f1b", "interleaved", "zb-h1", "zb-h2", "zb-v", "v-half", "v-min", "search"},
    .shards = {Shard::none, Shard::optimizer, Shard::gradients, Shard::parameters},
    .gradient_formats = {"fp32", "bf16", "fp8", "int8"},
    .sequence_parallel = true,
    .fixed = {}};

class Draw {
 public:
  explicit Draw(unsigned seed) : engine_(seed) {}
  std::int64_t below(std::int64_t count) { return static_cast<std::int64_t>(engine_() % static_cast<unsigned>(count)); }
  template <class T>
  const T& of(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(below(static_cast<std::int64_t>(values.size())))];
  }
  LayoutFacts facts() {
    LayoutFacts out;
    for (const char* name : {"image", "text"}) {
      const std::int64_t heads = of<std::int64_t>({1, 2, 3, 4, 6, 8, 12, 16});
      const std::int64_t width = heads * of<std::int64_t>({8, 16, 32});
      out.towers.push_back({.name = name,
                            .layers = 2 + below(12),
                            .heads = heads,
                            .width = width,
                            .feed_forward = width * of<std::int64_t>({1, 2, 4}),
                            .tokens = of<std::int64_t>({4, 9, 12, 16, 64})});
    }
    out.batch_size = of<std::int64_t>({2, 7, 12, 32, 96, 97, 128, 360, 4096});
    out.policy = of<std::string>({"fp32", "bf16", "fp8-block", "fp8-delayed", "dynamic"});
    out.ranks = of<std::int64_t>({0, 1, 2, 6, 64});
    out.optimizer = below(6) == 0 ? "lamb" : "adamw";
    out.master = below(8) == 0 ? "bf16_kahan" : "fp32";
    out.moments = below(8) == 0 ? "bf16" : "fp32";
    out.adapts = below(6) == 0;
    return out;
  }
  Layout layout() {
    const std::vector<std::int64_t> numbers = {1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 12, 16, 31, 64, 97, 128, 256};
    const std::vector<std::int64_t> extremes = {-1, 0, 1 << 20, std::numeric_limits<std::int64_t>::max(),
                                                std::numeric_limits<std::int64_t>::min()};
    const auto number = [&] { return below(12) == 0 ? of(extremes) : of(numbers); };
    Layout out;
    out.data = number();
    out.tensor = number();
    out.pipeline = number();
    out.micro_batches = number();
    out.schedule = below(20) == 0 ? "zb-w" : of(kLimits.schedules);
    out.shard = of(kLimits.shards);
    out.gradient_format = of(kLimits.gradient_formats);
    out.sequence_parallel = below(3) == 0;
    if (below(4) > 0) return out;
    out.schedule = "interleaved";  // whose own rule is asked only where much else holds
    out.data = 1 + below(2);
    out.micro_batches = out.data * (1 + below(12));
    out.pipeline = 2 + below(3);
    return out;
  }

 private:
  std::mt19937 engine_;
};

// The rules once more, written down as what a run does: nothing of the table is used.
std::vector<std::string> broken(const Layout& l, const LayoutFacts& f) {
  std::vector<std::string> out;
  const auto rule = [&](bool holds, const char* name) {
    if (!holds) out.emplace_back(name);
  };
  const bool d = l.data >= 1, m = l.micro_batches >= 1, p = l.pipeline >= 1, t = l.tensor >= 1;
  rule(d, "data_counts");
  rule(m, "micro_batches_count");
  rule(p, "pipeline_counts");
  rule(t, "tensor_counts");
  rule(!d || !m || l.micro_batches % l.data == 0, "micro_batches_shared");
  rule(!m || f.batch_size / l.micro_batches * l.micro_batches == f.batch_size, "micro_batches_divide");
  rule(!m || l.micro_batches == 1 || (f.policy != "dynamic" && f.policy != "fp8-delayed"), "scales_learn");
  rule(!p || l.pipeline == 1 || (f.policy != "dynamic" && f.policy != "fp8-delayed"), "scales_of_the_whole");
  rule(l.shard == Shard::none || f.optimizer != "lamb", "norms_whole");
  rule(l.shard == Shard::none || f.master == "fp32", "masters_in_place");
  rule(l.shard == Shard::none || f.moments == "fp32", "moments_in_place");
  const bool keeps_all = l.shard == Shard::none || l.shard == Shard::optimizer;
  rule(keeps_all || l.gradient_format == "fp32", "residuals_whole");
  rule(l.schedule != "zb-w", "schedule_known");
  const std::map<std::string, std::int64_t> twice = {
      {"zb-v", 2}, {"v-half", 2}, {"v-min", 2}, {"search", 2}, {"interleaved", 2}};
  const std::int64_t chunks = l.pipeline > 1 && twice.contains(l.schedule) ? 2 : 1;
  std::int64_t layers = 0;
  for (const TowerFacts& tower : f.towers) layers += tower.layers;
  rule(!p || l.pipeline <= layers / chunks, "stages_filled");
  if (l.schedule == "interleaved" && d && m && p && l.pipeline > 1 && l.micro_batches % l.data == 0) {
    const std::int64_t own = l.micro_batches / l.data, rounds = own < l.pipeline ? 1 : own / l.pipeline;
    rule(own % rounds == 0, "rounds_interleave");
  }
  const auto cut = [&](auto number) {
    return std::ranges::all_of(f.towers, [&](const TowerFacts& tower) { return tower.*number % l.tensor == 0; });
  };
  rule(!t || cut(&TowerFacts::heads), "heads_divide");
  rule(!t || cut(&TowerFacts::feed_forward), "feed_forward_divides");
  rule(!t || l.tensor == 1 || (f.optimizer != "lamb" && !f.adapts), "matrices_whole");
  rule(!t || l.tensor == 1 ||
           (f.policy != "dynamic" && f.policy != "fp8-delayed" && f.master == "fp32" && f.moments == "fp32"),
       "scales_of_matrices");
  rule(!t || l.tensor == 1 || l.shard == Shard::none, "cut_once");
  rule(!p || l.shard != Shard::parameters || l.pipeline == 1, "stages_whole");
  rule(!t || !l.sequence_parallel || l.tensor > 1, "sequence_needs_tensor");
  rule(!p || !l.sequence_parallel || l.pipeline == 1, "sequence_in_one_piece");
  rule(!t || !l.sequence_parallel || cut(&TowerFacts::tokens), "tokens_divide");
  if (d && t && p) {
    const double most = f.ranks > 0 ? static_cast<double>(f.ranks) : 1 << 20;
    rule(static_cast<double>(l.data) * static_cast<double>(l.tensor) * static_cast<double>(l.pipeline) <= most,
         "ranks_there");
  }
  return out;
}

std::vector<std::string> named(const std::vector<Violation>& violations) {
  std::vector<std::string> out;
  for (const Violation& violation : violations) {
    EXPECT_FALSE(violation.reason.empty());
    out.emplace_back(violation.rule->name);
  }
  return out;
}

std::string text(const Layout& layout) {
  std::string out;
  for (const LayoutField field : kLayoutFields) out += text_of(layout, field) + " ";
  return out;
}

TEST(Layouts, FiveHundredThatCannotBeAreRefusedByTheRightRulesAndEachSuggestionIsAccepted) {
  Draw draw(1);
  std::map<std::string, int> seen;
  int refused = 0;
  while (refused < 500) {
    const LayoutFacts facts = draw.facts();
    const Layout layout = draw.layout();
    const std::vector<std::string> expected = broken(layout, facts);
    const std::vector<std::string> told = named(judge(layout, facts));
    EXPECT_THAT(told, testing::UnorderedElementsAreArray(expected)) << text(layout);
    if (expected.empty()) continue;
    ++refused;
    for (const std::string& rule : expected) ++seen[rule];
    const auto nearest = nearest_valid(layout, facts, kLimits);
    ASSERT_TRUE(nearest) << text(layout);
    EXPECT_THAT(broken(*nearest, facts), IsEmpty()) << text(layout) << "-> " << text(*nearest);
    EXPECT_LE(nearest->tensor, kLimits.tensor);
    EXPECT_LE(nearest->pipeline, kLimits.pipeline);
  }
  for (const LayoutRule& rule : layout_rules()) EXPECT_GE(seen[rule.name], 5) << rule.name;
}

TEST(Layouts, ThatCanBeAreNeverRefusedAndAreTheirOwnNearest) {
  Draw draw(2);
  int accepted = 0;
  while (accepted < 500) {
    const LayoutFacts facts = draw.facts();
    const Layout layout = *nearest_valid(draw.layout(), facts, kLimits);  // a way to come by many that can be
    if (!broken(layout, facts).empty()) continue;
    ++accepted;
    EXPECT_THAT(judge(layout, facts), IsEmpty()) << text(layout);
    EXPECT_EQ(nearest_valid(layout, facts, kLimits), layout);
  }
}

TEST(Layouts, NearestIsNoFartherThanAnyOther) {
  // One field at a time is nearer than two, and a ratio of 4/3 nearer than one of 3/2.
  const LayoutFacts facts{.towers = {}, .batch_size = 128};
  const Layout wish{.data = 3, .micro_batches = 12};
  const auto nearest = nearest_valid(wish, facts, kLimits);
  ASSERT_TRUE(nearest);
  EXPECT_EQ(nearest->data, 4);
  EXPECT_EQ(nearest->micro_batches, 16);
}

TEST(Layouts, OfMoreRanksThanCanBeCountedAreRefusedInNumbersThatThereAre) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const LayoutFacts facts{.towers = {{.name = "image", .layers = 4}}, .batch_size = 64};
  std::map<std::string, std::string> reasons;
  for (const Violation& found : judge({.pipeline = kMost, .schedule = "zb-v"}, facts))
    reasons[found.rule->name] = found.reason;
  EXPECT_THAT(reasons["stages_filled"], testing::HasSubstr("into 9223372036854775806 stages"));
}

TEST(Layouts, WhatIsFixedStaysInTheSuggestion) {
  const LayoutFacts facts{.towers = {}, .batch_size = 128};
  LayoutLimits limits = kLimits;
  limits.fixed = {LayoutField::micro_batches};
  const auto nearest = nearest_valid({.data = 3, .micro_batches = 4}, facts, limits);
  ASSERT_TRUE(nearest);
  EXPECT_EQ(nearest->micro_batches, 4);
  EXPECT_EQ(nearest->data, 4);
  limits.fixed = {LayoutField::micro_batches, LayoutField::data};
  EXPECT_FALSE(nearest_valid({.data = 3, .micro_batches = 4}, facts, limits));
}

TEST(Layouts, OfSixRanksAreAllThatTheRulesAllow) {
  const LayoutFacts facts{
      .towers = {{.name = "image", .layers = 3, .heads = 2, .width = 16, .feed_forward = 32, .tokens = 4}},
      .batch_size = 12,
      .ranks = 6};
  LayoutLimits limits = kLimits;
  limits.schedules = {"1f1b"};
  limits.shards = {Shard::none};
  limits.gradient_formats = {"fp32"};
  limits.sequence_parallel = false;
  const std::vector<Layout> all = valid_layouts({}, facts, limits);
  int expected = 0;
  for (std::int64_t d = 1; d <= 6; ++d)
    for (std::int64_t t = 1; t <= 6; ++t)
      for (std::int64_t p = 1; p <= 6; ++p)
        for (std::int64_t m = 1; m <= 12; ++m)
          expected += broken({.data = d, .tensor = t, .pipeline = p, .micro_batches = m}, facts).empty() ? 1 : 0;
  EXPECT_EQ(static_cast<int>(all.size()), expected);
  for (const Layout& layout : all) EXPECT_THAT(judge(layout, facts), IsEmpty()) << text(layout);
}

}  // namespace
}  // namespace athanor::parallel
