#include "core/nn/scope.h"

#include "kernels/base/error.h"
#include "kernels/ops/elementwise/fill.h"
#include "kernels/ops/random/fill_random.h"

#include <fmt/format.h>

#include <cmath>

namespace athanor::nn {

namespace {

// `first` is where the elements stand in the logical array.
void fill(Context& context, const Tensor& tensor, const Init& init, std::uint64_t key, std::int64_t first) {
  if (init.kind == Init::Kind::constant) {
    context.launch("fill", kernels::fill, kernels::FillArgs{.value = init.value, .y = tensor.view()});
    return;
  }
  kernels::FillRandomArgs args{.low = -init.value,
                               .high = init.value,
                               .std = init.value,
                               .seed = key,
                               .first_index = static_cast<std::uint64_t>(first),
                               .y = tensor.view()};
  args.distribution = init.kind == Init::Kind::uniform  ? kernels::Distribution::uniform
                      : init.kind == Init::Kind::normal ? kernels::Distribution::normal
                                                        : kernels::Distribution::truncated_normal;
  context.launch("fill_random", kernels::fill_random, args);
}

void fill_shard(Context& context, const ParameterState& parameter, const Init& init, std::uint64_t key) {
  const Box whole = whole_box(parameter.shard->shape);
  for (const BoxNumbers& part : boxes_of(parameter.shard.get(), parameter.value)) {
    const Tensor flat = part.numbers.reshape({part.numbers.numel()});
    for (BoxRuns runs(part.box, whole, part.box); !runs.done(); runs.next())
      fill(context, flat.narrow(0, runs.in_target(), runs.length()), init, key, runs.in_outer());
  }
}

}  // namespace

Init Init::fan_in(std::int64_t inputs) { return uniform(1.0f / std::sqrt(static_cast<float>(inputs))); }

void ParameterSet::add(Parameter parameter) {
  if (!by_path_.emplace(parameter->path, parameter).second)
    throw Failure(ErrorKind::internal, "build the model", "two parameters are called " + parameter->path);
  parameters_.push_back(std::move(parameter));
}

void ParameterSet::keep(const std::function<bool(const ParameterState&)>& wanted) {
  std::erase_if(parameters_, [&](const Parameter& parameter) {
    if (wanted(*parameter)) return false;
    parameter->value = {};
    by_path_.erase(parameter->path);
    return true;
  });
}

Parameter ParameterSet::find(std::string_view path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second;
}

std::int64_t ParameterSet::numel() const {
  std::int64_t count = 0;
  for (const Parameter& parameter : parameters_) count += logical_numel(*parameter);
  return count;
}

Parameter Scope::parameter(std::string_view name, const Shape& shape, const ParameterTraits& traits) const {
  std::string path = join(name);
  const std::uint64_t key = seed_ ^ path_hash(path);
  std::shared_ptr<const Shard> shard;
  if (const ops::TensorGroup* ranks = traits.division ? group() : nullptr)
    shard = std::make_shared<const Shard>(shard_of(shape, *traits.division, ranks->index(), ranks->count()));
  const Tensor value = context_->empty(shard ? shape_of(*shard) : shape, DType::f32, MemoryTag::parameters);
  Parameter parameter = make_parameter(std::move(path), value, traits.decays);
  parameter->shard = std::move(shard);
  if (parameter->shard)
    fill_shard(*context_, *parameter, traits.init, key);
  else
    fill(*context_, value, traits.init, key, 0);
  parameter->rate = traits.rate;
  parameter->product = traits.product;
  parameters_->add(parameter);
  return parameter;
}

std::int64_t Scope::share_of(std::int64_t count, const char* things) const {
  const ops::TensorGroup* const ranks = group();
  if (ranks == nullptr) return count;
  if (count % ranks->count() == 0) return count / ranks->count();
  int nearest = ranks->count();
  while (count % nearest != 0) --nearest;
  throw Failure(
      ErrorKind::invalid_input, fmt::format("divide {} between {} ranks", path_, ranks->count()),
      fmt::format("parallel.tensor: {} {} cannot be divided evenly between {} ranks", count, things, ranks->count()),
      fmt::format("Set parallel.tensor to {}", nearest));
}

std::shared_ptr<const Site> ParameterSet::add_site(Site site) {
  site.index = sites_.size();
  sites_.push_back(std::make_shared<const Site>(std::move(site)));
  return sites_.back();
}

std::shared_ptr<const Site> Scope::site(LayerKind kind, std::int64_t in, std::int64_t out) const {
  return parameters_->add_site({.path = path_, .kind = kind, .in = in, .out = out});
}

std::string Scope::join(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

std::uint64_t path_hash(std::string_view path) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char letter : path) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3u;
  return hash;
}

std::uint32_t path_stream(std::string_view path) noexcept {
  const std::uint64_t hash = path_hash(path);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

}  // namespace athanor::nn
