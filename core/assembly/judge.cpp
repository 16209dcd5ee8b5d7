#include "core/assembly/judge.h"

#include "core/assembly/assembly.h"
#include "core/assembly/encoder.h"
#include "core/recipe/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <map>

namespace athanor::runner {
namespace {

constexpr std::string_view kOfNoField;

// Advice that can be followed: only one data set can be made here.
Error no_dataset(const recipe::Recipe& recipe, Error error) {
  if (error.kind == ErrorKind::invalid_input && recipe.text("data.dataset") != kPreparable)
    error.remedy = fmt::format("only {0} can be prepared here: set data.dataset to {0}", kPreparable);
  return error;
}

// Which field of a selection does the data set not know?
const char* unknown_field(const data::Dataset& dataset, const data::Selection& selection, const char* styles_field) {
  const auto lacks = [](const std::vector<std::string>& known, const std::vector<std::string>& wanted) {
    return std::ranges::any_of(wanted,
                               [&](const std::string& word) { return std::ranges::find(known, word) == known.end(); });
  };
  if (lacks(dataset.groups(), selection.groups)) return "data.groups";
  return lacks(dataset.styles(), selection.styles) ? styles_field : "data.language";
}

// A dry context for it; the CPU where its device is at fault.
Device judge_device(const recipe::Recipe& recipe, Faults& faults) {
  if (faults.spoils("train.device")) return {};
  try {
    return resolve_device(recipe);
  } catch (const Failure& failure) {
    faults.add("train.device", failure.error());
    return {};
  }
}

// Of the data set's tokenizer or the encoder's own; any number where that is not known, for it changes no names.
std::int64_t judge_vocabulary(const recipe::Recipe& recipe, const data::Dataset* dataset, Faults& faults) {
  constexpr std::int64_t kAny = 1;
  if (dataset == nullptr || faults.spoils("data.language")) return kAny;
  try {
    return vocabulary_of(recipe, *dataset);
  } catch (const Failure& failure) {
    faults.add(has_text_encoder(recipe) ? "model.text_tower" : "data.dataset", failure.error());
    return kAny;
  }
}

// Texts that are longer than the encoder reads are the length's fault, not the encoder's.
void judge_length(recipe::Recipe& recipe, Faults& faults) {
  if (!has_text_encoder(recipe)) return;
  const auto config = encoder_config(recipe);
  if (!config || recipe.integer("data.max_tokens") <= config->positions) return;
  faults.add("data.max_tokens",
             fmt::format("must not exceed the {} tokens that the text encoder reads", config->positions));
  recipe.set("data.max_tokens", config->positions);
}

// What a field becomes once it was refused, so that it hides no other's refusal: nothing that another could miss.
const std::map<std::string, recipe::Value, std::less<>>& put_aside() {
  using Words = std::vector<std::string>;
  static const std::map<std::string, recipe::Value, std::less<>> values = {{"finetune.weights", std::string()},
                                                                           {"finetune.freeze", Words()},
                                                                           {"finetune.lora_targets", Words{"*"}},
                                                                           {"train.rates", std::string()},
                                                                           {"precision.replay", std::string()}};
  return values;
}

// Broken rules and values that are out of range.
bool is_of_layout(const recipe::Fault& fault) {
  return std::ranges::any_of(parallel::kLayoutFields,
                             [&](parallel::LayoutField field) { return fault.field == parallel::path_of(field); });
}

}  // namespace

Faults::Faults(const recipe::Recipe& recipe, std::vector<recipe::Fault> found,
               std::set<std::string, std::less<>> doubtful)
    : recipe_(recipe), found_(std::move(found)), spoiled_(std::move(doubtful)) {
  for (const recipe::Fault& fault : found_) spoiled_.insert(fault.field);
}

void Faults::add(std::string_view field, std::string reason) {
  found_.push_back({recipe_.line(field), std::string(field), std::move(reason)});
  spoiled_.emplace(field);
}

void Faults::add(std::string_view field, Error error) {
  std::string reason = field.empty() ? error.message() : error.cause;
  // Some causes begin with the field itself.
  if (const std::string prefix = fmt::format("{}: ", field); reason.starts_with(prefix)) reason.erase(0, prefix.size());
  if (!field.empty() && !error.remedy.empty()) {
    error.remedy.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(error.remedy.front())));
    reason += "; " + error.remedy;
  }
  add(field, std::move(reason));
  if (field.empty() || error.kind != ErrorKind::invalid_input) error_ = std::move(error);
}

void Faults::add(recipe::Fault fault) {
  const bool known =
      std::ranges::any_of(found_, [&](const auto& f) { return f.field == fault.field && f.rule == fault.rule; });
  if (known) return;
  spoiled_.insert(fault.field);
  found_.push_back(std::move(fault));
}

void Faults::offer_layout(const std::vector<std::string>& cure) {
  for (recipe::Fault& fault : found_)
    if (is_of_layout(fault)) fault.cure = cure;
}

bool Faults::spoils_section(std::string_view section) const {
  return std::ranges::any_of(spoiled_,
                             [&](const std::string& field) { return field.substr(0, field.find('.')) == section; });
}

