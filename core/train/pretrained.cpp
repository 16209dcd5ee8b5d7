#include "core/train/pretrained.h"

#include "core/autograd/shard.h"
#include "core/checkpoint/foreign_weights.h"
#include "core/train/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace athanor::train {
namespace {

// The parts of one array, one below the other.
Result<std::vector<float>> stacked(checkpoint::ForeignWeights& weights, const checkpoint::Placement& placement) {
  std::vector<float> out;
  for (const std::string& name : placement.foreign) {
    auto part = weights.numbers(name);
    if (!part) return part;
    if (!std::ranges::all_of(*part, [](float value) { return std::isfinite(value); })) {
      return fail(ErrorKind::numeric, "load " + weights.path().string(), name + " holds a number that is not finite",
                  "use other weights");
    }
    if (out.empty()) {
      out = std::move(*part);
    } else {
      out.insert(out.end(), part->begin(), part->end());
    }
  }
  return out;
}

}  // namespace

Result<Pretrained> load_pretrained(Context& context, const std::vector<Parameter>& parameters, std::string_view root,
                                   const std::filesystem::path& weights, const checkpoint::NameTable& names) {
  auto opened = checkpoint::ForeignWeights::open(weights);
  if (!opened) return tl::unexpected(opened.error());
  const std::string prefix = std::string(root) + ".";
  std::vector<Parameter> targets;
  std::vector<checkpoint::NamedShape> ours;
  for (const Parameter& parameter : parameters) {
    if (!parameter->path.starts_with(prefix)) continue;
    targets.push_back(parameter);
    ours.push_back({parameter->path.substr(prefix.size()), logical_shape(*parameter)});
  }
  auto match = checkpoint::match_names(names, opened->arrays(), ours, weights.string());
  if (!match) return tl::unexpected(match.error());

  Pretrained out{0, 0, std::move(match->unused)};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    ++out.arrays;
    out.numel += logical_numel(*targets[i]);
    if (context.dry()) continue;
    const auto values = stacked(*opened, match->placements[i]);
    if (!values) return tl::unexpected(values.error());
    const Shard* const shard = targets[i]->shard.get();
    context.write(targets[i]->value, shard ? cut(*shard, *values) : *values);
  }
  return out;
}

Result<std::string> store_pretrained(const Context& context, const std::vector<Parameter>& parameters,
                                     std::string_view root, const std::filesystem::path& file,
                                     const checkpoint::NameTable& names) {
  const std::string prefix = std::string(root) + ".";
  std::vector<std::vector<float>> values;
  std::vector<std::vector<checkpoint::NamedShape>> parts;
  for (const Parameter& parameter : parameters) {
    if (!parameter->path.starts_with(prefix)) continue;
    parts.push_back(
        checkpoint::foreign_arrays(names, {parameter->path.substr(prefix.size()), dims_of(parameter->value.shape())}));
    if (parts.back().empty()) {
      return fail(ErrorKind::invalid_input, fmt::format("write {}", file.string()),
                  fmt::format("the names of {} know nothing like {}", names.family, parameter->path));
    }
    values.push_back(context.download(parameter->value));
  }
  std::vector<checkpoint::ArrayView> views;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t size = values[i].size() / parts[i].size();
    for (std::size_t part = 0; part < parts[i].size(); ++part) {
      const checkpoint::NamedShape& one = parts[i][part];
      views.push_back({one.name, one.shape, std::span(values[i]).subspan(part * size, size)});
    }
  }
  return checkpoint::write_safetensors(file, views, {{"format", "pt"}});
}

}  // namespace athanor::train
