#include "kernels/ops/index/embedding.h"
#include "kernels/ops/reduce/gradient_stats.h"
#include "kernels/ops/reduce/masked_mean.h"
#include "kernels/ops/reduce/sum_leading.h"
#include "tests/kernels/support/numeric_gradient.h"

#include <gtest/gtest.h>

#include <limits>

namespace athanor::kernels::test {
namespace {

std::vector<std::int32_t> cycling_ids(std::int64_t count, std::int32_t vocabulary) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < ids.size(); ++i)
    ids[i] = static_cast<std::int32_t>((i * i + 3 * i) % static_cast<std::size_t>(vocabulary));
  return ids;
}

struct TableSize {
  std::int32_t vocabulary;
  std::int64_t width, count;
};

constexpr TableSize kTables[] = {{1, 1, 1}, {11, 7, 30}, {50, 70, 600}, {5, 8, 0}};

TEST(Embedding, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<EmbeddingArgs>> cases;
  std::vector<OpCase<EmbeddingGradArgs>> grad_cases;
  for (const TableSize& s : kTables) {
    const std::string name =
        "embedding " + std::to_string(s.vocabulary) + "x" + std::to_string(s.width) + " of " + std::to_string(s.count);
    cases.push_back({name, [=](OpMemory& memory) {
                       return EmbeddingArgs{.table = memory.input("table", {s.vocabulary, s.width}),
                                            .ids = memory.indices("ids", {s.count}, cycling_ids(s.count, s.vocabulary)),
                                            .y = memory.output("y", {s.count, s.width}, bitwise())};
                     }});
    for (const bool accumulate : {false, true})
      grad_cases.push_back({name + " (grad)", [=](OpMemory& memory) {
                              EmbeddingGradArgs args{.accumulate_parameters = accumulate};
                              args.ids = memory.indices("ids", {s.count}, cycling_ids(s.count, s.vocabulary));
                              args.dy = memory.input("dy", {s.count, s.width});
                              const Shape shape{s.vocabulary, s.width};
                              args.dtable = accumulate ? memory.updated("dtable", shape, gradient_of(s.count))
                                                       : memory.output("dtable", shape, gradient_of(s.count));
                              return args;
                            }});
  }
  cases.push_back({"embedding far from 0", [](OpMemory& memory) {
                     return EmbeddingArgs{.table = memory.input("table", {11, 7}, Values{1e4, 1.0}),
                                          .ids = memory.indices("ids", {30}, cycling_ids(30, 11)),
                                          .y = memory.output("y", {30, 7}, bitwise())};
                   }});
  grad_cases.push_back({"embedding far from 0 (grad)", [](OpMemory& memory) {
                          return EmbeddingGradArgs{.ids = memory.indices("ids", {300}, cycling_ids(300, 11)),
                                                   .dy = memory.input("dy", {300, 7}, Values{1e4, 1.0}),
                                                   .dtable = memory.output("dtable", {11, 7}, gradient_of(300))};
                        }});
  // Rows 4 to 6 of a table of 11: most ids are of other rows.
  cases.push_back({"embedding, some rows", [](OpMemory& memory) {
                     return EmbeddingArgs{.table = memory.input("table", {3, 7}),
                                          .ids = memory.indices("ids", {30}, cycling_ids(30, 11)),
                                          .first = 4,
                                          .y = memory.output("y", {30, 7}, bitwise())};
                   }});
  grad_cases.push_back({"embedding, some rows (grad)", [](OpMemory& memory) {
                          return EmbeddingGradArgs{.ids = memory.indices("ids", {30}, cycling_ids(30, 11)),
                                                   .dy = memory.input("dy", {30, 7}),
                                                   .first = 4,
                                                   .dtable = memory.output("dtable", {3, 7}, gradient_of(30))};
                        }});
  check_cases<EmbeddingArgs>({embedding_candidates()}, cases);
  check_cases<EmbeddingGradArgs>({embedding_grad_candidates(), embedding_grad_workspace_bytes}, grad_cases);
}

