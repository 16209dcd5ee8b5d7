#include "core/comm/coded_exchange.h"

#include "core/comm/host_traffic.h"
#include "kernels/base/error.h"
#include "kernels/base/scaling.h"
#include "kernels/ops/quant/scale_search.h"
#include "tests/core/comm/coded_numbers.h"
#include "tests/core/comm/ranks.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace athanor::comm {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::array kFormats{WireFormat::f32, WireFormat::bf16, WireFormat::fp8, WireFormat::int8};
constexpr std::array kRanks{2, 3, 4, 5, 6, 7, 8, 9, 16, 32};
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::size_t kSeveralSegments = 3'300'017;  // numbers

CodedOptions coded(WireFormat format, bool feeds_back = true) {
  return {.format = format, .feeds_back = feeds_back, .least_piece = 0};
}

bool same_bits(const Numbers& a, const Numbers& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](float x, float y) {
           return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
         });
}

// ---- The algorithm in the plainest form ----

template <class Format>
float coded_and_back(float number, float scale) {
  return Format::decode(Format::encode(number / scale)) * scale;
}

// What the numbers of a packet are after it was sent.
Numbers after_sending(WireFormat format, const Numbers& numbers) {
  Numbers got = numbers;
  if (format == WireFormat::bf16)
    for (float& each : got) each = BFloat16::decode(BFloat16::encode(each));
  if (wire_block(format) == 1) return got;
  const auto block = static_cast<std::size_t>(wire_block(format));
  for (std::size_t begin = 0; begin < got.size(); begin += block) {
    const std::size_t end = std::min(got.size(), begin + block);
    float largest = 0;
    for (std::size_t i = begin; i < end; ++i) largest = std::max(largest, std::fabs(got[i]));
    const float exact = kernels::scale_for(largest, format == WireFormat::int8 ? 127.0f : 448.0f, false);
    float scale = std::bit_cast<float>((std::bit_cast<std::uint32_t>(exact) + 0xFFFFu) & 0xFFFF0000u);
    if (format == WireFormat::fp8)
      kernels::scale_search_candidates().back().run(
          {}, {.x = View(got.data() + begin, DType::f32, {1, static_cast<std::int64_t>(end - begin)}),
               .scales = View(&scale, DType::f32, {1})});
    for (std::size_t i = begin; i < end; ++i)
      got[i] = format == WireFormat::int8 ? coded_and_back<kernels::Integer8>(got[i], scale)
                                          : coded_and_back<Float8E4M3>(got[i], scale);
  }
  return got;
}

Numbers sent_and_kept(WireFormat format, Numbers numbers, Numbers& residual) {
  residual.resize(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] += residual[i];
  const Numbers got = after_sending(format, numbers);
  for (std::size_t i = 0; i < numbers.size(); ++i) residual[i] = numbers[i] - got[i];
  return got;
}

// residuals[rank] of the senders piece by piece, the last of each that of the owner.
Numbers reduced_plainly(WireFormat format, const std::vector<Numbers>& all,
                        std::vector<std::vector<Numbers>>& residuals) {
  const auto ranks = static_cast<int>(all.size());
  residuals.resize(all.size(), std::vector<Numbers>(all.size() + 1));
  Numbers mean;
  for (int owner = 0; owner < ranks; ++owner) {
    const Piece piece = piece_of(static_cast<std::int64_t>(all.front().size()), ranks, owner);
    std::vector<Numbers> rows;
    std::vector<const std::byte*> parts;
    for (std::size_t rank = 0; rank < all.size(); ++rank) {
      const auto begin = all[rank].begin() + static_cast<std::ptrdiff_t>(piece.begin);
      rows.push_back(sent_and_kept(format, Numbers(begin, begin + static_cast<std::ptrdiff_t>(piece.count)),
                                   residuals[rank][static_cast<std::size_t>(owner)]));
    }
    for (const Numbers& row : rows) parts.push_back(reinterpret_cast<const std::byte*>(row.data()));
    Numbers sum(static_cast<std::size_t>(piece.count));
    combine(parts, reinterpret_cast<std::byte*>(sum.data()), piece.count, DType::f32, Reduce::sum);
    for (float& each : sum) each *= 1.0f / static_cast<float>(ranks);
    const Numbers got = sent_and_kept(format, sum, residuals[static_cast<std::size_t>(owner)].back());
    mean.insert(mean.end(), got.begin(), got.end());
  }
  return mean;
}

