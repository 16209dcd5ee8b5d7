// The fields of every event, once: the order on disk and the names in JSON both come from here. Append only.
// An archive is called as archive("name", member) for each member in turn. MetricSamples has its own frame (format.h).
#pragma once

#include "core/journal/event.h"

#include <type_traits>

namespace athanor::journal {

template <class A, class T>
void visit_fields(A& a, T& v) {
  using V = std::remove_const_t<T>;
  if constexpr (std::is_same_v<V, StateChanged>) {
    a("state", v.state), a("cause", v.cause);
  } else if constexpr (std::is_same_v<V, Span>) {
    a("rank", v.rank), a("lane", v.lane), a("kind", v.kind), a("step", v.step), a("micro_batch", v.micro_batch);
    a("begin_ns", v.begin_ns), a("end_ns", v.end_ns), a("stage", v.stage);
  } else if constexpr (std::is_same_v<V, DeviceSample>) {
    a("device", v.device), a("utilisation", v.utilisation), a("memory_bytes", v.memory_bytes);
    a("memory_total_bytes", v.memory_total_bytes), a("power_w", v.power_w), a("temperature_c", v.temperature_c);
  } else if constexpr (std::is_same_v<V, RetrievalHit>) {
    a("id", v.id), a("label", v.label), a("picture", v.picture), a("score", v.score);
  } else if constexpr (std::is_same_v<V, RetrievalSample>) {
    a("step", v.step), a("text_to_image", v.text_to_image), a("query_id", v.query_id), a("query_label", v.query_label);
    a("query_picture", v.query_picture), a("truth_rank", v.truth_rank), a("gallery_size", v.gallery_size),
        a("top", v.top);
  } else if constexpr (std::is_same_v<V, Evaluation>) {
    a("step", v.step), a("split", v.split), a("metrics", v.metrics);
  } else if constexpr (std::is_same_v<V, CheckpointWritten>) {
    a("step", v.step), a("bytes", v.bytes), a("seconds", v.seconds), a("path", v.path);
  } else if constexpr (std::is_same_v<V, PrecisionDecision>) {
    a("step", v.step), a("requested", v.requested), a("actual", v.actual), a("reason", v.reason);
  } else if constexpr (std::is_same_v<V, PrecisionChange>) {
    a("step", v.step), a("layer", v.layer), a("pass", v.pass), a("from", v.from), a("to", v.to);
    a("reason", v.reason), a("statistics", v.statistics);
  } else if constexpr (std::is_same_v<V, PredictionMade>) {
    a("json", v.json);
  } else if constexpr (std::is_same_v<V, PredictionChecked>) {
    a("step", v.step), a("predicted_steps_per_second", v.predicted_steps_per_second);
    a("measured_steps_per_second", v.measured_steps_per_second), a("predicted_peak_bytes", v.predicted_peak_bytes);
    a("measured_peak_bytes", v.measured_peak_bytes), a("predicted_seconds_to_finish", v.predicted_seconds_to_finish);
    a("measured_seconds_to_finish", v.measured_seconds_to_finish);
  } else if constexpr (std::is_same_v<V, Alert>) {
    a("severity", v.severity), a("step", v.step), a("rule", v.rule), a("text", v.text);
  } else if constexpr (std::is_same_v<V, FaultSeen>) {
    a("step", v.step), a("kind", v.kind), a("intention", v.intention), a("cause", v.cause), a("remedy", v.remedy);
  } else if constexpr (std::is_same_v<V, Recovery>) {
    a("step", v.step), a("from", v.from), a("rank", v.rank), a("replicas", v.replicas);
    a("detect_ms", v.detect_ms), a("decide_ms", v.decide_ms), a("respawn_ms", v.respawn_ms), a("load_ms", v.load_ms);
    a("replay_ms", v.replay_ms);
  } else if constexpr (std::is_same_v<V, StragglerSeen>) {
    a("step", v.step), a("rank", v.rank), a("since", v.since), a("slower", v.slower), a("is_over", v.is_over);
    a("against_past", v.against_past), a("remedy", v.remedy);
  } else if constexpr (std::is_same_v<V, WorkShifted>) {
    a("step", v.step), a("from", v.from), a("to", v.to), a("gain", v.gain), a("is_of_layers", v.is_of_layers);
  } else if constexpr (std::is_same_v<V, LogLine>) {
    a("severity", v.severity), a("text", v.text);
  } else {
    static_assert(std::is_same_v<V, MetricSamples>, "every event needs its fields here");
    a("step", v.step), a("values", v.values);
  }
}

}  // namespace athanor::journal
