// Events and files that several journal tests share.
#pragma once

#include "core/journal/reader.h"
#include "core/journal/text.h"
#include "core/journal/writer.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace athanor::journal {

// A folder that goes with the test.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "athanor-journal-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline std::vector<Payload> one_of_each() {
  return {StateChanged{RunState::failed, "the disk is full"},
          MetricSamples{7, {{"train/loss", 4.85}, {"train/gradient_norm", std::numeric_limits<double>::infinity()}}},
          Span{1, 2, SpanKind::send, 3, 4, 500, 900, 5},
          DeviceSample{"cuda:0", 0.5, 1 << 20, 1LL << 36, 310.5, 66},
          RetrievalSample{9,
                          false,
                          12,
                          "fox",
                          "media/fox.png",
                          3,
                          196,
                          {{4, "dog face", "media/dog.png", 0.75}, {5, "wolf", "", -0.5}}},
          Evaluation{400, "test", {{"t2i_r1", 0.25}, {"t2i_r10", 0.625}}},
          CheckpointWritten{400, 12345678, 0.25, "checkpoints/step-400"},
          PrecisionDecision{1, "bf16", "fp32", "this processor has no bf16"},
          PrecisionChange{
              200, "blocks.1.mlp.up", "forward", "bf16", "fp8-block", "error 2e-2", {{"activation.snr_db", 31.5}}},
          PredictionMade{R"({"steps":400})"},
          PredictionChecked{10, 4, 3.5, 100, 110, 60, 70},
          Alert{Severity::warning, 8, "spike", "loss tripled"},
          FaultSeen{8, "numeric", "take a step", "loss is not finite", "lower the learning rate"},
          Recovery{300, "checkpoint step-300", 2, 4, 13.5, 0.5, 180, 42, 30},
          StragglerSeen{480, 3, 401, 0.375, false, true, "see what else runs there"},
          WorkShifted{500, "4, 4", "6, 2", 0.25, true},
          LogLine{Severity::info, "Füchse und 狐"}};
}

inline std::string json_of(Payload payload) { return to_json(Event{0, std::move(payload)}); }

inline std::vector<std::string> json_of(const std::vector<Event>& events) {
  std::vector<std::string> lines;
  for (const Event& event : events) lines.push_back(to_json(event));
  return lines;
}

inline std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void put_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::remove(file);  // a file cut to nothing and written again is flushed by some file systems: slow
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

struct Whole {
  std::vector<Event> events;
  std::vector<Damage> damage, cut;
  std::int64_t torn_tail_bytes = 0;
  std::int64_t room_bytes = 0;
  std::int64_t next_offset = 0;
};

// Everything behind `offset`, batch after batch.
inline Whole read_all(const std::filesystem::path& file, std::int64_t max_bytes = 4 << 20) {
  Whole whole;
  while (true) {
    auto batch = value_or_throw(read(file, whole.next_offset, max_bytes));
    whole.events.insert(whole.events.end(), batch.events.begin(), batch.events.end());
    whole.damage.insert(whole.damage.end(), batch.damage.begin(), batch.damage.end());
    whole.cut.insert(whole.cut.end(), batch.cut.begin(), batch.cut.end());
    whole.torn_tail_bytes = batch.torn_tail_bytes;
    whole.room_bytes = batch.room_bytes;
    if (batch.next_offset == whole.next_offset) return whole;
    whole.next_offset = batch.next_offset;
  }
}

// How many of `original` are missing from `kept`, or -1 when `kept` holds something else or in another order.
inline int missing(const std::vector<std::string>& original, const std::vector<std::string>& kept) {
  std::size_t at = 0;
  for (const std::string& line : original) {
    if (at < kept.size() && kept[at] == line) ++at;
  }
  return at == kept.size() ? static_cast<int>(original.size() - kept.size()) : -1;
}

}  // namespace athanor::journal
