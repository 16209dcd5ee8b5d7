#include "core/comm/coded_format.h"

#include "core/comm/coded_layout.h"
#include "tests/core/comm/coded_numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace athanor::comm {
namespace {

constexpr std::array kFormats{WireFormat::f32, WireFormat::bf16, WireFormat::fp8, WireFormat::int8};

struct Sent {
  explicit Sent(WireFormat format, const Numbers& numbers)
      : bytes(static_cast<std::size_t>(wire_bytes(format, static_cast<std::int64_t>(numbers.size())))),
        packet(format, static_cast<std::int64_t>(numbers.size()), bytes.data()) {
    packet.open();
    packet.write(0, static_cast<std::int64_t>(numbers.size()), numbers.data());
  }
  [[nodiscard]] Numbers read(std::int64_t begin, std::int64_t count) const {
    Numbers numbers(static_cast<std::size_t>(count));
    packet.read(begin, count, numbers.data());
    return numbers;
  }
  std::vector<std::byte> bytes;
  Packet packet;
};

TEST(WireFormat, HasTheNamesThatRecipesGive) {
  for (const WireFormat format : kFormats) EXPECT_EQ(wire_format_named(to_string(format)), format);
  EXPECT_EQ(wire_format_named("FP8"), std::nullopt);
  EXPECT_EQ(wire_format_named(""), std::nullopt);
}

TEST(WireFormat, TakesAQuarterOfF32WithItsScales) {
  constexpr std::int64_t kCount = 4 << 20;
  const auto share = [](WireFormat format) {
    return static_cast<double>(wire_bytes(format, kCount)) / static_cast<double>(wire_bytes(WireFormat::f32, kCount));
  };
  EXPECT_EQ(share(WireFormat::bf16), 0.5);
  EXPECT_EQ(share(WireFormat::fp8), (1 + 2.0 / 256) / 4);
  EXPECT_EQ(share(WireFormat::int8), (1 + 2.0 / 128) / 4);
}

TEST(Packet, HoldsF32AsItIsAndOthersWithinHalfAStep) {
  for (const std::size_t count : {2U, 16U, 127U, 512U, 513U, 5000U, 40000U}) {
    const Numbers numbers = Gradients{Tails::student}.of(1, count).front();
    EXPECT_EQ(Sent(WireFormat::f32, numbers).read(0, static_cast<std::int64_t>(count)), numbers);
    for (const WireFormat format : {WireFormat::bf16, WireFormat::fp8, WireFormat::int8}) {
      const Numbers got = Sent(format, numbers).read(0, static_cast<std::int64_t>(count));
      const auto block = static_cast<std::size_t>(wire_block(format));
      for (std::size_t i = 0; i < count; ++i) {
        float largest = 0;
        for (std::size_t k = i / block * block; k < std::min(count, (i / block + 1) * block); ++k)
          largest = std::max(largest, std::fabs(numbers[k]));
        // The scale is at most 2^-7 larger than it must be, in fp8 at most twice as large.
        const float step = format == WireFormat::bf16   ? std::fabs(numbers[i]) / 256
                           : format == WireFormat::int8 ? largest * 1.008f / 127 / 2
                                                        : std::max(std::fabs(numbers[i]) / 16, largest / 448 / 512);
        ASSERT_LE(std::fabs(got[i] - numbers[i]), step * 1.0001f) << to_string(format) << ", number " << i;
      }
    }
  }
}

TEST(Packet, ReadsAnyStretchThatBeginsAtABlock) {
  const Numbers numbers = Gradients{}.of(1, 5000).front();
  for (const WireFormat format : kFormats) {
    const Sent sent(format, numbers);
    const Numbers all = sent.read(0, 5000);
    for (const std::int64_t begin : {std::int64_t{0}, kWireStretch, 4 * kWireStretch}) {
      const Numbers some = sent.read(begin, 700);
      EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin() + begin)) << to_string(format);
    }
  }
}

