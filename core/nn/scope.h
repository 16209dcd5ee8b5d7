// Where a module is built: its dotted path, and the set that collects parameters under their paths.
//
// Every random number of an initial value is a function of (seed, path, element), so values do not depend on the order
// in which modules are built, nor on what else a model holds. Where the context has a tensor group, layers that divide
// themselves have this rank's part of their parameters alone, with the values that these elements have in the whole.
#pragma once

#include "core/autograd/shard.h"
#include "core/autograd/variable.h"
#include "core/nn/site.h"
#include "core/ops/tensor_group.h"
#include "core/tensor/context.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::nn {

// What a new parameter holds.
struct Init {
  enum class Kind { constant, uniform, normal, truncated_normal };
  Kind kind = Kind::constant;
  float value = 0.0f;  // constant: the number; uniform: the bound to both sides; normal: the standard deviation

  static constexpr Init zeros() { return {}; }
  static constexpr Init constant(float value) { return {Kind::constant, value}; }
  static constexpr Init uniform(float bound) { return {Kind::uniform, bound}; }
  static constexpr Init normal(float deviation) { return {Kind::normal, deviation}; }
  // Cut at two deviations.
  static constexpr Init truncated_normal(float deviation) { return {Kind::truncated_normal, deviation}; }
  // Uniform within 1/sqrt(inputs): what keeps the variance of a layer's output near that of its input.
  static Init fan_in(std::int64_t inputs);
};

// All parameters of a model, in the order in which they were made.
class ParameterSet {
 public:
  // Throws Failure(internal) when the path is taken.
  void add(Parameter parameter);
  // Forgets all others, and gives their memory back: what is built with them can no longer be computed with.
  void keep(const std::function<bool(const ParameterState&)>& wanted);
  [[nodiscard]] const std::vector<Parameter>& all() const noexcept { return parameters_; }
  // Null when there is none.
  [[nodiscard]] Parameter find(std::string_view path) const;
  // Of the logical arrays.
  [[nodiscard]] std::int64_t numel() const;

  // Where layers stand, in the order in which they were built.
  std::shared_ptr<const Site> add_site(Site site);
  [[nodiscard]] const std::vector<std::shared_ptr<const Site>>& sites() const noexcept { return sites_; }

 private:
  std::vector<Parameter> parameters_;
  std::map<std::string, Parameter, std::less<>> by_path_;
  std::vector<std::shared_ptr<const Site>> sites_;
};

struct ParameterTraits {
  Init init;
  bool decays = true;
  float rate = 1.0f;
  bool product = false;                   // see ParameterState
  std::optional<Division> division = {};  // over the tensor group, where there is one
};

// 64-bit FNV-1a of a path: the same on every machine, for keys of random numbers.
[[nodiscard]] std::uint64_t path_hash(std::string_view path) noexcept;
// The same in 32 bits, as a stream of random numbers: one path draws the same whatever stands beside it.
[[nodiscard]] std::uint32_t path_stream(std::string_view path) noexcept;

class Scope {
 public:
  Scope(Context& context, ParameterSet& parameters, std::uint64_t seed, std::string path = {})
      : context_(&context), parameters_(&parameters), seed_(seed), path_(std::move(path)) {}

  [[nodiscard]] Scope child(std::string_view name) const { return {*context_, *parameters_, seed_, join(name)}; }
  [[nodiscard]] Scope child(std::int64_t index) const { return child(std::to_string(index)); }
  // `shape` is that of the logical array.
  [[nodiscard]] Parameter parameter(std::string_view name, const Shape& shape, const ParameterTraits& traits) const;
  // The ranks that layers here divide themselves between; null where there is but one.
  [[nodiscard]] const ops::TensorGroup* group() const noexcept { return ops::group_of(*context_); }
  // How many of `count` things a rank has when they are divided evenly. Throws Failure(invalid_input) naming the place,
  // the things and the nearest number of ranks that does, where they cannot be.
  [[nodiscard]] std::int64_t share_of(std::int64_t count, const char* things) const;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  // Registers this place as a layer whose number formats are decided from outside.
  [[nodiscard]] std::shared_ptr<const Site> site(LayerKind kind, std::int64_t in, std::int64_t out) const;
  // A number for this place, for dropout.
  [[nodiscard]] std::uint32_t stream() const noexcept { return path_stream(path_); }

 private:
  [[nodiscard]] std::string join(std::string_view name) const;

  Context* context_;
  ParameterSet* parameters_;
  std::uint64_t seed_;
  std::string path_;
};

}  // namespace athanor::nn