recipe::Recipe Faults::without_spoiled() const {
  recipe::Recipe out = recipe_;
  for (const std::string& path : spoiled_) {
    if (const recipe::Field* field = recipe::find_field(path)) out.set(path, field->fallback);
  }
  return out;
}

const Error* Faults::alone() const { return found_.size() == 1 && error_ ? &*error_ : nullptr; }

std::vector<recipe::Fault> Faults::sorted() const {
  std::vector<recipe::Fault> out = found_;
  std::ranges::stable_sort(out, {}, &recipe::Fault::line);
  return out;
}

DataJudgement judge_data(const recipe::Recipe& recipe, Faults& faults) {
  DataJudgement out;
  if (faults.spoils("data.dataset")) return out;
  auto opened = data::Dataset::open_named(recipe.text("data.dataset"));
  if (!opened) {
    faults.add("data.dataset", no_dataset(recipe, std::move(opened.error())));
    return out;
  }
  out.dataset = std::make_shared<const data::Dataset>(std::move(*opened));
  const auto count = [&](const data::Selection& selection, const char* styles_field) -> std::int64_t {
    for (const char* field : {"data.groups", "data.language", styles_field})
      if (faults.spoils(field)) return 0;
    const auto selected = out.dataset->select(selection);
    if (selected) return static_cast<std::int64_t>(selected->size());
    faults.add(unknown_field(*out.dataset, selection, styles_field), selected.error());
    return 0;
  };
  out.train_pictures = count(train_selection(recipe), "data.train_styles");
  out.test_pictures = count(test_selection(recipe), "data.test_styles");
  if (out.train_pictures > 0 && !faults.spoils("data.batch_size") &&
      recipe.integer("data.batch_size") > out.train_pictures) {
    faults.add("data.batch_size", fmt::format("must not exceed the {} training pictures", out.train_pictures));
  }
  return out;
}

void judge_learner(const recipe::Recipe& recipe, const data::Dataset* dataset, Faults& faults) {
  const Device device = judge_device(recipe, faults);
  // Which parameters there are is not known then.
  if (faults.spoils_section("model") || faults.spoils_section("finetune") || faults.spoils("data.image_px") ||
      faults.spoils("data.max_tokens") || faults.spoils("train.loss")) {
    return;
  }
  recipe::Recipe left = faults.without_spoiled();
  judge_length(left, faults);
  const std::int64_t vocabulary = judge_vocabulary(left, dataset, faults);
  while (!faults.spoils("model.text_tower")) {
    try {
      Context context({.device = device, .threads = 1, .dry = true});
      (void)make_learner(left, context, vocabulary);
      return;
    } catch (const FieldFailure& refused) {
      faults.add(refused.field(), refused.error());
      const auto neutral = put_aside().find(refused.field());
      if (neutral == put_aside().end() || left.value(refused.field()) == neutral->second) return;
      left.set(refused.field(), neutral->second);
    }
  }
}

parallel::LayoutFacts facts_for_layout(const recipe::Recipe& recipe) {
  parallel::LayoutFacts out = recipe::layout_facts(recipe);
  if (!has_text_encoder(recipe)) return out;
  const auto config = encoder_config(recipe);
  if (!config) return out;
  out.towers.push_back({.name = "text",
                        .layers = config->depth + 2,
                        .heads = config->heads,
                        .width = config->width,
                        .feed_forward = config->feed_forward,
                        .tokens = recipe.integer("data.max_tokens")});
  return out;
}

void judge_layout(const recipe::Recipe& recipe, const std::function<bool(const std::string& path)>& may_change,
                  Faults& faults) {
  const parallel::LayoutFacts facts = recipe::without_spoiled(facts_for_layout(recipe), faults.spoiled());
  const std::set<std::string, std::less<>> before = faults.spoiled();
  for (recipe::Fault& fault : recipe::judge_layout(recipe, facts, before)) faults.add(std::move(fault));
  if (!faults.spoils_section("parallel")) return;
  const auto nearest = parallel::nearest_valid(recipe::layout_of(recipe), facts, recipe::layout_limits(may_change));
  if (nearest) faults.offer_layout(recipe::assignments(recipe, *nearest));
}

std::optional<Fork> judge_fork(const recipe::Recipe& recipe, const Result<RunDirectory>& parent, std::int64_t step,
                               Faults& faults) {
  if (!parent) {
    faults.add(kOfNoField, parent.error());
    return std::nullopt;
  }
  const auto saved = checkpoint::find_step(parent->checkpoints(), step);
  if (!saved) faults.add(kOfNoField, saved.error());
  if (const auto learnt = read_recipe(*parent); !learnt) {
    faults.add(kOfNoField, learnt.error());
  } else {
    for (recipe::Fault& fault : recipe::judge_fork(*learnt, recipe))
      if (!faults.spoils(fault.field)) faults.add(fault.field, std::move(fault.reason));
  }
  if (!faults.spoils("train.steps") && recipe.integer("train.steps") < step)
    faults.add("train.steps", fmt::format("must be at least {}, the steps that the forked run has taken", step));
  return saved ? std::optional(Fork{*parent, *saved}) : std::nullopt;
}

}  // namespace athanor::runner
