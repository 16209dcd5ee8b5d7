// What a two_tower model costs, found without memory or arithmetic: the model's own code runs in a dry Context through
// one training step, while allocations and operations are counted. A pure function of its arguments.
#pragma once

#include "core/models/two_tower/two_tower.h"

#include <map>

namespace athanor::models {

struct ParameterInfo {
  std::string path;
  Shape shape;
  std::int64_t numel = 0;
  bool decays = true;
};

struct ModelSummary {
  std::vector<ParameterInfo> parameters;
  std::int64_t parameter_count = 0;
  std::int64_t image_tower_count = 0, text_tower_count = 0;
  double flops_forward = 0, flops_backward = 0, flops_optimizer = 0;  // of one step
  std::map<std::string, double> flops_by_op;                          // all of one step, by kernel name
  std::map<std::string, std::int64_t> launches_by_op;
  std::size_t activation_bytes = 0;  // held between forward and backward
  MemoryStats memory;                // after three steps: peak_bytes, by_tag_at_peak, peak_reserved_bytes
  [[nodiscard]] double flops() const { return flops_forward + flops_backward + flops_optimizer; }
};

struct SummaryOptions {
  std::int64_t batch = 128;
  std::int64_t tokens = 0;  // length of the texts of a batch; 0: max_tokens
  Device device = {};
  int threads = 1;  // workspaces may depend on it
};

[[nodiscard]] ModelSummary summarize(const TwoTowerConfig& config, const SummaryOptions& options);

}  // namespace athanor::models
