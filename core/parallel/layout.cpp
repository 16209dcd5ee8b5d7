#include "core/parallel/layout.h"

#include "core/parallel/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace athanor::parallel {
namespace {

constexpr std::array<const char*, 4> kShardNames = {"none", "optimizer", "gradients", "parameters"};

struct NamedSchedule {
  std::string_view name;
  int chunks;
};
constexpr std::array<NamedSchedule, 9> kSchedules = {{{"gpipe", 1},
                                                      {"1f1b", 1},
                                                      {"interleaved", 2},
                                                      {"zb-h1", 1},
                                                      {"zb-h2", 1},
                                                      {"zb-v", 2},
                                                      {"v-half", 2},
                                                      {"v-min", 2},
                                                      {"search", 2}}};

bool divides(std::int64_t part, std::int64_t whole) { return whole % part == 0; }

// The first tower whose number is known and no multiple of `parts`; null where there is none.
const TowerFacts* odd_tower(const LayoutFacts& facts, std::int64_t TowerFacts::*number, std::int64_t parts) {
  const auto found = std::ranges::find_if(facts.towers, [&](const TowerFacts& t) { return t.*number % parts != 0; });
  return found == facts.towers.end() ? nullptr : &*found;
}

std::int64_t layers_of(const LayoutFacts& facts) {
  std::int64_t sum = 0;
  for (const TowerFacts& tower : facts.towers) {
    if (tower.layers == 0) return 0;  // not known
    sum += tower.layers;
  }
  return sum;
}

// The most that there are numbers for, where they are more.
std::int64_t stages_of(const Layout& layout) {
  const std::int64_t chunks = layout.pipeline == 1 ? 1 : chunks_of(layout.schedule);
  return std::min(layout.pipeline, std::numeric_limits<std::int64_t>::max() / chunks) * chunks;
}

bool learns_scales(const LayoutFacts& facts) { return facts.policy == "fp8-delayed" || facts.policy == "dynamic"; }

// Of the product only as much as is asked for, so that it never overflows.
bool exceeds(const Layout& layout, std::int64_t ranks) {
  return layout.data > ranks || layout.tensor > ranks / layout.data ||
         layout.pipeline > ranks / layout.data / layout.tensor;
}

template <std::int64_t TowerFacts::*kNumber>
bool tensor_divides(const Layout& layout, const LayoutFacts& facts) {
  return odd_tower(facts, kNumber, layout.tensor) == nullptr;
}

template <std::int64_t TowerFacts::*kNumber>
std::string undivided(const Layout& layout, const LayoutFacts& facts, const char* what) {
  const TowerFacts* tower = odd_tower(facts, kNumber, layout.tensor);
  return fmt::format("must divide the {} of the {} tower ({}), not {}", what, tower->name, tower->*kNumber,
                     layout.tensor);
}

using F = LayoutField;
using L = Layout;
using Facts = LayoutFacts;
constexpr std::int64_t kMostRanks = 1 << 20;

// Of a number format whose rounding depends on a number's place.
template <std::string Facts::*kFormat>
LayoutRule in_place(const char* name) {
  return {name,
          "numbers that are rounded by their place lie in the whole parameter",
          {F::shard},
          [](const L& l, const Facts& f) { return l.shard == Shard::none || f.*kFormat == "fp32"; },
          [](const L&, const Facts& f) {
            return fmt::format(
                "must be none with precision.{} = \"{}\": how a number is rounded depends on its place in the whole "
                "parameter",
                kFormat == &Facts::master ? "master" : "moments", f.*kFormat);
          }};
}

std::vector<LayoutRule> batch_rules() {
  return {
      {"micro_batches_shared",
       "replicas share the micro-batches evenly",
       {F::micro_batches, F::data},
       [](const L& l, const Facts&) { return divides(l.data, l.micro_batches); },
       [](const L& l, const Facts&) {
         return fmt::format("must be a multiple of parallel.data ({}): they share them", l.data);
       }},
      {"micro_batches_divide",
       "micro-batches are of equally many samples",
       {F::micro_batches},
       [](const L& l, const Facts& f) { return divides(l.micro_batches, f.batch_size); },
       [](const L&, const Facts& f) { return fmt::format("must divide data.batch_size ({})", f.batch_size); }},
      {"scales_learn",
       "formats that learn of each pass see the whole batch in one",
       {F::micro_batches},
       [](const L& l, const Facts& f) { return l.micro_batches == 1 || !learns_scales(f); },
       [](const L&, const Facts& f) {
         return fmt::format("must be 1 with precision.policy = {}: it would learn of one of them only", f.policy);
       }},
  };
}

std::vector<LayoutRule> pipeline_rules() {
  return {
      {"scales_of_the_whole",
       "formats that learn of each pass see the whole model",
       {F::pipeline},
       [](const L& l, const Facts& f) { return l.pipeline == 1 || !learns_scales(f); },
       [](const L&, const Facts& f) {
         return fmt::format("must be 1 with precision.policy = {}: it would learn of some layers only", f.policy);
       }},
      {"schedule_known",
       "the schedule is one that can be generated",
       {F::schedule},
       [](const L& l, const Facts&) { return is_schedule(l.schedule); },
       [](const L& l, const Facts&) { return fmt::format("is none that there is: {}", l.schedule); }},
      {"stages_filled",
       "each stage has a layer at least",
       {F::pipeline, F::schedule},
       [](const L& l, const Facts& f) {
         const std::int64_t layers = layers_of(f);
         return layers == 0 || stages_of(l) <= layers;
       },
       [](const L& l, const Facts& f) {
         const int chunks = chunks_of(l.schedule);
         return fmt::format("cuts the model's {} layers into {} stages{}", layers_of(f), stages_of(l),
                            chunks > 1 ? fmt::format(", {} a rank under {}", chunks, l.schedule) : std::string());
       }},
      {"rounds_interleave",
       "interleaving goes in rounds of equally many micro-batches",
       {F::schedule, F::micro_batches, F::data, F::pipeline},
       [](const L& l, const Facts&) {
         return l.pipeline == 1 || l.schedule != "interleaved" || !divides(l.data, l.micro_batches) ||
                can_interleave(l.pipeline, l.micro_batches / l.data);
       },
       [](const L& l, const Facts&) {
         return fmt::format("cannot take {} micro-batches a replica in {} rounds of equally many",
                            l.micro_batches / l.data, l.micro_batches / l.data / l.pipeline);
       }},
  };
}

std::vector<LayoutRule> tensor_rules() {
  return {
      {"heads_divide",
       "ranks of a tensor group have equally many heads of each tower",
       {F::tensor},
       tensor_divides<&TowerFacts::heads>,
       [](const L& l, const Facts& f) { return undivided<&TowerFacts::heads>(l, f, "heads"); }},
      {"feed_forward_divides",
       "ranks of a tensor group have equally much of each feed-forward layer",
       {F::tensor},
       tensor_divides<&TowerFacts::feed_forward>,
       [](const L& l, const Facts& f) { return undivided<&TowerFacts::feed_forward>(l, f, "feed-forward width"); }},
      {"matrices_whole",
       "what needs whole matrices has them",
       {F::tensor},
       [](const L& l, const Facts& f) { return l.tensor == 1 || (f.optimizer != "lamb" && !f.adapts); },
       [](const L&, const Facts& f) {
         return f.adapts
                    ? std::string("must be 1 with finetune.lora_rank above 0: adapters need whole matrices")
                    : fmt::format("must be 1 with train.optimizer = \"{}\", which needs the norm of whole matrices",
                                  f.optimizer);
       }},
      {"scales_of_matrices",
       "formats that learn of each pass see whole matrices, and numbers are rounded by their place in them",
       {F::tensor},
       [](const L& l, const Facts& f) {
         return l.tensor == 1 || (!learns_scales(f) && f.master == "fp32" && f.moments == "fp32");
       },
       [](const L&, const Facts& f) {
         return learns_scales(f)
                    ? fmt::format("must be 1 with precision.policy = {}: it would learn of a part of each matrix only",
                                  f.policy)
                    : std::string(
                          "must be 1 unless precision.master and precision.moments are fp32: how a number is "
                          "rounded depends on its place in the whole parameter");
       }},
      {"cut_once",
       "what a tensor group shares is not shared by replicas, too",
       {F::tensor, F::shard},
       [](const L& l, const Facts&) { return l.tensor == 1 || l.shard == Shard::none; },
       [](const L& l, const Facts&) {
         return fmt::format("must be 1 with parallel.shard = {} in this version", to_string(l.shard));
       }},
      {"sequence_needs_tensor",
       "tokens are shared by a tensor group of several ranks",
       {F::sequence_parallel, F::tensor},
       [](const L& l, const Facts&) { return !l.sequence_parallel || l.tensor > 1; },
       [](const L&, const Facts&) { return std::string("needs parallel.tensor above 1: its ranks share the tokens"); }},
      {"sequence_in_one_piece",
       "ranks that share the tokens do so through the whole model",
       {F::sequence_parallel, F::pipeline},
       [](const L& l, const Facts&) { return !l.sequence_parallel || l.pipeline == 1; },
       [](const L& l, const Facts&) {
         return fmt::format("must be false with parallel.pipeline = {} in this version", l.pipeline);
       }},
      {"tokens_divide",
       "ranks that share the tokens have equally many of each tower",
       {F::sequence_parallel, F::tensor},
       [](const L& l, const Facts& f) { return !l.sequence_parallel || tensor_divides<&TowerFacts::tokens>(l, f); },
       [](const L& l, const Facts& f) {
         const TowerFacts* tower = odd_tower(f, &TowerFacts::tokens, l.tensor);
         return fmt::format("needs the {} tokens of the {} tower to be a multiple of parallel.tensor ({})",
                            tower->tokens, tower->name, l.tensor);
       }},
  };
}

std::vector<LayoutRule> shard_rules() {
  return {
      {"norms_whole",
       "an optimizer that needs the norm of a parameter has all of it",
       {F::shard},
       [](const L& l, const Facts& f) { return l.shard == Shard::none || f.optimizer != "lamb"; },
       [](const L&, const Facts& f) {
         return fmt::format("must be none with train.optimizer = \"{}\", which needs the norm of each whole parameter",
                            f.optimizer);
       }},
      in_place<&Facts::master>("masters_in_place"),
      in_place<&Facts::moments>("moments_in_place"),
      {"residuals_whole",
       "what coding takes away is kept of all gradients",
       {F::shard, F::gradient_format},
       [](const L& l, const Facts&) { return l.shard <= Shard::optimizer || l.gradient_format == "fp32"; },
       [](const L& l, const Facts&) {
         return fmt::format(
             "must be none or optimizer with parallel.gradient_format = \"{}\": what coding takes away is kept of all "
             "gradients by every replica",
             l.gradient_format);
       }},
      {"stages_whole",
       "a stage has its parameters for all micro-batches",
       {F::shard, F::pipeline},
       [](const L& l, const Facts&) { return l.shard < Shard::parameters || l.pipeline == 1; },
       [](const L& l, const Facts&) {
         return fmt::format(
             "must be none, optimizer or gradients with parallel.pipeline = {}: stages would be put together anew for "
             "every micro-batch",
             l.pipeline);
       }},
  };
}

std::vector<LayoutRule> rank_rules() {
  return {
      {"ranks_there",
       "there are as many ranks as the axes multiply to",
       {F::data, F::tensor, F::pipeline},
       [](const L& l, const Facts& f) { return !exceeds(l, f.ranks > 0 ? f.ranks : kMostRanks); },
       [](const L& l, const Facts& f) {
         return fmt::format("makes {} x {} x {} ranks with parallel.tensor and parallel.pipeline, and there are {}",
                            l.data, l.tensor, l.pipeline, f.ranks > 0 ? f.ranks : kMostRanks);
       }},
  };
}

const std::vector<LayoutRule>& table() {
  static const std::vector<LayoutRule> rules = [] {
    std::vector<LayoutRule> all;
    for (const auto& of : {batch_rules, pipeline_rules, tensor_rules, shard_rules, rank_rules})
      for (LayoutRule& rule : of()) all.push_back(std::move(rule));
    return all;
  }();
  return rules;
}

// A number below 1 is its own rule, for the others divide by it.
template <std::int64_t Layout::*kNumber>
LayoutRule at_least_one(const char* name, LayoutField field) {
  return {name,
          "is at least 1",
          {field},
          [](const L& l, const Facts&) { return l.*kNumber >= 1; },
          [](const L& l, const Facts&) { return fmt::format("must be at least 1, not {}", l.*kNumber); }};
}

const std::vector<LayoutRule>& numbers() {
  static const std::vector<LayoutRule> rules = {
      at_least_one<&Layout::data>("data_counts", F::data),
      at_least_one<&Layout::micro_batches>("micro_batches_count", F::micro_batches),
      at_least_one<&Layout::pipeline>("pipeline_counts", F::pipeline),
      at_least_one<&Layout::tensor>("tensor_counts", F::tensor)};
  return rules;
}

bool speaks_of(const LayoutRule& rule, LayoutField field) {
  return std::ranges::find(rule.fields, field) != rule.fields.end();
}

}  // namespace