TEST(Embedding, OfSomeRowsGivesZerosForTheOthers) {
  OpMemory memory;
  const EmbeddingArgs args{.table = memory.input("table", {2, 1}),
                           .ids = memory.indices("ids", {4}, {2, 3, 4, 5}),
                           .first = 3,
                           .y = memory.output("y", {4, 1}, bitwise())};
  for (const auto& candidate : embedding_candidates()) {
    candidate.run(Exec{}, args);
    const float *y = args.y.as<float>(), *table = args.table.as<float>();
    EXPECT_EQ((std::vector<float>(y, y + 4)), (std::vector<float>{0, table[0], table[1], 0})) << candidate.name;
  }
}

TEST(EmbeddingGrad, AgreesWithDifferences) {
  OpMemory memory;
  const EmbeddingArgs args{.table = memory.input("table", {5, 3}),
                           .ids = memory.indices("ids", {7}, {4, 0, 4, 2, 1, 4, 0}),
                           .y = memory.output("y", {7, 3}, bitwise())};
  const View dy = memory.input("dy", {7, 3});
  const EmbeddingGradArgs grad{.ids = args.ids, .dy = dy, .dtable = memory.output("dtable", {5, 3}, bitwise())};
  embedding_grad_candidates().back().run(Exec{}, grad);
  const auto forward = [&] { embedding_candidates().back().run(Exec{}, args); };
  expect_gradient("dtable", grad.dtable, numeric_gradient_of(args.table, forward, args.y, dy));
}

TEST(SumLeading, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<SumLeadingArgs>> cases;
  const std::vector<std::pair<Shape, Shape>> shapes = {
      {{1, 1}, {1}}, {{9, 5, 7}, {5, 7}}, {{5000, 13}, {13}}, {{3, 40, 96}, {40, 96}}, {{0, 9}, {9}}};
  for (const auto& [x, y] : shapes)
    for (const bool accumulate : {false, true})
      cases.push_back({"sum_leading " + to_string(x), [x = x, y = y, accumulate](OpMemory& memory) {
                         SumLeadingArgs args{.x = memory.input("x", x), .accumulate = accumulate};
                         const Tolerance tolerance = sum_of(x[0]);
                         args.y = accumulate ? memory.updated("y", y, tolerance) : memory.output("y", y, tolerance);
                         return args;
                       }});
  cases.push_back({"sum_leading far from 0", [](OpMemory& memory) {
                     return SumLeadingArgs{.x = memory.input("x", {700, 13}, Values{1e4, 1e3}),
                                           .y = memory.output("y", {13}, sum_of(700))};
                   }});
  check_cases<SumLeadingArgs>({sum_leading_candidates(), sum_leading_workspace_bytes}, cases);
}

struct PoolSize {
  std::int64_t batch, tokens, width;
  std::vector<std::int32_t> lengths;
};

const std::vector<PoolSize> kPools = {{1, 1, 1, {}}, {6, 5, 9, {1, 2, 3, 4, 5, 5}}, {9, 64, 128, {}}, {0, 4, 8, {}}};

TEST(MaskedMean, EveryCandidateMatchesTheReference) {
  std::vector<OpCase<MaskedMeanArgs>> cases;
  std::vector<OpCase<MaskedMeanGradArgs>> grad_cases;
  for (const PoolSize& s : kPools) {
    const std::string name = "masked_mean b" + std::to_string(s.batch) + " t" + std::to_string(s.tokens);
    cases.push_back({name, [=](OpMemory& memory) {
                       MaskedMeanArgs args{.x = memory.input("x", {s.batch, s.tokens, s.width})};
                       if (!s.lengths.empty()) args.lengths = memory.indices("lengths", {s.batch}, s.lengths);
                       args.y = memory.output("y", {s.batch, s.width}, pointwise());
                       return args;
                     }});
    grad_cases.push_back({name + " (grad)", [=](OpMemory& memory) {
                            MaskedMeanGradArgs args{.dy = memory.input("dy", {s.batch, s.width})};
                            if (!s.lengths.empty()) args.lengths = memory.indices("lengths", {s.batch}, s.lengths);
                            args.dx = memory.output("dx", {s.batch, s.tokens, s.width}, gradient_of());
                            return args;
                          }});
  }
  cases.push_back({"masked_mean far from 0", [](OpMemory& memory) {
                     return MaskedMeanArgs{.x = memory.input("x", {5, 300, 9}, Values{1e4, 1e3}),
                                           .lengths = memory.indices("lengths", {5}, {300, 1, 77, 150, 299}),
                                           .y = memory.output("y", {5, 9}, pointwise())};
                   }});
  grad_cases.push_back({"masked_mean far from 0 (grad)", [](OpMemory& memory) {
                          return MaskedMeanGradArgs{.dy = memory.input("dy", {5, 9}, Values{1e4, 1e3}),
                                                    .dx = memory.output("dx", {5, 30, 9}, gradient_of())};
                        }});
  check_cases<MaskedMeanArgs>({masked_mean_candidates()}, cases);
  check_cases<MaskedMeanGradArgs>({masked_mean_grad_candidates()}, grad_cases);
}

