#include "core/recipe/prediction.h"

#include <nlohmann/json.hpp>

namespace athanor::recipe {

using nlohmann::json;

namespace {

constexpr Topic kTopics[] = {Topic::general, Topic::time, Topic::memory};

Note note_from(const json& in) {
  // Predictions in older journals have plain sentences.
  if (in.is_string()) return {Topic::general, in.get<std::string>()};
  Note out{Topic::general, in.at("text").get<std::string>()};
  const auto name = in.at("topic").get<std::string>();
  for (const Topic topic : kTopics)
    if (to_string(topic) == name) out.topic = topic;
  return out;
}

}  // namespace

std::optional<double> deviation(double predicted, double measured) {
  if (!(predicted > 0 && measured > 0)) return std::nullopt;
  return measured / predicted - 1;
}

std::string_view to_string(Topic topic) {
  switch (topic) {
    case Topic::general: break;
    case Topic::time: return "time";
    case Topic::memory: return "memory";
  }
  return "general";
}

std::string to_json(const Prediction& prediction) {
  json memory = json::array();
  for (const MemoryShare& share : prediction.memory) memory.push_back({{"owner", share.owner}, {"bytes", share.bytes}});
  json treatment = json::array();
  for (const ParameterShare& share : prediction.treatment) {
    treatment.push_back({{"path", share.path},
                         {"learning", share.learning},
                         {"arrays", share.arrays},
                         {"parameters", share.parameters}});
  }
  json ranks = json::array();
  for (const RankNeed& need : prediction.ranks) {
    ranks.push_back({{"ranks", need.ranks},
                     {"count", need.count},
                     {"peak_memory_bytes", need.peak_memory_bytes},
                     {"bytes_on_wire_per_step", need.bytes_on_wire_per_step}});
  }
  json wire = json::array();
  for (const AxisTraffic& axis : prediction.wire)
    wire.push_back({{"axis", axis.axis}, {"bytes", axis.bytes}, {"messages", axis.messages}});
  json bars = json::array();
  for (const ScheduleBar& bar : prediction.schedule.bars)
    bars.push_back({bar.rank, std::string(1, bar.kind), bar.stage, bar.micro_batch, bar.begin, bar.end});
  const json schedule = {{"name", prediction.schedule.name},
                         {"stages", prediction.schedule.stages},
                         {"micro_batches", prediction.schedule.micro_batches},
                         {"bubble", prediction.schedule.bubble},
                         {"basis", "simulated"},
                         {"bars", bars}};
  json notes = json::array();
  for (const Note& note : prediction.notes) notes.push_back({{"topic", to_string(note.topic)}, {"text", note.text}});
  const json out = {{"model", prediction.model},
                    {"parameters", prediction.parameters},
                    {"trainable", prediction.trainable},
                    {"treatment", treatment},
                    {"memory", memory},
                    {"peak_memory_bytes", prediction.peak_memory_bytes},
                    {"device_memory_bytes", prediction.device_memory_bytes},
                    {"device", prediction.device},
                    {"flops_per_step", prediction.flops_per_step},
                    {"steps_per_second", prediction.steps_per_second},
                    {"samples_per_second", prediction.samples_per_second},
                    {"steps", prediction.steps},
                    {"seconds_to_finish", prediction.seconds_to_finish},
                    {"checkpoint_bytes", prediction.checkpoint_bytes},
                    {"bytes_on_wire_per_step", prediction.bytes_on_wire_per_step},
                    {"ranks", ranks},
                    {"wire", wire},
                    {"schedule", schedule},
                    {"notes", notes}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

namespace {

ScheduleBar bar_from(const json& bar) {
  const auto kind = bar.at(1).get<std::string>();
  return {bar.at(0).get<int>(), kind.empty() ? '?' : kind.front(), bar.at(2).get<int>(),
          bar.at(3).get<int>(), bar.at(4).get<double>(),           bar.at(5).get<double>()};
}

}  // namespace

Result<Prediction> prediction_from_json(std::string_view text) {
  try {
    const json in = json::parse(text);
    Prediction out;
    in.at("model").get_to(out.model);
    in.at("parameters").get_to(out.parameters);
    // Predictions in older journals say nothing of what learns: everything did.
    out.trainable = in.value("trainable", out.parameters);
    for (const json& share : in.value("treatment", json::array())) {
      out.treatment.push_back({share.at("path").get<std::string>(), share.at("learning").get<std::string>(),
                               share.at("arrays").get<std::int64_t>(), share.at("parameters").get<std::int64_t>()});
    }
    for (const json& share : in.at("memory")) {
      out.memory.push_back({share.at("owner").get<std::string>(), share.at("bytes").get<std::int64_t>()});
    }
    in.at("peak_memory_bytes").get_to(out.peak_memory_bytes);
    in.at("device_memory_bytes").get_to(out.device_memory_bytes);
    in.at("device").get_to(out.device);
    in.at("flops_per_step").get_to(out.flops_per_step);
    in.at("steps_per_second").get_to(out.steps_per_second);
    in.at("samples_per_second").get_to(out.samples_per_second);
    in.at("steps").get_to(out.steps);
    in.at("seconds_to_finish").get_to(out.seconds_to_finish);
    in.at("checkpoint_bytes").get_to(out.checkpoint_bytes);
    in.at("bytes_on_wire_per_step").get_to(out.bytes_on_wire_per_step);
    // Predictions in older journals speak of one rank.
    for (const json& need : in.value("ranks", json::array())) {
      out.ranks.push_back({need.at("ranks").get<std::string>(), need.at("count").get<int>(),
                           need.at("peak_memory_bytes").get<std::int64_t>(),
                           need.at("bytes_on_wire_per_step").get<std::int64_t>()});
    }
    for (const json& axis : in.value("wire", json::array())) {
      out.wire.push_back({axis.at("axis").get<std::string>(), axis.at("bytes").get<std::int64_t>(),
                          axis.at("messages").get<std::int64_t>()});
    }
    if (const auto schedule = in.find("schedule"); schedule != in.end()) {
      out.schedule = {schedule->at("name").get<std::string>(), schedule->at("stages").get<int>(),
                      schedule->at("micro_batches").get<int>(), schedule->at("bubble").get<double>()};
      for (const json& bar : schedule->value("bars", json::array())) out.schedule.bars.push_back(bar_from(bar));
    }
    for (const json& note : in.at("notes")) out.notes.push_back(note_from(note));
    return out;
  } catch (const json::exception& error) {
    return fail(ErrorKind::corrupt, "read a prediction", error.what());
  }
}

}  // namespace athanor::recipe
