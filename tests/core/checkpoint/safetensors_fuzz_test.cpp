// Many thousand damaged headers, the same in every run: damage of bytes, of the JSON's pieces and of its numbers. What
// is accepted must be wholly inside the file; what is refused must say why.
#include "core/checkpoint/safetensors.h"
#include "core/checkpoint/safetensors_header.h"
#include "tests/core/checkpoint/safetensors_bytes.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <random>

namespace athanor::checkpoint {
namespace {

using testing_support::TemporaryFolder;

const std::string kHeader =
    R"({"__metadata__":{"format":"pt"},)"
    R"("one":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},)"
    R"("two":{"dtype":"F32","shape":[4],"data_offsets":[8,24]},"none":{"dtype":"I64","shape":[0,7],"data_offsets":[24,24]}})";
constexpr std::int64_t kDataBytes = 24;

constexpr std::array<std::string_view, 24> kPieces = {"{",
                                                      "}",
                                                      "[",
                                                      "]",
                                                      ",",
                                                      ":",
                                                      R"("one")",
                                                      R"("two")",
                                                      "-1",
                                                      "0",
                                                      "1e9",
                                                      "24",
                                                      "null",
                                                      "true",
                                                      R"("dtype")",
                                                      R"("F32")",
                                                      R"("")",
                                                      "[[[[",
                                                      "{\"a\":",
                                                      "1.5",
                                                      R"("\ud800")",
                                                      "\xff",
                                                      "18446744073709551615",
                                                      R"("data_offsets")"};

class Damage {
 public:
  explicit Damage(std::uint64_t seed) : engine_(seed) {}

  std::string of(std::string text) {
    for (std::uint64_t edits = 1 + engine_() % 3; edits > 0 && !text.empty(); --edits) {
      const std::size_t place = engine_() % text.size();
      switch (engine_() % 6) {
        case 0: text[place] = static_cast<char>(engine_()); break;
        case 1: text.erase(place, 1 + engine_() % 12); break;
        case 2: text.insert(place, kPieces[engine_() % kPieces.size()]); break;
        case 3: text.insert(place, text.substr(engine_() % text.size(), 1 + engine_() % 40)); break;
        case 4: text.resize(place); break;
        default: swap_digit(text, place); break;
      }
    }
    return text;
  }

 private:
  void swap_digit(std::string& text, std::size_t place) {
    const auto digit = text.find_first_of("0123456789", place);
    if (digit != std::string::npos) text[digit] = static_cast<char>('0' + engine_() % 10);
  }

  std::mt19937_64 engine_;
};

TEST(SafetensorsFuzz, AcceptedHeadersTellOnlyOfBytesThatAreThere) {
  Damage damage(11);
  int accepted = 0, refused = 0;
  for (int round = 0; round < 60'000; ++round) {
    const std::string text = damage.of(kHeader);
    try {
      const SafetensorsHeader header = parse_safetensors_header(text, kDataBytes);
      ++accepted;
      std::int64_t covered = 0;
      for (const ArrayEntry& entry : header.arrays) {
        ASSERT_EQ(entry.begin, covered) << text;
        ASSERT_LE(entry.end, kDataBytes) << text;
        std::int64_t bytes = bytes_per_element(entry.dtype);
        for (const std::int64_t dim : entry.shape) bytes *= dim;
        ASSERT_EQ(bytes, entry.end - entry.begin) << text;
        covered = entry.end;
      }
      ASSERT_EQ(covered, kDataBytes) << text;
    } catch (const HeaderRefused& because) {
      ++refused;
      ASSERT_FALSE(because.reason.empty());
      ASSERT_LT(because.reason.size(), 2000U);
    }
  }
  EXPECT_GT(refused, 40'000);
  EXPECT_GT(accepted, 500);
}

TEST(SafetensorsFuzz, DamagedFilesAreReadOrRefusedButNeverOverrun) {
  TemporaryFolder folder;
  const std::string whole = safetensors_bytes(kHeader, std::string(kDataBytes, 'x'));
  Damage damage(12);
  int refused = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::ofstream(folder / "m", std::ios::binary) << damage.of(whole);
    auto reader = SafetensorsReader::open(folder / "m");
    if (!reader) {
      ASSERT_EQ(reader.error().kind, ErrorKind::corrupt);
      ++refused;
      continue;
    }
    for (const ArrayEntry& entry : reader->arrays()) (void)reader->read_numbers(entry);
  }
  EXPECT_GT(refused, 2'000);
}

// A header may be large; what stands in it must not make the reader collect it.
TEST(SafetensorsFuzz, LongListsAndDeepNestingAreRefusedAtOnce) {
  const auto reason = [](const std::string& text) -> std::string {
    try {
      (void)parse_safetensors_header(text, 4);
    } catch (const HeaderRefused& because) {
      return because.reason;
    }
    return "accepted";
  };
  const std::string brackets(1'000'000, '[');
  std::string ones;
  for (int i = 0; i < 1'000'000; ++i) ones += "1,";
  EXPECT_THAT(reason(R"({"w":{"dtype":"F32","shape":[)" + ones + R"(1],"data_offsets":[0,4]}})"),
              testing::HasSubstr("'w' has no usable shape"));
  EXPECT_THAT(reason(std::string(R"({"w":{"data_offsets":)") + brackets),
              testing::HasSubstr("'w' has no usable offsets"));
  EXPECT_THAT(reason(std::string(R"({"w":)") + brackets), testing::HasSubstr("'w' lacks"));
  EXPECT_THAT(reason(R"({"w":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})"),
              testing::HasSubstr("'w' has its dtype twice"));
  EXPECT_THAT(reason(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}})"),
              testing::HasSubstr("'w' has no usable offsets"));
  EXPECT_THAT(reason(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":{}}})"),
              testing::HasSubstr("'w' has the unknown field extra"));
  EXPECT_THAT(reason(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} x)"), testing::HasSubstr("JSON"));
}

}  // namespace
}  // namespace athanor::checkpoint
