#include "core/checkpoint/safetensors.h"

#include "core/base/files.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace athanor::checkpoint {
namespace {

using testing::HasSubstr;
using testing_support::TemporaryFolder;

std::string file_of(const std::string& header, std::size_t data_bytes, std::uint64_t claimed = 0) {
  std::string out;
  const std::uint64_t length = claimed != 0 ? claimed : header.size();
  for (int byte = 0; byte < 8; ++byte) out += static_cast<char>(length >> (8 * byte) & 0xffU);
  return out + header + std::string(data_bytes, 'x');
}

std::string refusal_of(const std::string& bytes) {
  TemporaryFolder folder;
  EXPECT_TRUE(write_file_flushed(folder / "a.safetensors", bytes));
  const auto reader = SafetensorsReader::open(folder / "a.safetensors");
  if (reader) return "";
  EXPECT_EQ(reader.error().kind, ErrorKind::corrupt);
  return reader.error().cause;
}

TEST(Safetensors, ReadsBackNamesShapesNumbersAndMetadata) {
  TemporaryFolder folder;
  const std::vector<float> matrix = {1, 2, 3, 4, 5, 6};
  const std::vector<float> none;
  const std::vector<ArrayView> arrays = {{"b.weight", {2, 3}, matrix}, {"a.empty", {0, 4}, none}};
  ASSERT_TRUE(write_safetensors(folder / "m", arrays, {{"format", "1"}}));
  const auto reader = SafetensorsReader::open(folder / "m");
  ASSERT_TRUE(reader) << reader.error().message();
  ASSERT_EQ(reader->arrays().size(), 2U);
  EXPECT_EQ(reader->find("b.weight")->shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(*reader->read_f32(*reader->find("b.weight")), matrix);
  EXPECT_TRUE(reader->read_f32(*reader->find("a.empty"))->empty());
  EXPECT_EQ(reader->metadata().at("format"), "1");
  EXPECT_EQ(reader->find("c"), nullptr);
}

TEST(Safetensors, OtherTypesAreGivenAsBytesAndNeverAsFloats) {
  TemporaryFolder folder;
  const std::string header = R"({"h":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]}})";
  ASSERT_TRUE(write_file_flushed(folder / "m", file_of(header, 6)));
  const auto reader = SafetensorsReader::open(folder / "m");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->read(reader->arrays()[0])->size(), 6U);
  EXPECT_THAT(reader->read_f32(reader->arrays()[0]).error().cause, HasSubstr("BF16"));
}

TEST(Safetensors, EveryLieOfAHeaderIsRefusedWithTheArraysName) {
  EXPECT_THAT(refusal_of("abc"), HasSubstr("too short"));
  EXPECT_THAT(refusal_of(file_of("{}", 0, 1'000'000)), HasSubstr("header claims 1000000 bytes"));
  EXPECT_THAT(refusal_of(file_of("{}", 0, ~0ULL)), HasSubstr("header claims"));
  EXPECT_THAT(refusal_of(file_of("[1]", 0)), HasSubstr("no JSON object"));
  EXPECT_THAT(refusal_of(file_of(R"({"w":{"dtype":"F32","shape":[1]}})", 4)), HasSubstr("'w' lacks"));
  EXPECT_THAT(refusal_of(file_of(R"({"w":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}})", 4)),
              HasSubstr("'w' has the unknown type F99"));
  EXPECT_THAT(refusal_of(file_of(R"({"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4)),
              HasSubstr("'w' has no usable shape"));
  EXPECT_THAT(refusal_of(file_of(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4)),
              HasSubstr("'w' needs 8 bytes for its shape but has 4"));
  EXPECT_THAT(refusal_of(file_of(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4)),
              HasSubstr("'w' reaches from byte 4 to 0"));
  EXPECT_THAT(refusal_of(file_of(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4)),
              HasSubstr("'w' reaches from byte 0 to 8 of 4"));
  EXPECT_THAT(
      refusal_of(file_of(R"({"w":{"dtype":"F32","shape":[281474976710656,281474976710656],"data_offsets":[0,4]}})", 4)),
      HasSubstr("'w' is too large"));
  EXPECT_THAT(
      refusal_of(file_of(
          R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
          4)),
      HasSubstr("names 'w' twice"));
  EXPECT_THAT(
      refusal_of(file_of(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
          8)),
      HasSubstr("'b' overlaps"));
  EXPECT_THAT(refusal_of(file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8)),
              HasSubstr("gap before 'a'"));
  EXPECT_THAT(refusal_of(file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 9)),
              HasSubstr("5 bytes behind the last array"));
  EXPECT_THAT(refusal_of(file_of(R"({"__metadata__":{"a":1}})", 0)), HasSubstr("metadata 'a' is no text"));
}

TEST(Safetensors, DamagedFilesNeverBreakTheReader) {
  TemporaryFolder folder;
  const std::vector<float> values(16, 1.0F);
  const std::vector<ArrayView> arrays = {{"one", {4, 4}, values}, {"two", {16}, values}};
  ASSERT_TRUE(write_safetensors(folder / "m", arrays));
  const std::string whole = *read_file(folder / "m");
  std::mt19937_64 engine(5);
  int refused = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = whole;
    for (std::uint64_t edits = 1 + engine() % 4; edits > 0; --edits)
      bytes[engine() % 150] = static_cast<char>(engine());
    if (round % 5 == 0) bytes.resize(engine() % bytes.size());
    ASSERT_TRUE(write_file_flushed(folder / "d", bytes));
    const auto reader = SafetensorsReader::open(folder / "d");
    if (!reader) {
      ++refused;
      continue;
    }
    for (const ArrayEntry& entry : reader->arrays()) EXPECT_TRUE(reader->read(entry));
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace athanor::checkpoint