const char* path_of(LayoutField field) noexcept {
  constexpr std::array<const char*, kLayoutFieldCount> kPaths = {
      "parallel.data",   "parallel.micro_batches", "parallel.pipeline", "parallel.schedule",
      "parallel.tensor", "parallel.sequence",      "parallel.shard",    "parallel.gradient_format"};
  return kPaths[static_cast<std::size_t>(field)];
}

std::string text_of(const Layout& layout, LayoutField field) {
  switch (field) {
    case F::data: return std::to_string(layout.data);
    case F::micro_batches: return std::to_string(layout.micro_batches);
    case F::pipeline: return std::to_string(layout.pipeline);
    case F::schedule: return layout.schedule;
    case F::tensor: return std::to_string(layout.tensor);
    case F::sequence_parallel: return layout.sequence_parallel ? "true" : "false";
    case F::shard: return to_string(layout.shard);
    case F::gradient_format: break;
  }
  return layout.gradient_format;
}

bool same(const Layout& a, const Layout& b, LayoutField field) { return text_of(a, field) == text_of(b, field); }

std::optional<Shard> shard_named(std::string_view name) noexcept {
  const auto found = std::ranges::find(kShardNames, name);
  if (found == kShardNames.end()) return std::nullopt;
  return static_cast<Shard>(found - kShardNames.begin());
}

