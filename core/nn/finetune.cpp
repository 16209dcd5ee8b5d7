#include "core/nn/finetune.h"

#include "core/base/nearest.h"
#include "kernels/base/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

namespace athanor::nn {
namespace {

bool glob(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

// Throws where there are patterns.
void refuse(const char* field, const std::vector<std::string>& patterns, const char* cause,
            const std::vector<Parameter>& candidates) {
  if (patterns.empty()) return;
  std::set<std::string> paths;
  for (const Parameter& parameter : candidates) {
    const std::string& path = parameter->path;
    for (auto dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1)) {
      paths.insert(path.substr(0, dot));
    }
    paths.insert(path);
  }
  std::string causes, meant;
  for (const std::string& pattern : patterns) {
    causes += (causes.empty() ? ": \"" : ", \"") + pattern + "\" " + cause;
    const std::string nearest(nearest_of(paths, pattern));
    if (!nearest.empty()) meant += (meant.empty() ? "Perhaps " : " or ") + nearest;
  }
  throw Failure(ErrorKind::invalid_input, "set up finetuning", field + causes,
                meant.empty() ? meant : meant + " is meant");
}

void freeze(const ParameterSet& parameters, const std::vector<std::string>& patterns) {
  std::vector<std::string> vain;
  for (const std::string& pattern : patterns) {
    bool found = false;
    for (const Parameter& parameter : parameters.all()) {
      if (!path_matches(pattern, parameter->path)) continue;
      parameter->trainable = false;
      found = true;
    }
    if (!found) vain.push_back(pattern);
  }
  refuse("finetune.freeze", vain, "matches no parameter", parameters.all());
}

void adapt(Context& context, ParameterSet& parameters, const FinetuneOptions& options, std::uint64_t seed) {
  std::vector<Parameter> candidates, targets;
  std::vector<std::string> vain;
  for (const Parameter& parameter : parameters.all()) {
    if (parameter->product) candidates.push_back(parameter);
  }
  for (const std::string& pattern : options.lora_targets) {
    bool found = false;
    for (const Parameter& parameter : candidates) {
      if (!path_matches(pattern, parameter->path)) continue;
      found = true;
      if (std::ranges::find(targets, parameter) == targets.end()) targets.push_back(parameter);
    }
    if (!found) vain.push_back(pattern);
  }
  refuse("finetune.lora_targets", vain, "matches no linear layer", candidates);
  for (const Parameter& parameter : targets) add_low_rank(context, parameters, parameter, options.lora, seed);
}

// Index of the block that holds this path below "<root>.blocks."; -1 for everything else.
std::int64_t block_of(std::string_view root, std::string_view path) {
  const std::string prefix = std::string(root) + ".blocks.";
  if (!path.starts_with(prefix)) return -1;
  std::int64_t index = -1;
  const std::string_view rest = path.substr(prefix.size());
  std::from_chars(rest.data(), rest.data() + rest.size(), index);
  return index;
}

void decay_rates(const ParameterSet& parameters, const std::string& root, float decay) {
  std::int64_t depth = 0;
  for (const Parameter& parameter : parameters.all()) depth = std::max(depth, block_of(root, parameter->path) + 1);
  for (const Parameter& parameter : parameters.all()) {
    if (!path_matches(root, parameter->path)) continue;
    const std::int64_t distance = depth - block_of(root, parameter->path);
    parameter->rate *= static_cast<float>(std::pow(static_cast<double>(decay), static_cast<double>(distance)));
  }
}

constexpr std::size_t kShownSegments = 3;

// The module with numbers as "*", cut to its first segments unless it is whole.
std::string place_of(std::string_view path, bool whole) {
  std::string out;
  std::size_t segments = 0;
  for (std::size_t begin = 0; begin < path.size() && (whole || segments < kShownSegments); ++segments) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    const bool number = std::ranges::all_of(segment, [](char c) { return c >= '0' && c <= '9'; });
    if (end == path.size() && segments > 0) break;  // the array's own name
    if (!out.empty()) out += '.';
    out += number ? "*" : segment;
    begin = end + 1;
  }
  return out;
}

}  // namespace

bool path_matches(std::string_view pattern, std::string_view path) noexcept {
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    if (glob(pattern, path.substr(0, dot))) return true;
  }
  return glob(pattern, path);
}

void apply_finetune(Context& context, ParameterSet& parameters, const FinetuneOptions& options, std::uint64_t seed) {
  freeze(parameters, options.freeze);
  if (options.layer_decay != 1.0f) decay_rates(parameters, options.pretrained, options.layer_decay);
  if (options.lora.rank > 0) adapt(context, parameters, options, seed);
  if (trainable_numel(parameters) == 0) {
    throw Failure(ErrorKind::invalid_input, "set up finetuning", "finetune.freeze: leaves nothing that learns",
                  "Freeze less, or set finetune.lora_rank");
  }
}

const char* to_string(Learning learning) noexcept {
  switch (learning) {
    case Learning::trained: return "trained";
    case Learning::frozen: return "frozen";
    case Learning::adapter: return "adapter";
  }
  return "?";
}

std::vector<PartSummary> summarise(const ParameterSet& parameters) {
  std::set<const ParameterState*> base;
  for (const Parameter& parameter : base_parameters(parameters)) base.insert(parameter.get());
  std::vector<PartSummary> out;
  for (const Parameter& parameter : parameters.all()) {
    const bool adapter = !base.contains(parameter.get());
    const Learning learning = adapter ? Learning::adapter : parameter->trainable ? Learning::trained : Learning::frozen;
    const std::string place = place_of(parameter->path, adapter);
    auto found = std::ranges::find_if(
        out, [&](const PartSummary& part) { return part.path == place && part.learning == learning; });
    if (found == out.end()) found = out.insert(out.end(), {place, learning, 0, 0});
    ++found->arrays;
    found->numel += logical_numel(*parameter);
  }
  std::ranges::stable_sort(out, {}, &PartSummary::learning);
  return out;
}

std::int64_t trainable_numel(const ParameterSet& parameters) {
  std::int64_t count = 0;
  for (const Parameter& parameter : parameters.all()) count += parameter->trainable ? logical_numel(*parameter) : 0;
  return count;
}

}  // namespace athanor::nn
