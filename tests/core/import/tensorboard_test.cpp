// TensorBoard's event files.
#include "tests/core/import/foreign_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::imports {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kFile = "events.out.tfevents.1700000000.host.1.0";

TEST(TensorBoard, GivesEveryScalarWithItsStepTimeAndValue) {
  Folder folder;
  folder.write(std::string("night/") + kFile, event_file(3) + tf_event(2000.25, 7, tensor_scalar("accuracy", 0.75F)));
  const Heard heard = hear_only(folder.path);
  EXPECT_EQ(heard.told.name, "night");
  EXPECT_THAT(values_of(heard, "loss"), ElementsAre(1.0, 0.5, static_cast<double>(1.0F / 3.0F)));
  EXPECT_EQ(heard.metrics.at("loss").at(2).step, 2);
  EXPECT_EQ(heard.metrics.at("loss").at(2).time_ns, 1'003'000'000'000);
  EXPECT_EQ(heard.metrics.at("accuracy").front(), (Heard::Sample{7, 2'000'250'000'000, 0.75}));
  EXPECT_EQ(heard.told.end, End::stopped);
  EXPECT_THAT(heard.told.lost, IsEmpty());
}

TEST(TensorBoard, HasARunForEachFolderAndReadsItsFilesInTheirOrder) {
  Folder folder;
  folder.write("a/train/events.out.tfevents.2.host", tf_event(5, 9, scalar("loss", 3)));
  folder.write("a/train/events.out.tfevents.1.host", event_file(2));
  folder.write("a/eval/events.out.tfevents.1.host", event_file(1));
  folder.write("a/notes.txt", "no event");
  const Found found = value_or_throw(find_sources(folder.path, Format::automatic));
  ASSERT_EQ(found.sources.size(), 2U);
  EXPECT_EQ(found.sources.at(0).name, "a/eval");
  EXPECT_EQ(found.sources.at(1).name, "a/train");
  EXPECT_THAT(values_of(value_or_throw(hear(found.sources.at(1))), "loss"), ElementsAre(1.0, 0.5, 3.0));
}

TEST(TensorBoard, IsTheSameRunWhereverItsFolderLies) {
  Folder one, other;
  one.write(std::string("deep/run/") + kFile, event_file(1));
  other.write(std::string("run/") + kFile, event_file(4));
  EXPECT_EQ(hear_only(one.path).told.id, hear_only(other.path / "run").told.id);
}

TEST(TensorBoard, ForgetsWhatARestartSupersedes) {
  Folder folder;
  const std::string start = bytes_field(7, varint_field(1, 1));
  folder.write(std::string("run/") + kFile,
               event_file(5) + tf_event(2000, 3, start) + tf_event(2001, 3, scalar("loss", 9)));
  EXPECT_EQ(hear_only(folder.path).recoveries, 1);
}

TEST(TensorBoard, TakesHyperparametersAndHowTheRunEnded) {
  Folder folder;
  const auto hparam = [](std::string_view name, const std::string& value) {
    return bytes_field(1, bytes_field(1, name) + bytes_field(2, value));
  };
  const auto summary = [](std::string_view tag, const std::string& content) {
    const std::string plugin = bytes_field(1, bytes_field(1, "hparams") + bytes_field(2, content));
    return bytes_field(5, bytes_field(1, bytes_field(1, tag) + bytes_field(9, plugin)));
  };
  const std::string start = bytes_field(3, hparam("lr", double_field(2, 0.01)) + hparam("opt", bytes_field(3, "adam")) +
                                               hparam("layers", double_field(2, 4)));
  const std::string end = bytes_field(4, varint_field(1, 1));
  folder.write(std::string("run/") + kFile, event_file(2) +
                                                tf_event(5, 0, summary("_hparams_/session_start_info", start)) +
                                                tf_event(6, 0, summary("_hparams_/session_end_info", end)));
  const Heard heard = hear_only(folder.path);
  EXPECT_EQ(heard.told.settings.at("lr"), Setting(0.01));
  EXPECT_EQ(heard.told.settings.at("opt"), Setting(std::string("adam")));
  EXPECT_EQ(heard.told.settings.at("layers"), Setting(std::int64_t{4}));
  EXPECT_EQ(heard.told.end, End::finished);
}

TEST(TensorBoard, NamesWhatItHasNoPlaceFor) {
  Folder folder;
  const std::string picture = bytes_field(5, bytes_field(1, bytes_field(1, "image") + bytes_field(4, "png")));
  folder.write(std::string("run/") + kFile, event_file(2) + tf_event(5, 1, picture));
  EXPECT_THAT(hear_only(folder.path).told.left_out, ElementsAre(HasSubstr("1 value")));
}

TEST(TensorBoard, PassesOverADamagedRecordAndSaysSo) {
  Folder folder;
  std::string bytes = event_file(3);
  bytes[bytes.size() - 6] ^= 1;  // in the last event's bytes
  folder.write(std::string("run/") + kFile, bytes + tf_event(9, 5, scalar("loss", 7)));
  const Heard heard = hear_only(folder.path);
  EXPECT_THAT(values_of(heard, "loss"), ElementsAre(1.0, 0.5, 7.0));
  EXPECT_THAT(heard.told.lost, ElementsAre(HasSubstr("1 record damaged")));
}

}  // namespace
}  // namespace athanor::imports