const char* to_string(Shard shard) noexcept { return kShardNames[static_cast<std::size_t>(shard)]; }

std::vector<std::string> shard_names() { return {kShardNames.begin(), kShardNames.end()}; }

std::vector<std::string> schedule_names() {
  std::vector<std::string> out;
  for (const NamedSchedule& schedule : kSchedules) out.emplace_back(schedule.name);
  return out;
}

bool is_schedule(std::string_view name) noexcept {
  return std::ranges::find(kSchedules, name, &NamedSchedule::name) != kSchedules.end();
}

int chunks_of(std::string_view schedule) noexcept {
  const auto* found = std::ranges::find(kSchedules, schedule, &NamedSchedule::name);
  return found == kSchedules.end() ? 1 : found->chunks;
}

std::span<const LayoutRule> layout_rules() {
  static const std::vector<LayoutRule> all = [] {
    std::vector<LayoutRule> out = numbers();
    out.insert(out.end(), table().begin(), table().end());
    return out;
  }();
  return all;
}

std::vector<Violation> judge(const Layout& layout, const LayoutFacts& facts) {
  std::vector<Violation> out;
  std::vector<LayoutField> below;
  for (const LayoutRule& rule : numbers()) {
    if (rule.holds(layout, facts)) continue;
    out.push_back({&rule, rule.reason(layout, facts)});
    below.push_back(rule.fields.front());
  }
  for (const LayoutRule& rule : table()) {
    if (std::ranges::any_of(below, [&](LayoutField field) { return speaks_of(rule, field); })) continue;
    if (!rule.holds(layout, facts)) out.push_back({&rule, rule.reason(layout, facts)});
  }
  return out;
}

}  // namespace athanor::parallel
