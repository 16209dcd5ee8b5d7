// What a run says about itself: small typed values with units and no words for people except log lines and causes.
// Colours, wording and number formats are the window's business.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace athanor::journal {

enum class RunState : std::uint8_t { preparing, running, stopping, finished, stopped, failed };

struct StateChanged {
  RunState state = RunState::preparing;
  std::string cause;  // why, for stopped and failed
};

// Named values of one step: "train/loss", "train/learning_rate", "train/gradient_norm", "train/temperature",
// "train/samples_per_s", "train/step_ms", "eval/t2i_r1", …  Non-finite values are kept as they are.
struct MetricSamples {
  std::int64_t step = 0;
  std::vector<std::pair<std::string, double>> values;
};
// Whether they were told at the end of a step, not by an evaluation.
[[nodiscard]] inline bool is_of_a_step(const MetricSamples& figures) {
  return !figures.values.empty() && figures.values.front().first.starts_with("train/");
}

enum class SpanKind : std::uint8_t {
  data,
  forward,
  backward,
  input_gradient,
  weight_gradient,
  send,
  receive,
  reduce,
  optimizer,
  evaluate,
  checkpoint,
  offload,
  idle
};

struct Span {
  std::int32_t rank = 0;
  std::int32_t lane = 0;
  SpanKind kind = SpanKind::forward;
  std::int64_t step = 0;
  std::int32_t micro_batch = 0;  // negative: of the whole batch
  std::int64_t begin_ns = 0;     // monotonic, same clock as Event::time_ns
  std::int64_t end_ns = 0;
  std::int32_t stage = -1;  // of a pipeline; negative: of none
};

struct DeviceSample {
  std::string device;             // "cpu", "cuda:0"
  double utilisation = 0;         // 0…1 of the whole device; negative: not known
  std::int64_t memory_bytes = 0;  // used by this run
  std::int64_t memory_total_bytes = 0;
  double power_w = -1;  // negative: not known
  double temperature_c = -1;
};

struct RetrievalHit {
  std::int64_t id = 0;  // concept
  std::string label;    // its text
  std::string picture;  // file under media/, relative to the run directory
  double score = 0;
};

// One fixed probe query and its best answers at one evaluation.
struct RetrievalSample {
  std::int64_t step = 0;
  bool text_to_image = true;
  std::int64_t query_id = 0;
  std::string query_label;
  std::string query_picture;
  std::int64_t truth_rank = 0;  // 1 is best; ties and non-finite scores count against it
  std::int64_t gallery_size = 0;
  std::vector<RetrievalHit> top;
};

struct Evaluation {
  std::int64_t step = 0;
  std::string split;                                    // "test"
  std::vector<std::pair<std::string, double>> metrics;  // "t2i_r1", "t2i_r10", "i2t_r1", …
};

struct CheckpointWritten {
  std::int64_t step = 0;
  std::int64_t bytes = 0;
  double seconds = 0;
  std::string path;  // relative to the run directory
};

struct PrecisionDecision {
  std::int64_t step = 0;
  std::string requested;
  std::string actual;
  std::string reason;
};

// One change of a layer's number format while training: the audit trail from which a run can be repeated to the bit.
struct PrecisionChange {
  std::int64_t step = 0;  // steps done; it holds from the next one on
  std::string layer;      // "text_tower.blocks.1.mlp.up"
  std::string pass;       // "forward" or "backward"
  std::string from, to;   // "bf16", "fp8-block"
  std::string reason;
  std::vector<std::pair<std::string, double>> statistics;  // "activation.snr_db", …
};

// The Prediction as JSON (core/recipe/prediction.h), and after ten steps what was measured against it.
struct PredictionMade {
  std::string json;
};
struct PredictionChecked {
  std::int64_t step = 0;
  double predicted_steps_per_second = 0;
  double measured_steps_per_second = 0;
  std::int64_t predicted_peak_bytes = 0;
  std::int64_t measured_peak_bytes = 0;
  double predicted_seconds_to_finish = 0;
  double measured_seconds_to_finish = 0;
};

enum class Severity : std::uint8_t { info, warning, error };

struct Alert {
  Severity severity = Severity::warning;
  std::int64_t step = 0;
  std::string rule;
  std::string text;
};

// The error as a value: what ended the run or was survived.
struct FaultSeen {
  std::int64_t step = 0;
  std::string kind;  // to_string(ErrorKind)
  std::string intention, cause, remedy;
};

// The run went on from a checkpoint: earlier samples after `step` are superseded by what follows. Step 0 is the
// beginning: everything is, also what was said of step 0.
struct Recovery {
  std::int64_t step = 0;
  std::string from;           // "checkpoint step-400", "fork of <run>"
  std::int32_t rank = -1;     // that was lost; negative: none was
  std::int32_t replicas = 0;  // that go on; 0: not told
  // Where the time went, in milliseconds; negative: not known. From the last sign of life until somebody noticed, until
  // it was decided what to do, until all were there, until they had one state, until the next step was done.
  double detect_ms = -1, decide_ms = -1, respawn_ms = -1, load_ms = -1, replay_ms = -1;
};

// A rank that is slower at its own work than those that have the same, whoever waits for whom.
struct StragglerSeen {
  std::int64_t step = 0;  // after which it was found
  std::int32_t rank = 0;
  std::int64_t since = 0;  // the first step of the windows that showed it
  double slower = 0;       // 0.5: takes half as long again as the median of its peers
  bool is_over = false;    // it has caught up; told once after it was seen
  // No rank has the same work: it was held against its own beginning, and that against the other ranks'.
  bool against_past = false;
  std::string remedy;  // empty where it is over
};

// Replicas take other shares of each batch from here on, or the stages of a pipeline other layers of the model.
struct WorkShifted {
  std::int64_t step = 0;  // after which
  std::string from, to;   // micro-batches of each replica, or layers of each stage: "4, 4"
  double gain = 0;        // 0.25: the step is to take a quarter less
  bool is_of_layers = false;
};

struct LogLine {
  Severity severity = Severity::info;
  std::string text;
};

using Payload = std::variant<StateChanged, MetricSamples, Span, DeviceSample, RetrievalSample, Evaluation,
                             CheckpointWritten, PrecisionDecision, PredictionMade, PredictionChecked, Alert, FaultSeen,
                             Recovery, LogLine, PrecisionChange, StragglerSeen, WorkShifted>;

struct Event {
  std::int64_t time_ns = 0;  // monotonic nanoseconds since the journal's anchor
  Payload payload;
};

}  // namespace athanor::journal
