#include "core/recipe/layout.h"

#include "core/recipe/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace athanor::recipe {
namespace {

using parallel::LayoutField;

// Of a tower, besides its blocks: what reads the input, and what makes the embedding.
constexpr std::int64_t kEnds = 2;

const Field& of_schema(LayoutField field) { return *find_field(parallel::path_of(field)); }

std::int64_t most(LayoutField field) { return static_cast<std::int64_t>(of_schema(field).maximum); }

parallel::TowerFacts tower(const Recipe& recipe, const std::string& name, std::int64_t tokens) {
  const std::string prefix = "model." + name + "_";
  parallel::TowerFacts out;
  out.name = name;
  out.tokens = tokens;
  out.width = recipe.integer(prefix + "width");
  out.layers = recipe.integer(prefix + "depth") + kEnds;
  const std::int64_t depth = recipe.integer(prefix + "depth");
  if (depth == 0) return out;
  out.heads = recipe.integer(prefix + "heads");
  out.feed_forward = std::llround(static_cast<double>(out.width) * recipe.real("model.mlp_ratio"));
  return out;
}

// 0 where the stem is not understood.
std::int64_t image_tokens(const Recipe& recipe) {
  const auto channels = whole_numbers(recipe.text("model.stem"));
  if (!channels || channels->size() > 30) return 0;
  const std::int64_t side = recipe.integer("data.image_px") >> channels->size();
  return side * side;
}

}  // namespace

parallel::Layout layout_of(const Recipe& recipe) {
  parallel::Layout out;
  out.data = recipe.integer("parallel.data");
  out.tensor = recipe.integer("parallel.tensor");
  out.pipeline = recipe.integer("parallel.pipeline");
  out.micro_batches = recipe.integer("parallel.micro_batches");
  out.schedule = recipe.text("parallel.schedule");
  out.shard = parallel::shard_named(recipe.text("parallel.shard")).value_or(parallel::Shard::none);
  out.gradient_format = recipe.text("parallel.gradient_format");
  out.sequence_parallel = recipe.boolean("parallel.sequence");
  return out;
}

void set_layout(Recipe& recipe, const parallel::Layout& layout) {
  for (const std::string& assignment : assignments(recipe, layout)) (void)apply_override(recipe, assignment);
}

parallel::LayoutFacts layout_facts(const Recipe& recipe) {
  parallel::LayoutFacts out;
  out.batch_size = recipe.integer("data.batch_size");
  out.policy = recipe.text("precision.policy");
  out.optimizer = recipe.text("train.optimizer");
  out.master = recipe.text("precision.master");
  out.moments = recipe.text("precision.moments");
  out.adapts = recipe.integer("finetune.lora_rank") > 0;
  out.towers.push_back(tower(recipe, "image", image_tokens(recipe)));
  if (recipe.text("model.text_tower") == kSmallTextTower)
    out.towers.push_back(tower(recipe, "text", recipe.integer("data.max_tokens")));
  return out;
}

parallel::LayoutLimits layout_limits(const std::function<bool(const std::string& path)>& may_change) {
  parallel::LayoutLimits out;
  out.data = most(LayoutField::data);
  out.tensor = most(LayoutField::tensor);
  out.pipeline = most(LayoutField::pipeline);
  out.micro_batches = most(LayoutField::micro_batches);
  out.schedules = of_schema(LayoutField::schedule).choices;
  out.gradient_formats = of_schema(LayoutField::gradient_format).choices;
  out.sequence_parallel = true;
  out.shards.clear();
  for (const std::string& name : of_schema(LayoutField::shard).choices)
    out.shards.push_back(parallel::shard_named(name).value());
  for (const LayoutField field : parallel::kLayoutFields)
    if (may_change && !may_change(parallel::path_of(field))) out.fixed.push_back(field);
  return out;
}

std::vector<std::string> assignments(const Recipe& recipe, const parallel::Layout& layout) {
  const parallel::Layout own = layout_of(recipe);
  std::vector<std::string> out;
  for (const LayoutField field : parallel::kLayoutFields) {
    if (!parallel::same(own, layout, field))
      out.push_back(fmt::format("{}={}", parallel::path_of(field), parallel::text_of(layout, field)));
  }
  return out;
}

parallel::LayoutFacts without_spoiled(parallel::LayoutFacts facts, const std::set<std::string, std::less<>>& spoiled) {
  const bool is_odd = std::ranges::any_of(spoiled, [](const std::string& path) {
    return path.starts_with("model.") || path == "data.image_px" || path == "data.max_tokens";
  });
  if (is_odd) facts.towers.clear();
  if (spoiled.contains("data.batch_size")) facts.batch_size = 0;
  if (spoiled.contains("precision.policy")) facts.policy = "fp32";
  return facts;
}

std::vector<Fault> judge_layout(const Recipe& recipe, const parallel::LayoutFacts& all,
                                const std::set<std::string, std::less<>>& spoiled) {
  const parallel::LayoutFacts facts = without_spoiled(all, spoiled);
  std::vector<Fault> out;
  for (const parallel::Violation& found : parallel::judge(layout_of(recipe), facts)) {
    const std::vector<LayoutField>& fields = found.rule->fields;
    if (std::ranges::any_of(fields, [&](LayoutField field) { return spoiled.contains(parallel::path_of(field)); }))
      continue;
    const char* path = parallel::path_of(fields.front());
    int line = recipe.line(path);
    for (const LayoutField field : fields)
      if (line == 0) line = recipe.line(parallel::path_of(field));
    if (line == 0) line = recipe.line("data.batch_size");
    Fault& fault = out.emplace_back(Fault{line, path, found.reason});
    fault.rule = found.rule->name;
  }
  return out;
}

}  // namespace athanor::recipe