TEST(Packet, HoldsZerosAndTheLeastNumbers) {
  Numbers numbers(1000, 0.0f);
  for (const WireFormat format : kFormats) EXPECT_EQ(Sent(format, numbers).read(0, 1000), numbers) << to_string(format);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i) * 1e-42f;
  for (const WireFormat format : kFormats) {
    const Numbers got = Sent(format, numbers).read(0, 1000);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      ASSERT_LE(std::fabs(got[i] - numbers[i]), std::numeric_limits<float>::min()) << to_string(format);
  }
}

TEST(Packet, SaysWhenItIsSpoiledAndOnlyThen) {
  for (const WireFormat format : kFormats) {
    for (const float each : {0.0f, -0.0f, -1.0f, std::numeric_limits<float>::max(), -1e-45f}) {
      Sent sent(format, Numbers(600, each));
      EXPECT_FALSE(sent.packet.spoiled()) << to_string(format) << " of " << each;
      sent.packet.spoil();
      EXPECT_TRUE(sent.packet.spoiled()) << to_string(format);
      sent.packet.open();
      EXPECT_FALSE(sent.packet.spoiled()) << to_string(format) << ", opened again";
    }
  }
}

// Each number of each array is in one packet, and packets are beside each other.
void expect_whole(const std::vector<CodedArray>& arrays, int ranks) {
  const CodedLayout layout(arrays, ranks);
  std::vector<std::vector<std::int64_t>> next(arrays.size());
  std::vector<std::int64_t> covered(arrays.size());
  for (std::size_t i = 0; i < arrays.size(); ++i)
    for (int rank = 0; rank < ranks; ++rank) next[i].push_back(layout.piece(i, rank).begin);
  std::int64_t bytes = 0;
  for (int segment = 0; segment < layout.segments(); ++segment) {
    EXPECT_EQ(layout.segment_begin(segment), bytes);
    std::int64_t of_message = 0;
    for (const CodedLayout::Slice& slice : layout.slices(segment)) {
      EXPECT_EQ(slice.offset, of_message);
      of_message += wire_bytes(arrays[slice.array].format, slice.room);
      for (int rank = 0; rank < ranks; ++rank) {
        const Piece numbers = layout.numbers(slice, rank);
        EXPECT_LE(numbers.count, slice.room);
        if (numbers.count == 0) continue;
        std::int64_t& from = next[slice.array][static_cast<std::size_t>(rank)];
        EXPECT_EQ(numbers.begin, from);
        from += numbers.count;
        covered[slice.array] += numbers.count;
      }
    }
    EXPECT_EQ(layout.message_bytes(segment), of_message);
    bytes += ranks * of_message;
  }
  for (std::size_t i = 0; i < arrays.size(); ++i) EXPECT_EQ(covered[i], arrays[i].count) << "array " << i;
  EXPECT_EQ(bytes, layout.buffer_bytes());
}

TEST(CodedLayout, PutsEveryNumberIntoOnePacketAndPacketsBesideEachOther) {
  for (const int ranks : {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 32}) {
    SCOPED_TRACE(std::to_string(ranks) + " ranks");
    std::vector<CodedArray> all;
    for (const std::int64_t count : {0, 1, 15, 16, 17, 1000, 70'001, 3'000'017}) {
      all.push_back({kFormats[all.size() % kFormats.size()], count});
      expect_whole({{WireFormat::fp8, count}}, ranks);
    }
    expect_whole(all, ranks);
    std::ranges::reverse(all);
    expect_whole(all, ranks);
  }
}

TEST(CodedLayout, PutsSmallArraysIntoOneMessage) {
  const std::vector<CodedArray> arrays{{WireFormat::f32, 10}, {WireFormat::fp8, 100'000}, {WireFormat::bf16, 7}};
  EXPECT_EQ(CodedLayout(arrays, 4).segments(), 1);
}

}  // namespace
}  // namespace athanor::comm
