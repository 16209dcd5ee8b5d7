#include "core/journal/codec.h"

#include "tests/core/journal/samples.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace athanor::journal {
namespace {

TEST(Codec, GivesBackEveryEvent) {
  ASSERT_EQ(one_of_each().size(), std::variant_size_v<Payload>);
  for (const Payload& payload : one_of_each()) {
    const auto back = decode(frame_type(payload), encode(payload));
    ASSERT_TRUE(back) << event_name(payload);
    EXPECT_EQ(json_of(*back), json_of(payload));
  }
}

TEST(Codec, IgnoresBytesOfALaterVersionAndFillsInMissingFields) {
  const Payload fault = FaultSeen{3, "io", "write", "disk full", "free some space"};
  EXPECT_EQ(json_of(decode(frame_type(fault), encode(fault) + "later").value()), json_of(fault));
  const Payload older = Recovery{3, ""};
  const std::string without_text = encode(older).substr(0, 8);
  EXPECT_EQ(json_of(decode(FrameType::recovery, without_text).value()), json_of(older));
}

TEST(Codec, ReadsRecoveriesOfJournalsThatDoNotSayWhereTheTimeWent) {
  std::string before;
  put(before, std::int64_t{29});
  put_text(before, "checkpoint step-29");
  const auto back = std::get<Recovery>(decode(FrameType::recovery, before).value());
  EXPECT_EQ(back.from, "checkpoint step-29");
  EXPECT_EQ(back.rank, -1);
  EXPECT_EQ(back.replicas, 0);
  EXPECT_EQ(back.replay_ms, -1);
}

TEST(Codec, RefusesEveryCutInsideAField) {
  const Payload hit = RetrievalSample{9, true, 1, "fox", "", 1, 10, {{4, "dog", "", 0.5}}};
  const std::string bytes = encode(hit);
  int refused = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    refused += decode(FrameType::retrieval_sample, bytes.substr(0, size)) ? 0 : 1;
  }
  EXPECT_GE(refused, static_cast<int>(bytes.size()) - 12);  // all but the borders between fields
}

TEST(Codec, SurvivesRandomBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 96, '\0');
    for (char& byte : bytes) byte = static_cast<char>(round % 2 != 0 ? random() : random() % 4);
    const auto type = static_cast<FrameType>(16 + random() % 14);
    const auto payload = decode(type, bytes);
    if (payload) {
      EXPECT_EQ(frame_type(*payload), type);
    }
  }
}

TEST(Codec, RefusesAnUnknownEnumerator) {
  std::string bytes = encode(StateChanged{RunState::running, "x"});
  bytes[0] = 77;
  EXPECT_FALSE(decode(FrameType::state_changed, bytes));
}

TEST(Codec, ReplacesBytesThatAreNotUtf8) {
  const auto back = decode(FrameType::log_line, encode(LogLine{Severity::info, "a\xFE\xA7J\xC3(\xED\xA0\x80 é"}));
  EXPECT_EQ(std::get<LogLine>(back.value()).text, "a\uFFFD\uFFFDJ\uFFFD(\uFFFD\uFFFD\uFFFD é");
}

TEST(Text, WritesOneObjectPerEventWithNamesUnitsAndNonFiniteNumbers) {
  const auto json = nlohmann::json::parse(to_json({5, MetricSamples{2, {{"a", 0.5}, {"b", std::nan("")}}}}));
  EXPECT_EQ(json,
            nlohmann::json::parse(R"({"time_ns":5,"event":"metric_samples","step":2,"values":{"a":0.5,"b":"nan"}})"));
  const auto state = nlohmann::json::parse(to_json({0, StateChanged{RunState::stopped, "asked"}}));
  EXPECT_EQ(state["state"], "stopped");
}

}  // namespace
}  // namespace athanor::journal
