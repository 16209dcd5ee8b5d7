// Fields of protobuf messages, whole, cut and random.
#include "core/import/wire.h"

#include "core/import/numbers.h"
#include "core/import/tensors.h"
#include "tests/core/import/foreign_files.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace athanor::imports {
namespace {

TEST(Wire, GivesFieldsOfEveryKindInTheirOrder) {
  const std::string message = varint_field(1, ~std::uint64_t{0}) + double_field(2, 0.1) + bytes_field(3, "text") +
                              float_field(4, 0.5F) + varint_field(500, 3);
  Wire wire(message);
  WireField field;
  ASSERT_TRUE(wire.next(field));
  EXPECT_EQ(field.as_integer(), -1);
  ASSERT_TRUE(wire.next(field));
  EXPECT_EQ(field.as_double(), 0.1);
  ASSERT_TRUE(wire.next(field));
  EXPECT_EQ(field.bytes, "text");
  ASSERT_TRUE(wire.next(field));
  EXPECT_EQ(field.as_float(), 0.5);
  ASSERT_TRUE(wire.next(field));
  EXPECT_EQ(field.number, 500U);
  EXPECT_EQ(field.as_zigzag(), -2);
  EXPECT_FALSE(wire.next(field));
  EXPECT_FALSE(wire.is_damaged());
}

TEST(Wire, SaysThatAMessageWasCutInsideAField) {
  const std::string message = bytes_field(3, "a text") + double_field(2, 1);
  int whole = 0;
  for (std::size_t size = 0; size <= message.size(); ++size) {
    Wire wire(std::string_view(message).substr(0, size));
    WireField field;
    while (wire.next(field)) {
    }
    whole += wire.is_damaged() ? 0 : 1;
  }
  EXPECT_EQ(whole, 3);  // of nothing, of one field, of both
}

TEST(Wire, TakesNoRandomBytesBeyondTheirEnd) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    Wire wire(bytes);
    WireField field;
    std::size_t fields = 0;
    while (wire.next(field)) ++fields;
    EXPECT_LE(fields, bytes.size());
    (void)only_number(bytes);
  }
}

TEST(Tensors, AreReadWhereTheyHoldOneNumberOfAnyType) {
  EXPECT_EQ(only_number(varint_field(1, 1) + float_field(5, 2.5F)), 2.5);
  EXPECT_EQ(only_number(varint_field(1, 2) + double_field(6, 0.1)), 0.1);
  EXPECT_EQ(only_number(varint_field(1, 9) + varint_field(10, 7)), 7.0);
  EXPECT_EQ(only_number(varint_field(1, 1) + bytes_field(4, std::string("\0\0\x20\x40", 4))), 2.5);
  EXPECT_EQ(only_number(varint_field(1, 1) + bytes_field(5, std::string("\0\0\x20\x40", 4))), 2.5);
  EXPECT_EQ(only_number(varint_field(1, 9) + bytes_field(10, varint(300))), 300.0);
  EXPECT_EQ(only_number(varint_field(1, 19) + varint_field(13, 0x3E00)), 1.5);  // half
  EXPECT_EQ(only_number(varint_field(1, 14) + varint_field(13, 0x4020)), 2.5);  // bfloat16
  EXPECT_EQ(only_number(varint_field(1, 1)), 0.0);
  EXPECT_FALSE(only_number(varint_field(1, 1) + float_field(5, 1) + float_field(5, 2)));
  EXPECT_FALSE(only_number(varint_field(1, 7) + bytes_field(8, "a text")));
  const std::string two = bytes_field(2, bytes_field(2, varint_field(1, 2)));
  EXPECT_FALSE(only_number(varint_field(1, 1) + two + float_field(5, 1)));
}

TEST(Numbers, AreReadAsTheirWritersMeantThem) {
  EXPECT_EQ(number_in("1e-05"), 1e-05);
  EXPECT_EQ(number_in("+2"), 2.0);
  EXPECT_TRUE(std::isnan(*number_in("nan")));
  EXPECT_EQ(number_in("-Infinity"), -INFINITY);
  EXPECT_EQ(number_in("1e999"), INFINITY);
  EXPECT_EQ(number_in("1e-999"), 0.0);
  for (const char* text : {"", "-", "+", "1x", " 1", "0x1", "nano", "1 2"}) EXPECT_FALSE(number_in(text)) << text;
  EXPECT_EQ(step_in("12.0"), 12);
  for (const char* text : {"1.5", "9007199254740993", "nan", "1e300"}) EXPECT_FALSE(step_in(text)) << text;
  EXPECT_EQ(time_of(1.7e9), 1'700'000'000'000'000'000);
  EXPECT_EQ(time_of(1.7e12), 1'700'000'000'000'000'000);
  EXPECT_EQ(time_of(-1), 0);
  EXPECT_EQ(time_of(NAN), 0);
}

TEST(Settings, KeepWhatTheyMean) {
  EXPECT_EQ(setting_in("64"), Setting(std::int64_t{64}));
  EXPECT_EQ(setting_in("0.001"), Setting(0.001));
  EXPECT_EQ(setting_in("True"), Setting(true));
  EXPECT_EQ(setting_in("adam"), Setting(std::string("adam")));
  EXPECT_EQ(setting_in("007"), Setting(std::string("007")));
  EXPECT_EQ(setting_in("\xff"), Setting(std::string("\xEF\xBF\xBD")));
  EXPECT_LT(std::get<std::string>(setting_in(std::string(1 << 20, 'x'))).size(), std::size_t{70'000});
}

}  // namespace
}  // namespace athanor::imports
