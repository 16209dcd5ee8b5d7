#include "core/base/files.h"
#include "core/checkpoint/safetensors.h"
#include "tests/core/checkpoint/safetensors_bytes.h"
#include "tests/support/temporary_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace athanor::checkpoint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::TemporaryFolder;

// One array "w" of this type, written and read back as numbers.
Result<std::vector<float>> numbers_of(std::string_view dtype, std::size_t count, const std::string& data) {
  TemporaryFolder folder;
  const std::string header =
      fmt::format(R"({{"w":{{"dtype":"{}","shape":[{}],"data_offsets":[0,{}]}}}})", dtype, count, data.size());
  EXPECT_TRUE(write_file_flushed(folder / "m", safetensors_bytes(header, data)));
  auto reader = SafetensorsReader::open(folder / "m");
  EXPECT_TRUE(reader) << reader.error().message();
  return reader->read_numbers(reader->arrays().at(0));
}

template <class T>
Result<std::vector<float>> numbers_of(std::string_view dtype, const std::vector<T>& values) {
  return numbers_of(dtype, values.size(), bytes_of(values));
}

TEST(SafetensorsTypes, EveryTypeBecomesTheNumbersItHolds) {
  using Codes8 = std::vector<std::uint8_t>;
  using Codes16 = std::vector<std::uint16_t>;
  EXPECT_THAT(*numbers_of("F32", std::vector<float>{1.5F, -2}), ElementsAre(1.5F, -2.0F));
  EXPECT_THAT(*numbers_of("F64", std::vector<double>{1.5, 1e-3}), ElementsAre(1.5F, 1e-3F));
  EXPECT_THAT(*numbers_of("F16", Codes16{0x3C00, 0xC000, 0x0001, 0x7BFF}),
              ElementsAre(1.0F, -2.0F, std::ldexp(1.0F, -24), 65504.0F));
  EXPECT_THAT(*numbers_of("BF16", Codes16{0x3F80, 0xC000}), ElementsAre(1.0F, -2.0F));
  EXPECT_THAT(*numbers_of("F8_E4M3", Codes8{0x38, 0x7E, 0x01}), ElementsAre(1.0F, 448.0F, std::ldexp(1.0F, -9)));
  EXPECT_THAT(*numbers_of("F8_E5M2", Codes8{0x3C, 0x7B}), ElementsAre(1.0F, 57344.0F));
  EXPECT_THAT(*numbers_of("I8", std::vector<std::int8_t>{-128, 127}), ElementsAre(-128.0F, 127.0F));
  EXPECT_THAT(*numbers_of("U8", Codes8{255}), ElementsAre(255.0F));
  EXPECT_THAT(*numbers_of("BOOL", Codes8{1, 0}), ElementsAre(1.0F, 0.0F));
  EXPECT_THAT(*numbers_of("I16", std::vector<std::int16_t>{-32768}), ElementsAre(-32768.0F));
  EXPECT_THAT(*numbers_of("I32", std::vector<std::int32_t>{-(1 << 24)}), ElementsAre(-16777216.0F));
  EXPECT_THAT(*numbers_of("I64", std::vector<std::int64_t>{3, -4}), ElementsAre(3.0F, -4.0F));
  EXPECT_THAT(*numbers_of("U64", std::vector<std::uint64_t>{7}), ElementsAre(7.0F));
  EXPECT_THAT(*numbers_of("F32", 0, ""), testing::IsEmpty());
}

TEST(SafetensorsTypes, ANumberThatDoesNotFitIsRefusedWithItsPlace) {
  const auto too_large = numbers_of("F64", std::vector<double>{0, 1e300});
  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(too_large.error().message(), testing::AllOf(HasSubstr("'w'"), HasSubstr("element 1")));
  EXPECT_FALSE(numbers_of("I64", std::vector<std::int64_t>{(1 << 24) + 1}));
  EXPECT_FALSE(numbers_of("I64", std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min()}));
  const auto infinite = numbers_of("F64", std::vector<double>{std::numeric_limits<double>::infinity()});
  EXPECT_TRUE(std::isinf(infinite->at(0)));
}

TEST(SafetensorsTypes, TheMappedBytesAreThoseOfTheFile) {
  TemporaryFolder folder;
  const std::string header = R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
                             R"("b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}} )";
  ASSERT_TRUE(write_file_flushed(folder / "m", safetensors_bytes(header, "abcde")));
  auto reader = SafetensorsReader::open(folder / "m");
  ASSERT_TRUE(reader);
  const auto bytes = reader->map(*reader->find("b"));
  ASSERT_TRUE(bytes);
  EXPECT_THAT(*bytes, ElementsAre(std::byte{'d'}, std::byte{'e'}));
}

}  // namespace
}  // namespace athanor::checkpoint
