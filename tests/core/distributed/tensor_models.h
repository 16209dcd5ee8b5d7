// Small models of every family that divides itself over a tensor group, trained for some steps on fixed random data, by
// one process or by ranks that are threads; and what is compared between the two.
#pragma once

#include "core/autograd/shard.h"
#include "core/tensor/context.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace athanor::test {

struct SmallModel {
  std::shared_ptr<void> model;  // owns the parameters
  std::vector<Parameter> parameters;
  std::function<Variable()> loss;
};
struct Family {
  std::string name;
  std::function<SmallModel(Context&, float dropout)> make;
};
// two_tower, with a bert as text tower, vit, decoder, with and without a head of its own.
[[nodiscard]] const std::vector<Family>& divided_families();
// The two two_towers with nothing but the contrastive loss. It pulls rows that are still alike apart, so its gradient
// is a difference of large numbers, of which f32 keeps fewer places.
[[nodiscard]] const std::vector<Family>& contrastive_families();

struct Training {
  int ranks = 1;
  bool divides_rows = false;
  float dropout = 0.25F;
  std::int64_t steps = 4;
  int threads = 1;
  int moves_last_bits = 0;  // of every weight at random, before each step: drawn anew for each number; 0: none
};

// By logical parameter.
using Numbers = std::map<std::string, std::vector<float>>;
struct Step {
  double loss = 0, norm = 0;
  bool told = false;           // the two, by some rank
  Numbers gradients, weights;  // after the step
};
// What one process found, or what the ranks found together.
struct Outcome {
  std::vector<Step> steps;
  Numbers initial;
  std::vector<std::string> divided;    // paths
  std::vector<std::string> different;  // what should be the same on every rank and has other bits on one
  std::int64_t own_numbers = 0;        // of the weights of rank 0
};
// Where `begins` is given, each step but the first begins with the weights that it had after the step before.
[[nodiscard]] Outcome train(const Family& family, const Training& training, const Outcome* begins = nullptr);

// The distance between two arrays as a share of the length of the second one.
[[nodiscard]] double distance(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace athanor::test