TEST(CodedExchange, GivesTheBitsOfThePlainAlgorithmOverSteps) {
  for (const WireFormat format : {WireFormat::bf16, WireFormat::fp8, WireFormat::int8}) {
    for (const int ranks : {2, 3, 5, 8}) {
      std::vector<std::vector<Numbers>> plain;
      std::vector<Residuals> residuals;
      for (int step = 0; step < 3; ++step) {
        const auto all = Gradients{Tails::student, 1.0f, 0.5}.of(ranks, 20'011, step);
        const Reduced reduced = reduce_coded(coded(format), all, residuals);
        residuals = reduced.residuals;
        ASSERT_TRUE(same_bits(reduced.numbers.front(), reduced_plainly(format, all, plain)))
            << to_string(format) << ", " << ranks << " ranks, step " << step;
      }
    }
  }
}

struct Several {
  std::vector<std::vector<Numbers>> numbers;  // of each rank
  std::vector<std::vector<bool>> sound;
  std::vector<Residuals> residuals;
  std::vector<Traffic> sent;
};

// Arrays of all ranks, reduced together or one after the other, twice.
Several reduce_several(const std::vector<std::vector<Numbers>>& arrays_of_ranks, bool together) {
  const std::size_t ranks = arrays_of_ranks.size();
  Several out{arrays_of_ranks, std::vector<std::vector<bool>>(ranks), std::vector<Residuals>(ranks),
              std::vector<Traffic>(ranks)};
  run_threads(static_cast<int>(ranks), {}, [&](Group& group) {
    const auto rank = static_cast<std::size_t>(group.world().rank());
    CodedExchange exchange(group.world(), {.format = WireFormat::fp8, .least_piece = 4096});
    const Traffic before = exchange.traffic();
    for (int step = 0; step < 2; ++step) {
      out.numbers[rank] = arrays_of_ranks[rank];
      std::vector<std::string> names;
      std::vector<CodedExchange::Named> arrays;
      for (std::size_t i = 0; i < out.numbers[rank].size(); ++i) names.push_back("array " + std::to_string(i));
      for (std::size_t i = 0; i < names.size(); ++i)
        arrays.push_back({names[i], view_of_numbers(out.numbers[rank][i])});
      out.sound[rank].clear();
      if (together) out.sound[rank] = exchange.all_reduce(arrays);
      for (std::size_t i = 0; i < arrays.size() && !together; ++i)
        out.sound[rank].push_back(exchange.all_reduce(arrays[i].name, arrays[i].data));
    }
    out.residuals[rank] = exchange.residuals();
    out.sent[rank] = exchange.traffic() - before;
  });
  return out;
}

TEST(CodedExchange, ReducesSeveralArraysTogetherWithTheBitsOfEachAloneInFewerMessages) {
  for (const std::size_t ranks : {2U, 3U, 4U}) {
    std::vector<std::vector<Numbers>> arrays(ranks);
    for (const std::size_t count : {40'000U, 5U, 100'003U, 700U, 1'200'000U, 3'000U, 16U}) {
      const auto all = Gradients{Tails::student, 1.0f, 0.5}.of(static_cast<int>(ranks), count, static_cast<int>(count));
      for (std::size_t rank = 0; rank < ranks; ++rank) arrays[rank].push_back(all[rank]);
    }
    arrays[1][2][77] = std::nanf("");
    const Several together = reduce_several(arrays, true), alone = reduce_several(arrays, false);
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      EXPECT_THAT(together.sound[rank], ElementsAre(true, true, false, true, true, true, true));
      EXPECT_EQ(together.sound[rank], alone.sound[rank]);
      for (std::size_t i = 0; i < arrays[rank].size(); ++i)
        EXPECT_TRUE(same_bits(together.numbers[rank][i], alone.numbers[rank][i])) << "array " << i;
      for (const auto& [name, residual] : alone.residuals[rank]) {
        EXPECT_TRUE(same_bits(together.residuals[rank].at(name).sender, residual.sender)) << name;
        EXPECT_TRUE(same_bits(together.residuals[rank].at(name).owner, residual.owner)) << name;
      }
      // What was refused is given out with the others, and not used.
      const std::int64_t refused = 2 * coded_half_bytes(WireFormat::fp8, 100'003, static_cast<int>(ranks));
      EXPECT_EQ(together.sent[rank].payload_bytes, alone.sent[rank].payload_bytes + refused);
      EXPECT_LT(together.sent[rank].messages, alone.sent[rank].messages);
    }
  }
}

TEST(CodedExchange, GivesTheBitsOfThePlainAlgorithmAlsoInSegments) {
  for (const int ranks : {2, 3}) {
    const auto all = Gradients{}.of(ranks, kSeveralSegments);
    const CodedArray array{WireFormat::fp8, kSeveralSegments};
    ASSERT_GT(CodedLayout(std::span(&array, 1), ranks).segments(), 2);
    std::vector<std::vector<Numbers>> plain;
    const Numbers want = reduced_plainly(WireFormat::fp8, all, plain);
    const Reduced reduced = reduce_coded(coded(WireFormat::fp8), all);
    for (const Numbers& numbers : reduced.numbers) EXPECT_TRUE(same_bits(numbers, want)) << ranks << " ranks";
  }
}

// ---- Bits ----

std::vector<std::vector<Numbers>> all_kinds(int ranks, std::size_t count) {
  std::vector<std::vector<Numbers>> kinds;
  for (const float magnitude : {1.0f, 100.0f, 1000.0f, 1e-4f, 1e-41f})
    kinds.push_back(Gradients{Tails::normal, magnitude, 0.5}.of(ranks, count));
  kinds.push_back(Gradients{Tails::student}.of(ranks, count));
  kinds.push_back(std::vector<Numbers>(static_cast<std::size_t>(ranks), Numbers(count)));
  kinds.push_back(kinds.front());
  for (float& each : kinds.back().back()) each *= 1e8f;
  return kinds;
}

TEST(CodedExchange, LeavesAllRanksWithTheSameBits) {
  for (const int ranks : kRanks) {
    for (const std::size_t count : {0U, 33U, 10'007U}) {
      for (const auto& all : all_kinds(ranks, count)) {
        for (const WireFormat format : kFormats) {
          const Reduced reduced = reduce_coded(coded(format), all);
          EXPECT_THAT(reduced.sound, Each(true));
          for (const Numbers& numbers : reduced.numbers)
            ASSERT_TRUE(same_bits(numbers, reduced.numbers.front())) << to_string(format) << ", " << ranks << " ranks";
        }
      }
    }
  }
}

TEST(CodedExchange, GivesInF32TheBitsOfAllReduce) {
  for (const int ranks : kRanks) {
    for (const std::size_t count : {1U, 17U, 10'007U}) {
      const auto all = Gradients{Tails::student}.of(ranks, count);
      run_threads(ranks, {}, [&](Group& group) {
        Numbers want = all[static_cast<std::size_t>(group.world().rank())];
        Numbers sum = want, mean = want;
        group.world().all_reduce(view_of_numbers(want));
        CodedExchange sums(group.world(), {.format = WireFormat::f32, .averages = false});
        CodedExchange means(group.world(), {.format = WireFormat::f32});
        require(sums.all_reduce("g", view_of_numbers(sum)) && means.all_reduce("g", view_of_numbers(mean)), "sound");
        require(same_bits(sum, want), "the sum");
        for (float& each : want) each *= 1.0f / static_cast<float>(ranks);
        require(same_bits(mean, want), "the mean");
      });
    }
  }
}

TEST(CodedExchange, GivesOtherNumbersThanF32InEveryOtherFormat) {
  const auto all = Gradients{}.of(4, 10'007);
  std::vector<Numbers> got;
  for (const WireFormat format : kFormats) got.push_back(reduce_coded(coded(format), all).numbers.front());
  for (std::size_t i = 0; i < got.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) {
      EXPECT_FALSE(same_bits(got[i], got[k])) << to_string(kFormats[i]) << " and " << to_string(kFormats[k]);
    }
}

// ---- Numbers that cannot be used ----

TEST(CodedExchange, RefusesOnAllRanksWhatIsNotFiniteOnOneAndChangesNothing) {
  const float too_large = std::numeric_limits<float>::max() / 2;
  for (const WireFormat format : kFormats) {
    for (const int ranks : {2, 3, 8}) {
      const auto before = reduce_coded(coded(format), Gradients{}.of(ranks, 10'007));
      for (const float bad : {std::nanf(""), kInfinity, -kInfinity, too_large, -too_large}) {
        for (const std::size_t place : {0U, 5'000U, 10'006U}) {
          auto all = Gradients{}.of(ranks, 10'007, 1);
          all[static_cast<std::size_t>(ranks) - 1][place] = bad;
          const Reduced reduced = reduce_coded(coded(format), all, before.residuals);
          EXPECT_THAT(reduced.sound, Each(false)) << to_string(format) << ", " << bad << " at " << place;
          for (std::size_t rank = 0; rank < all.size(); ++rank) {
            EXPECT_TRUE(same_bits(reduced.numbers[rank], all[rank]));
            EXPECT_EQ(reduced.tallies[rank].refused, 1);
            EXPECT_EQ(reduced.residuals[rank].contains("g"), format != WireFormat::f32);
            if (format == WireFormat::f32) continue;
            EXPECT_TRUE(same_bits(reduced.residuals[rank].at("g").sender, before.residuals[rank].at("g").sender));
            EXPECT_TRUE(same_bits(reduced.residuals[rank].at("g").owner, before.residuals[rank].at("g").owner));
          }
        }
      }
    }
  }
}

TEST(CodedExchange, RefusesInAnySegmentAndGoesOnAfterwards) {
  const auto good = Gradients{}.of(2, kSeveralSegments);
  const Reduced want = reduce_coded(coded(WireFormat::fp8), good);
  for (const std::size_t place : {std::size_t{0}, kSeveralSegments / 2 - 1, kSeveralSegments - 1}) {
    run_threads(2, {}, [&](Group& group) {
      const auto rank = static_cast<std::size_t>(group.world().rank());
      CodedExchange exchange(group.world(), coded(WireFormat::fp8));
      Numbers data = good[rank];
      if (rank == 1) data[place] = kInfinity;
      const Numbers before = data;
      require(!exchange.all_reduce("g", view_of_numbers(data)), "it is refused");
      require(same_bits(data, before), "nothing changes");
      data = good[rank];
      require(exchange.all_reduce("g", view_of_numbers(data)), "it is sound");
      require(same_bits(data, want.numbers[rank]), "as if nothing had been");
    });
  }
}

TEST(CodedExchange, AddsUpToTheLimitWithoutOverflow) {
  for (const WireFormat format : kFormats) {
    const float limit = std::numeric_limits<float>::max() / 8;
    const Reduced reduced = reduce_coded({.format = format, .averages = false, .least_piece = 0},
                                         std::vector<Numbers>(4, Numbers(1000, limit)));
    EXPECT_THAT(reduced.sound, Each(true)) << to_string(format);
    for (const float each : reduced.numbers.front()) ASSERT_NEAR(each / (4 * limit), 1, 0.02) << to_string(format);
  }
}

// ---- Bytes ----

TEST(CodedExchange, SendsTheBytesThatTheFormulaSays) {
  for (const int ranks : kRanks) {
    for (const std::size_t count : {1U, 1000U, 40'009U}) {
      for (const WireFormat format : kFormats) {
        const Reduced reduced =
            reduce_coded(coded(format), std::vector<Numbers>(static_cast<std::size_t>(ranks), Numbers(count)));
        const auto want = coded_all_reduce_bytes(format, static_cast<std::int64_t>(count), ranks);
        EXPECT_THAT(reduced.bytes, Each(want)) << to_string(format) << ", " << ranks << " ranks, " << count;
      }
    }
  }
}

TEST(CodedExchange, SendsAQuarterOfTheBytesOfAllReduce) {
  run_threads(3, {}, [](Group& group) {
    Numbers data(kSeveralSegments);
    std::int64_t before = group.world().traffic().payload_bytes;
    group.world().all_reduce(view_of_numbers(data));
    const auto plain = static_cast<double>(group.world().traffic().payload_bytes - before);
    for (const auto& [format, most] : {std::pair{WireFormat::fp8, 0.252}, std::pair{WireFormat::int8, 0.258}}) {
      CodedExchange exchange(group.world(), {.format = format});
      before = exchange.traffic().payload_bytes;
      require(exchange.all_reduce("g", view_of_numbers(data)), "sound");
      const std::int64_t sent = exchange.traffic().payload_bytes - before;
      require(sent == coded_all_reduce_bytes(format, kSeveralSegments, 3), "the formula");
      require(static_cast<double>(sent) <= most * plain, fmt::format("{} of {} bytes", sent, plain));
    }
  });
}

TEST(CodedExchange, SendsSmallArraysInF32AndSaysSo) {
  run_threads(3, {}, [](Group& group) {
    CodedExchange exchange(group.world(), {.format = WireFormat::fp8});
    const std::int64_t least = 3 * (64 << 10) / 4;
    require(exchange.format_for(least) == WireFormat::fp8, "large enough");
    require(exchange.format_for(least - 1) == WireFormat::f32, "too small");
    for (const std::int64_t count : {least, least - 1, std::int64_t{10}}) {
      Numbers data(static_cast<std::size_t>(count), 1.0f);
      const std::int64_t before = exchange.traffic().payload_bytes;
      require(exchange.all_reduce(count == least ? "large" : "small", view_of_numbers(data)), "sound");
      require(exchange.traffic().payload_bytes - before == coded_all_reduce_bytes(exchange.format_for(count), count, 3),
              "bytes");
    }
    const CodedTally& tally = exchange.tally();
    require(tally.coded == 1 && tally.coded_numbers == least, "one was coded");
    require(tally.small == 2 && tally.small_numbers == least - 1 + 10, "two were small");
    require(tally.small_names == std::set<std::string, std::less<>>{"small"}, "and have names");
    require(exchange.residuals().contains("large") && !exchange.residuals().contains("small"),
            "nothing is lost of them");
  });
}

// ---- Halves ----

TEST(CodedExchange, ReducesToPiecesAndGathersThem) {
  for (const int ranks : {2, 3, 7, 9}) {
    for (const WireFormat format : kFormats) {
      const auto all = Gradients{}.of(ranks, 10'007);
      // Before the second coding: what f32 would have given of numbers that were coded once.
      std::vector<Numbers> once = all;
      for (Numbers& numbers : once) {
        for (int owner = 0; owner < ranks; ++owner) {
          const Piece piece = piece_of(10'007, ranks, owner);
          const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(piece.begin);
          const Numbers sent = after_sending(format, Numbers(begin, begin + static_cast<std::ptrdiff_t>(piece.count)));
          std::ranges::copy(sent, begin);
        }
      }
      const Numbers want = reduce_coded(coded(WireFormat::f32), once).numbers.front();
      run_threads(ranks, {}, [&](Group& group) {
        CodedExchange exchange(group.world(), coded(format));
        Numbers data = all[static_cast<std::size_t>(group.world().rank())];
        const Numbers before = data;
        const Piece mine = exchange.piece(10'007);
        Numbers piece(static_cast<std::size_t>(mine.count));
        std::int64_t sent = exchange.traffic().payload_bytes;
        require(exchange.reduce_scatter("g", view_of_numbers(data), view_of_numbers(piece)), "sound");
        require(exchange.traffic().payload_bytes - sent == coded_half_bytes(format, 10'007, ranks),
                "bytes of the sums");
        require(same_bits(data, before), "the numbers stay");
        require(std::equal(piece.begin(), piece.end(), want.begin() + static_cast<std::ptrdiff_t>(mine.begin)),
                "the piece");
        for (const WireFormat whole : {WireFormat::f32, WireFormat::bf16}) {
          sent = exchange.traffic().payload_bytes;
          exchange.all_gather(view_of_numbers(piece), view_of_numbers(data), whole);
          require(exchange.traffic().payload_bytes - sent == coded_half_bytes(whole, 10'007, ranks),
                  "bytes of the numbers");
          require(same_bits(data, after_sending(whole, want)), "all pieces");
        }
      });
    }
  }
}

TEST(CodedExchange, ReducesToPiecesWithoutLossOverSteps) {
  const auto before = Gradients{}.of(2, 10'007, 0), after = Gradients{}.of(2, 10'007, 1);
  std::vector<Numbers> given(2, Numbers(10'007));
  std::vector<Residuals> kept(2);
  run_threads(2, {}, [&](Group& group) {
    const auto rank = static_cast<std::size_t>(group.world().rank());
    CodedExchange exchange(group.world(), coded(WireFormat::fp8));
    const Piece mine = exchange.piece(10'007);
    Numbers piece(static_cast<std::size_t>(mine.count));
    for (const auto* all : {&before, &after}) {
      Numbers data = (*all)[rank];
      require(exchange.reduce_scatter("g", view_of_numbers(data), view_of_numbers(piece)), "sound");
      for (std::size_t i = 0; i < piece.size(); ++i) given[0][static_cast<std::size_t>(mine.begin) + i] += piece[i];
    }
    kept[rank] = exchange.residuals();
  });
  for (std::size_t i = 0; i < 10'007; ++i) {
    const double want = (double{before[0][i]} + before[1][i] + after[0][i] + after[1][i]) / 2;
    const double residual = (double{kept[0].at("g").sender[i]} + kept[1].at("g").sender[i]) / 2;
    ASSERT_NEAR(given[0][i] + residual, want, 1e-6);
  }
  EXPECT_TRUE(kept[0].at("g").owner.empty()) << "sums are not coded";
}

TEST(CodedExchange, GathersInF32OrBf16Only) {
  const auto endings = run_ranks(Kind::threads, 2, {}, [](Group& group) {
    group.world().barrier();  // or the fault of one is all that the other sees
    CodedExchange exchange(group.world());
    Numbers data(1000), piece(static_cast<std::size_t>(exchange.piece(1000).count));
    exchange.all_gather(view_of_numbers(piece), view_of_numbers(data), WireFormat::fp8);
  });
  EXPECT_THAT(endings, Each(HasSubstr("f32 or bf16")));
}

// ---- Residuals ----

TEST(CodedExchange, GoesOnWithTheSameBitsFromItsResiduals) {
  constexpr int kGroup = 3;
  const auto run = [&](int from, int to, std::vector<Residuals> residuals) {
    Reduced reduced;
    for (int step = from; step < to; ++step) {
      reduced = reduce_coded(coded(WireFormat::int8), Gradients{}.of(kGroup, 10'007, step), residuals);
      residuals = reduced.residuals;
    }
    return reduced;
  };
  Numbers whole;
  run_threads(kGroup, {}, [&](Group& group) {
    CodedExchange exchange(group.world(), coded(WireFormat::int8));
    for (int step = 0; step < 4; ++step) {
      Numbers data = Gradients{}.of(kGroup, 10'007, step)[static_cast<std::size_t>(group.world().rank())];
      require(exchange.all_reduce("g", view_of_numbers(data)), "sound");
      if (step == 3 && group.world().rank() == 0) whole = data;
    }
  });
  EXPECT_TRUE(same_bits(run(2, 4, run(0, 2, {}).residuals).numbers.front(), whole));
  EXPECT_FALSE(same_bits(run(2, 4, {}).numbers.front(), whole)) << "residuals matter";
}

TEST(CodedExchange, ForgetsItsResidualsWhereItIsReset) {
  const auto all = Gradients{}.of(2, 10'007);
  const Numbers fresh = reduce_coded(coded(WireFormat::fp8), all).numbers.front();
  run_threads(2, {}, [&](Group& group) {
    CodedExchange exchange(group.world(), coded(WireFormat::fp8));
    const auto again = [&] {
      Numbers data = all[static_cast<std::size_t>(group.world().rank())];
      require(exchange.all_reduce("g", view_of_numbers(data)), "sound");
      return data;
    };
    require(same_bits(again(), fresh), "the first");
    require(!same_bits(again(), fresh), "the second, with what the first has kept");
    exchange.reset();
    require(exchange.residuals().empty() && same_bits(again(), fresh), "the first again");
  });
}

// Numbers that are larger by a power of two, as with a loss scale that changes, mean the same.
TEST(CodedExchange, TakesNoNoticeOfTheUnitOfItsNumbers) {
  for (const WireFormat format : {WireFormat::fp8, WireFormat::int8, WireFormat::bf16}) {
    std::vector<Numbers> plain, scaled;
    for (const bool scales : {false, true}) {
      run_threads(2, {}, [&](Group& group) {
        CodedExchange exchange(group.world(), coded(format));
        for (int step = 0; step < 4; ++step) {
          const float unit = scales ? std::ldexp(1.0F, 3 * (step % 3)) : 1.0F;
          Numbers data = Gradients{}.of(2, 10'007, step)[static_cast<std::size_t>(group.world().rank())];
          for (float& number : data) number *= unit;
          exchange.begin_step(step + 1, unit);
          require(exchange.all_reduce("g", view_of_numbers(data)), "sound");
          for (float& number : data) number /= unit;
          if (group.world().rank() == 0) (scales ? scaled : plain).push_back(data);
        }
      });
    }
    for (std::size_t step = 0; step < plain.size(); ++step)
      EXPECT_TRUE(same_bits(plain[step], scaled[step])) << to_string(format) << ", step " << step;
  }
}

TEST(CodedExchange, KeepsNoResidualsWhereNoneAreWanted) {
  const auto all = Gradients{}.of(2, 10'007);
  const Reduced first = reduce_coded(coded(WireFormat::fp8, false), all);
  EXPECT_TRUE(first.residuals.front().empty());
  EXPECT_TRUE(same_bits(first.numbers.front(), reduce_coded(coded(WireFormat::fp8), all).numbers.front()));
}

TEST(CodedExchange, RefusesResidualsThatWouldBeLost) {
  for (const CodedOptions& options : {coded(WireFormat::f32), coded(WireFormat::fp8, false), CodedOptions{}}) {
    const auto endings = run_ranks(Kind::threads, 2, {}, [&](Group& group) {
      group.world().barrier();
      CodedExchange exchange(group.world(), options);
      exchange.restore({{"g", {Numbers(1000), {}}}});
      Numbers data(1000);  // small
      static_cast<void>(exchange.all_reduce("g", view_of_numbers(data)));
    });
    EXPECT_THAT(endings, Each(HasSubstr("Reset the residuals")));
  }
}

TEST(CodedExchange, RefusesResidualsOfOtherSizes) {
  const auto endings = run_ranks(Kind::threads, 2, {}, [](Group& group) {
    group.world().barrier();
    CodedExchange exchange(group.world(), coded(WireFormat::fp8));
    exchange.restore({{"g", {Numbers(999), {}}}});
    Numbers data(1000);
    static_cast<void>(exchange.all_reduce("g", view_of_numbers(data)));
  });
  EXPECT_THAT(endings, Each(testing::AllOf(HasSubstr("999"), HasSubstr("1000"), HasSubstr("Reset the residuals"))));
}

// ---- Trouble ----

TEST(CodedExchange, EndsEverywhereNamingTheRankThatHasFailed) {
  const auto endings = run_ranks(Kind::threads, 3, {.timeout = 600s, .digest = {}}, [](Group& group) {
    CodedExchange exchange(group.world());
    Numbers data(kSeveralSegments);
    require(exchange.all_reduce("g", view_of_numbers(data)), "sound");
    require(group.world().rank() != 1, "the disk is full");
    static_cast<void>(exchange.all_reduce("g", view_of_numbers(data)));
  });
  for (const std::size_t other : {0U, 2U}) EXPECT_THAT(endings[other], HasSubstr("rank 1 has"));  // failed, or left
}

}  // namespace
}  // namespace athanor::comm