TEST(MaskedMeanGrad, AgreesWithDifferences) {
  OpMemory memory;
  MaskedMeanArgs args{.x = memory.input("x", {2, 3, 4}), .lengths = memory.indices("lengths", {2}, {2, 3})};
  args.y = memory.output("y", {2, 4}, bitwise());
  const View dy = memory.input("dy", {2, 4});
  const MaskedMeanGradArgs grad{.dy = dy, .lengths = args.lengths, .dx = memory.output("dx", {2, 3, 4}, bitwise())};
  masked_mean_grad_candidates().back().run(Exec{}, grad);
  const auto forward = [&] { masked_mean_candidates().back().run(Exec{}, args); };
  expect_gradient("dx", grad.dx, numeric_gradient_of(args.x, forward, args.y, dy));
}

// Keeps the host's list of segments alive for as long as the arguments that point to it.
struct StatsCase {
  std::vector<GradientSegment> segments;

  GradientStatsArgs build(OpMemory& memory, const std::vector<std::int64_t>& sizes) {
    segments.clear();
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      // The third lies far from 0.
      const View x = memory.input("gradient" + std::to_string(i), {sizes[i]}, Values{i == 2 ? 1e4 : 0.0, 1.0});
      segments.push_back({x.as<float>(), sizes[i]});
    }
    return {.segments = segments,
            .sum_squares = memory.output("sum_squares", {1}, {1e-12, 0.0}, DType::f64),
            .nonfinite = memory.output("nonfinite", {1}, bitwise(), DType::i64)};
  }
};

TEST(GradientStats, EveryCandidateMatchesTheReference) {
  StatsCase stats;
  std::vector<OpCase<GradientStatsArgs>> cases;
  for (const std::vector<std::int64_t>& sizes :
       {std::vector<std::int64_t>{}, {1}, {7, 0, 40003, 16384, 3}, std::vector<std::int64_t>(100, 33)})
    cases.push_back({"gradient_stats of " + std::to_string(sizes.size()),
                     [&stats, sizes](OpMemory& memory) { return stats.build(memory, sizes); }});
  check_cases<GradientStatsArgs>({gradient_stats_candidates(), gradient_stats_workspace_bytes}, cases);
}

TEST(GradientStats, CountsWhatIsNotFiniteAndLeavesItOut) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& candidate : with_cuda(gradient_stats_candidates())) {
    SCOPED_TRACE(candidate.name);
    OpMemory memory;
    const View x = memory.input("x", {11}, std::vector<float>{3, nan, 4, -inf, 0, 0, 0, 0, 0, inf, 12});
    const GradientSegment segment{x.as<float>(), 11};
    GradientStatsArgs args{.segments = {&segment, 1}};
    args.sum_squares = memory.output("sum_squares", {1}, bitwise(), DType::f64);
    args.nonfinite = memory.output("nonfinite", {1}, bitwise(), DType::i64);
    if (!could_run<GradientStatsArgs>({gradient_stats_candidates(), gradient_stats_workspace_bytes}, candidate, args))
      continue;
    EXPECT_EQ(args.sum_squares.as<double>()[0], 169.0);
    EXPECT_EQ(args.nonfinite.as<std::int64_t>()[0], 3);
  }
}

}  // namespace
}  // namespace athanor::kernels::test
