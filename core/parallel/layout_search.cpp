#include "core/parallel/layout.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace athanor::parallel {
namespace {

constexpr double kChange = 0.25;         // that a field changes at all
constexpr double kOfMicroBatches = 0.5;  // of their ratio
constexpr double kOfSchedule = 1, kOfFormat = 1, kOfShard = 1, kOfSequence = 0.5;

double ratio(std::int64_t wish, std::int64_t value) {
  return std::fabs(std::log2(static_cast<double>(value) / static_cast<double>(std::max<std::int64_t>(wish, 1))));
}

double distance(const Layout& wish, const Layout& layout, LayoutField field) {
  if (same(wish, layout, field)) return 0;
  switch (field) {
    case LayoutField::data: return kChange + ratio(wish.data, layout.data);
    case LayoutField::micro_batches: return kChange + kOfMicroBatches * ratio(wish.micro_batches, layout.micro_batches);
    case LayoutField::pipeline: return kChange + ratio(wish.pipeline, layout.pipeline);
    case LayoutField::tensor: return kChange + ratio(wish.tensor, layout.tensor);
    case LayoutField::schedule: return kChange + kOfSchedule;
    case LayoutField::gradient_format: return kChange + kOfFormat;
    case LayoutField::sequence_parallel: return kChange + kOfSequence;
    case LayoutField::shard: break;
  }
  return kChange + kOfShard * std::abs(static_cast<int>(wish.shard) - static_cast<int>(layout.shard));
}

// Of 0, which is not known, as many as are worth a try.
std::vector<std::int64_t> divisors(std::int64_t number, std::int64_t most) {
  constexpr std::int64_t kTried = 256;
  std::vector<std::int64_t> out;
  if (number == 0) most = std::min(most, kTried);
  for (std::int64_t i = 1; i <= (number == 0 ? most : std::min(number, most)); ++i)
    if (number % i == 0) out.push_back(i);
  return out;
}

std::vector<std::int64_t> up_to(std::int64_t most) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(std::max<std::int64_t>(most, 0)));
  std::iota(out.begin(), out.end(), 1);
  return out;
}

// Layouts that differ from `base` in one field only: its values that a rule does not refuse whatever the others are.
std::vector<Layout> choices(const Layout& base, LayoutField field, const LayoutFacts& facts,
                            const LayoutLimits& limits) {
  if (std::ranges::find(limits.fixed, field) != limits.fixed.end()) return {base};
  const std::int64_t ranks = facts.ranks > 0 ? facts.ranks : std::numeric_limits<std::int64_t>::max();
  std::vector<Layout> out;
  const auto add = [&](auto member, const auto& values) {
    for (const auto& value : values) {
      out.push_back(base);
      out.back().*member = value;
    }
  };
  switch (field) {
    case LayoutField::data: add(&Layout::data, divisors(facts.batch_size, std::min(limits.data, ranks))); break;
    case LayoutField::micro_batches:
      add(&Layout::micro_batches, divisors(facts.batch_size, limits.micro_batches));
      break;
    case LayoutField::pipeline: add(&Layout::pipeline, up_to(std::min(limits.pipeline, ranks))); break;
    case LayoutField::tensor: add(&Layout::tensor, up_to(std::min(limits.tensor, ranks))); break;
    case LayoutField::schedule: add(&Layout::schedule, limits.schedules); break;
    case LayoutField::gradient_format: add(&Layout::gradient_format, limits.gradient_formats); break;
    case LayoutField::shard: add(&Layout::shard, limits.shards); break;
    case LayoutField::sequence_parallel:
      out.push_back(base);
      out.back().sequence_parallel = false;
      if (limits.sequence_parallel) {
        out.push_back(out.back());
        out.back().sequence_parallel = true;
      }
      break;
  }
  return out;
}

// Goes through the layouts field by field. A rule is asked as soon as every field that it speaks of is chosen.
class Walk {
 public:
  Walk(const Layout& wish, const LayoutFacts& facts, const LayoutLimits& limits)
      : wish_(wish), facts_(facts), limits_(limits) {
    for (const LayoutRule& rule : layout_rules()) {
      std::size_t last = 0;
      for (const LayoutField field : rule.fields) last = std::max(last, static_cast<std::size_t>(field));
      rules_[last].push_back(&rule);
    }
  }

  // The numbers must be at least 1 before a rule may be asked, so a field that is fixed below that ends the walk.
  template <class Take>
  void go(const Layout& chosen, std::size_t depth, double far, const double& farthest, const Take& take) {
    if (depth == kLayoutFieldCount) return take(chosen, far);
    const LayoutField field = kLayoutFields[depth];
    std::vector<std::pair<double, Layout>> next;
    for (const Layout& layout : choices(chosen, field, facts_, limits_))
      next.emplace_back(distance(wish_, layout, field), layout);
    std::ranges::stable_sort(next, {}, &std::pair<double, Layout>::first);
    for (const auto& [step, layout] : next) {
      if (far + step >= farthest) return;
      const bool holds =
          std::ranges::all_of(rules_[depth], [&](const LayoutRule* rule) { return rule->holds(layout, facts_); });
      if (holds) go(layout, depth + 1, far + step, farthest, take);
    }
  }

 private:
  const Layout& wish_;
  const LayoutFacts& facts_;
  const LayoutLimits& limits_;
  std::array<std::vector<const LayoutRule*>, kLayoutFieldCount> rules_;
};

}  // namespace

std::optional<Layout> nearest_valid(const Layout& wish, const LayoutFacts& facts, const LayoutLimits& limits) {
  std::optional<Layout> best;
  double farthest = std::numeric_limits<double>::infinity();
  Walk(wish, facts, limits).go(wish, 0, 0, farthest, [&](const Layout& layout, double far) {
    best = layout;
    farthest = far;
  });
  return best;
}

std::vector<Layout> valid_layouts(const Layout& base, const LayoutFacts& facts, const LayoutLimits& limits) {
  std::vector<Layout> out;
  const double farthest = std::numeric_limits<double>::infinity();
  Walk(base, facts, limits).go(base, 0, 0, farthest, [&](const Layout& layout, double) { out.push_back(layout); });
  return out;
}

}  // namespace athanor::parallel
