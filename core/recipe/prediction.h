// What an experiment will cost, said before it starts: printed by `athanor-run plan`, shown beside the form, journaled
// at the start of a run and held against the facts after ten steps and at its end.
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::recipe {

struct MemoryShare {
  std::string owner;  // "parameters", "gradients", "optimizer", "activations", "workspace", "data", "exchange",
                      // "checkpoint", "program"
  std::int64_t bytes = 0;
};

// Parameters that are treated alike: "text_tower.encoder.blocks", "frozen".
struct ParameterShare {
  std::string path;
  std::string learning;  // "trained", "frozen", "adapter"
  std::int64_t arrays = 0;
  std::int64_t parameters = 0;
};

// Ranks that do alike: "0", "1-3".
struct RankNeed {
  std::string ranks;
  int count = 1;
  std::int64_t peak_memory_bytes = 0;
  std::int64_t bytes_on_wire_per_step = 0;  // that each sends, frames included
};

// What a rank sends along an axis of the mesh in a step; of all ranks the one that sends most.
struct AxisTraffic {
  std::string axis;  // "data"
  std::int64_t bytes = 0, messages = 0;
};

// What a rank of a pipeline computes, begin and end as shares of a step.
struct ScheduleBar {
  int rank = 0;   // along the pipeline
  char kind = 0;  // as to_string(parallel::OpKind): F, B, or I and W apart
  int stage = 0;
  int micro_batch = 0;
  double begin = 0, end = 0;
};

// The pipeline's schedule; with one stage there is none.
struct SchedulePrediction {
  std::string name;
  int stages = 1, micro_batches = 1;   // of a replica
  double bubble = 0;                   // share of a step that a rank waits, simulated
  std::vector<ScheduleBar> bars = {};  // by rank and time; none where they are too many to be looked at
};

enum class Topic { general, time, memory };

struct Note {
  Topic topic = Topic::general;
  std::string text;  // a sentence
};

struct Prediction {
  std::string model;  // one line: "two_tower: image 1.2 M, text 0.4 M"
  std::int64_t parameters = 0;
  std::int64_t trainable = 0;             // of them
  std::vector<ParameterShare> treatment;  // all of them, by place
  std::vector<MemoryShare> memory;        // of the rank that needs most
  std::vector<RankNeed> ranks;            // all of them; the one that needs most is not always the first
  std::int64_t peak_memory_bytes = 0;
  std::int64_t device_memory_bytes = 0;  // what the device has
  std::string device;                    // "cpu: AMD EPYC, 2 threads"
  double flops_per_step = 0;             // forward and backward, of all ranks
  double steps_per_second = 0;
  double samples_per_second = 0;
  std::int64_t steps = 0;        // that are left to take
  double seconds_to_finish = 0;  // training, evaluation and checkpoints
  std::int64_t checkpoint_bytes = 0;
  std::int64_t bytes_on_wire_per_step = 0;  // of the rank that sends most, over all axes
  std::vector<AxisTraffic> wire;            // by axis; none with one rank
  SchedulePrediction schedule;
  std::vector<Note> notes;  // what the prediction assumes, warnings
};

// How far what was measured lies off what was predicted, as a share of the prediction: 0.21 where it is 21 % more.
// Nothing where one of them is not known, that is, not above 0.
[[nodiscard]] std::optional<double> deviation(double predicted, double measured);

[[nodiscard]] std::string_view to_string(Topic topic);
[[nodiscard]] std::string to_json(const Prediction& prediction);
[[nodiscard]] Result<Prediction> prediction_from_json(std::string_view json);

}  // namespace athanor::recipe
