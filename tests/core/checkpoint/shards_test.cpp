#include "core/checkpoint/shards.h"

#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/checkpoint/reader.h"
#include "tests/core/checkpoint/sharded_model.h"
#include "tests/core/checkpoint/thread_ranks.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <mutex>

namespace athanor::checkpoint {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::TemporaryFolder;

const OddLayout kLayout{{2, 2, 1}, parallel::Shard::optimizer};
const std::vector<std::string> kFiles = {"shard-0-of-4.safetensors",
                                         "shard-1-of-4.safetensors",
                                         "shard-2-of-4.safetensors",
                                         "shard-3-of-4.safetensors",
                                         "manifest.json",
                                         "state.json",
                                         "COMPLETE"};

void flip(const fs::path& file, std::streamoff offset, unsigned bit) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(offset);
  const char byte = static_cast<char>(stream.get() ^ (1U << bit));
  stream.seekp(offset);
  stream.put(byte);
  ASSERT_TRUE(stream.good());
}

// Every rank reads its share of the newest whole checkpoint; they all say the same.
Result<Chosen> load_by_all(const fs::path& folder, const OddLayout& layout) {
  const parallel::ShardLayout shares = layout.shares();
  ThreadMeeting meeting(static_cast<int>(shares.size()));
  std::mutex mutex;
  std::vector<Result<Chosen>> said;
  meeting.run([&](const Ranks& ranks) {
    auto chosen = load_newest(
        folder,
        [&](const Reader& reader) -> Result<void> {
          Request request = request_of(shares[static_cast<std::size_t>(ranks.rank)], reader.state().step);
          const auto read = reader.read(request.wanted);
          if (!read) return tl::unexpected(read.error());
          EXPECT_TRUE(request.memory == request.expected);
          return {};
        },
        ranks);
    const std::lock_guard lock(mutex);
    said.push_back(std::move(chosen));
  });
  for (const auto& one : said) {
    EXPECT_EQ(one.has_value(), said.front().has_value());
    if (one && said.front()) {
      EXPECT_EQ(one->step, said.front()->step);
    }
  }
  return said.front();
}

TEST(Shards, AreWrittenByAllRanksAndCountedAsOneCheckpoint) {
  TemporaryFolder folder;
  save(folder.path(), kLayout, 10);
  std::int64_t bytes = 0;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder / "step-10")) {
    names.push_back(entry.path().filename());
    if (names.back() != "COMPLETE") bytes += static_cast<std::int64_t>(entry.file_size());
  }
  EXPECT_THAT(names, testing::UnorderedElementsAreArray(kFiles));
  ASSERT_EQ(saved(folder.path()).size(), 1U);
  EXPECT_EQ(saved(folder.path())[0].bytes, bytes);
  EXPECT_EQ(find_step(folder.path(), 10)->bytes, bytes);
  EXPECT_EQ(why_not_whole(folder / "step-10"), "");
}

// Written once and never again: whatever changes, these must be read.
TEST(Shards, CheckpointsThatEarlierProgramsWroteKeepOpening) {
  for (const char* name : {"one-writer", "two-ranks"}) {
    const fs::path folder = fs::path(ATH_SOURCE_DIR) / "tests/core/checkpoint/samples" / name;
    const auto loaded = load_newest(folder);
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(why_not_whole(folder / "step-40"), "");
    EXPECT_EQ(loaded->contents.state.optimizer_steps, 39);
    EXPECT_EQ(loaded->contents.state.figures.at("best"), 0.25);
    ASSERT_EQ(loaded->contents.parameters.size(), 2U);
    EXPECT_EQ(loaded->contents.parameters[0].name, "image.stem.0.weight");
    EXPECT_EQ(loaded->contents.parameters[0].values, (std::vector<float>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(loaded->contents.parameters[1].values, std::vector<float>{1.5F});
    ASSERT_EQ(loaded->contents.optimizer.size(), 1U);
    EXPECT_EQ(loaded->contents.optimizer[0].name, "image.stem.0.weight.m");
    EXPECT_EQ(loaded->contents.optimizer[0].values, (std::vector<float>{0, -1, -2, -3, -4, -5}));
  }
}

TEST(Shards, ArePutAsideAndRetainedAsThoseOfOneWriter) {
  TemporaryFolder folder;
  for (const std::int64_t step : {10, 20, 30}) save(folder.path(), kLayout, step, 2);
  EXPECT_THAT(steps(folder.path()), ElementsAre(20, 30));
  ASSERT_TRUE(put_aside_after(folder.path(), 20));
  EXPECT_THAT(steps(folder.path()), ElementsAre(20));
  EXPECT_TRUE(fs::exists(folder / "step-30.superseded-1/COMPLETE"));
  flip(folder / "step-20/shard-2-of-4.safetensors", 3000, 3);
  save(folder.path(), kLayout, 20, 2);
  EXPECT_TRUE(fs::exists(folder / "step-20.refused-1"));
  EXPECT_EQ(why_not_whole(folder / "step-20"), "");
}

TEST(Shards, OneFlippedBitAnywhereIsNoticed) {
  TemporaryFolder folder;
  save(folder.path(), kLayout, 20);
  for (const std::string& name : kFiles) {
    const fs::path file = folder / "step-20" / name;
    const auto size = static_cast<std::int64_t>(fs::file_size(file));
    for (std::int64_t offset = 0; offset < size; offset += 13) {
      const auto bit = static_cast<unsigned>(offset % 8);
      flip(file, offset, bit);
      EXPECT_NE(why_not_whole(folder / "step-20"), "") << name << " at " << offset;
      flip(file, offset, bit);
    }
  }
  EXPECT_EQ(why_not_whole(folder / "step-20"), "");
}

TEST(Shards, DamageIsNamedAndAllRanksGoOnWithTheOneBefore) {
  struct Case {
    std::function<void(const fs::path&)> damage;
    std::vector<std::string> named;
  };
  const auto remove = [](const char* name) { return [name](const fs::path& at) { fs::remove(at / name); }; };
  const auto resize = [](const char* name, std::uintmax_t size) {
    return [=](const fs::path& at) { fs::resize_file(at / name, size); };
  };
  const std::vector<Case> cases = {
      {[](const fs::path& at) {
         const auto size = static_cast<std::streamoff>(fs::file_size(at / "shard-1-of-4.safetensors"));
         flip(at / "shard-1-of-4.safetensors", size - 30, 0);  // before it the residual of 20 bytes
       },
       {"checksum", "shard-1-of-4.safetensors", "cube.v"}},
      {remove("shard-2-of-4.safetensors"), {"shard-2-of-4.safetensors is missing"}},
      {resize("shard-3-of-4.safetensors", 500), {"shard-3-of-4.safetensors has 500 bytes instead of"}},
      {resize("shard-3-of-4.safetensors", 500000), {"shard-3-of-4.safetensors has 500000 bytes instead of"}},
      {remove("manifest.json"), {"manifest.json is missing"}},
      {[](const fs::path& at) { flip(at / "manifest.json", 700, 0); }, {"the digest of manifest.json does not match"}},
      {[](const fs::path& at) { flip(at / "state.json", 7, 0); }, {"the digest of state.json does not match"}},
      {remove("COMPLETE"), {"COMPLETE is missing"}},
  };
  for (const Case& one : cases) {
    TemporaryFolder folder;
    save(folder.path(), kLayout, 10);
    save(folder.path(), kLayout, 20);
    one.damage(folder / "step-20");
    const auto chosen = load_by_all(folder.path(), kLayout);
    ASSERT_TRUE(chosen) << chosen.error().message();
    EXPECT_EQ(chosen->step, 10);
    ASSERT_EQ(chosen->skipped.size(), 1U);
    EXPECT_EQ(chosen->skipped[0].name, "step-20");
    for (const std::string& part : one.named) EXPECT_THAT(chosen->skipped[0].reason, HasSubstr(part));
  }
}

// Its digest fits, what it says does not: somebody made it so.
TEST(Shards, AManifestThatIsNotSoundIsRefusedBeforeAnythingIsReadByIt) {
  const std::vector<std::array<const char*, 3>> changes = {
      {"\"head_bytes\":", "\"head_bytes\":-", "shard-0-of-1.safetensors has no usable header"},
      {"\"shape\":[2]", "\"shape\":[4611686018427387904,4]", "'w' has no usable shape"},
      {"\"extent\":[2]", "\"extent\":[-2]", "is not inside its tensor"},
      {"\"file\":0", "\"file\":7", "lies in no file"},
      {"\"crc32c\":\"", "\"crc32c\":\"00000000", "has not one checksum for each block"},
      {"\"dtype\":\"F32\"", "\"dtype\":\"F33\"", "'w' has the unknown type F33"},
      {"\"section\":\"model\"", "\"section\":\"muddle\"", "it is not the JSON it should be"}};
  for (const auto& [what, instead, reason] : changes) {
    TemporaryFolder folder;
    ShardContents contents;
    contents.state.step = 20;
    contents.pieces.push_back({Section::model, "w", "F32", {2}, {{0}, {2}}, std::vector<std::byte>(8)});
    ASSERT_TRUE(write_shards(folder.path(), contents, 1, Ranks{}));
    const fs::path manifest = folder / "step-20/manifest.json", marker = folder / "step-20/COMPLETE";
    const std::string before = *read_file(manifest);
    std::string after = before;
    after.replace(after.find(what), std::strlen(what), instead);
    std::string complete = *read_file(marker);
    const auto exchange = [&complete](const std::string& old, const std::string& fresh) {
      complete.replace(complete.find(old), old.size(), fresh);
    };
    exchange(sha256_hex(before), sha256_hex(after));
    exchange("\"bytes\": " + std::to_string(before.size()), "\"bytes\": " + std::to_string(after.size()));
    ASSERT_TRUE(write_file_flushed(manifest, after));
    ASSERT_TRUE(write_file_flushed(marker, complete));
    EXPECT_THAT(why_not_whole(folder / "step-20"), HasSubstr(reason)) << after;
  }
}

TEST(Shards, WhereNoneIsWholeEveryReasonIsSaidToAllRanks) {
  TemporaryFolder folder;
  EXPECT_EQ(load_by_all(folder.path(), kLayout).error().kind, ErrorKind::invalid_input);
  save(folder.path(), kLayout, 10);
  fs::remove(folder / "step-10/shard-0-of-4.safetensors");
  const auto chosen = load_by_all(folder.path(), kLayout);
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().kind, ErrorKind::corrupt);
  EXPECT_THAT(chosen.error().cause, HasSubstr("step-10: shard-0-of-4.safetensors is missing"));
}

TEST(Shards, AnotherModelIsRefusedWithEveryNameThatDiffers) {
  TemporaryFolder folder;
  save(folder.path(), kLayout, 10);
  const auto reader = Reader::open(folder / "step-10");
  ASSERT_TRUE(reader);
  std::vector<NamedShape> own;
  for (const auto& parameter : odd_model(1)) own.push_back({parameter.name, parameter.shape});
  EXPECT_TRUE(reader->match(Section::model, own));
  own[0].name = "tables";
  own[1].shape = {45, 12};
  const auto match = reader->match(Section::model, own);
  ASSERT_FALSE(match);
  EXPECT_EQ(match.error().kind, ErrorKind::invalid_input);
  for (const char* part :
       {"it has no tables", "its qkv is [45, 13], the model's is [45, 12]", "the model has no table"})
    EXPECT_THAT(match.error().cause, HasSubstr(part));
  std::vector<std::byte> memory(8);
  const auto read = reader->read(std::vector{Wanted{Section::model, "qkv", "F32", {{0, 12}, {1, 2}}, memory},
                                             Wanted{Section::model, "gain", "BF16", {{0}, {4}}, memory}});
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().cause, HasSubstr("its qkv is F32 [45, 13], asked for is F32 [0:1, 12:14]"));
  EXPECT_THAT(read.error().cause, HasSubstr("its gain is F32 [13], asked for is BF16 [0:4]"));
}

TEST(Shards, AMissingOptimizerIsRefusedUnlessItMayBeginAnew) {
  TemporaryFolder folder;
  ShardContents contents;
  contents.state.step = 10;
  contents.pieces.push_back({Section::model, "w", "F32", {2}, {{0}, {2}}, std::vector<std::byte>(8, std::byte{1})});
  ASSERT_TRUE(write_shards(folder.path(), contents, 1, Ranks{}));
  const auto reader = Reader::open(folder / "step-10");
  ASSERT_TRUE(reader);
  std::vector<std::byte> w(8), m(8, std::byte{0xEE});
  const std::vector<Wanted> wanted = {{Section::model, "w", "F32", {{0}, {2}}, w},
                                      {Section::optimizer, "w.m", "F32", {{0}, {2}}, m}};
  const auto refused = reader->read(wanted);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
  EXPECT_THAT(refused.error().cause, HasSubstr("it has no w.m"));
  const auto read = reader->read(wanted, Missing::begin_optimizer_anew);
  ASSERT_TRUE(read);
  EXPECT_THAT(read->fresh, ElementsAre("w.m"));
  EXPECT_EQ(w, std::vector<std::byte>(8, std::byte{1}));
  EXPECT_EQ(m, std::vector<std::byte>(8));
}

TEST(Shards, NarrowNumbersKeepTheirBitsAndAreWidenedForOneReader) {
  TemporaryFolder folder;
  ShardContents contents;
  contents.state.step = 10;
  const std::vector<std::byte> bits = {std::byte{0x80}, std::byte{0x3F}, std::byte{0x20}, std::byte{0xC0}};
  contents.pieces.push_back({Section::model, "w", "BF16", {2}, {{0}, {2}}, bits});
  ASSERT_TRUE(write_shards(folder.path(), contents, 1, Ranks{}));
  std::vector<std::byte> back(2);
  const auto reader = Reader::open(folder / "step-10");
  ASSERT_TRUE(reader->read(std::vector{Wanted{Section::model, "w", "BF16", {{1}, {1}}, back}}));
  EXPECT_THAT(back, ElementsAre(bits[2], bits[3]));
  EXPECT_EQ(load_newest(folder.path())->contents.parameters[0].values, (std::vector<float>{1.0F, -2.5F}));
}

// What two ranks come to that write these pieces.
Error error_of(const fs::path& folder, const std::vector<ShardContents>& contents,
               const std::function<void(Ranks&)>& change = {}) {
  ThreadMeeting meeting(static_cast<int>(contents.size()));
  std::mutex mutex;
  std::vector<Error> errors;
  meeting.run([&](const Ranks& given) {
    Ranks ranks = given;
    if (change) change(ranks);
    const auto written = write_shards(folder, contents[static_cast<std::size_t>(ranks.rank)], 1, ranks);
    const std::lock_guard lock(mutex);
    ASSERT_FALSE(written);
    errors.push_back(written.error());
  });
  EXPECT_EQ(errors.size(), contents.size());
  for (const Error& error : errors) EXPECT_EQ(error.message(), errors.front().message());
  EXPECT_THAT(steps(folder), ElementsAre(10));
  EXPECT_FALSE(fs::exists(folder / ".tmp-step-20"));
  EXPECT_EQ(why_not_whole(folder / "step-10"), "");
  return errors.front();
}

ShardContents one_piece(Box box, std::vector<std::int64_t> shape = {4}, std::int64_t step = 20) {
  ShardContents out;
  out.state.step = step;
  const auto bytes = static_cast<std::size_t>(volume(box.extent)) * 4;
  out.pieces.push_back({Section::model, "w", "F32", std::move(shape), std::move(box), std::vector<std::byte>(bytes)});
  return out;
}

TEST(Shards, PiecesThatDoNotMakeUpTheModelAreRefusedOnAllRanks) {
  TemporaryFolder folder;
  save(folder.path(), kLayout, 10);
  const auto cause = [&](const ShardContents& a, const ShardContents& b) {
    const Error error = error_of(folder.path(), {a, b});
    EXPECT_EQ(error.kind, ErrorKind::invalid_input);
    return error.cause;
  };
  const ShardContents half = one_piece({{0}, {2}});
  EXPECT_THAT(cause(half, half), HasSubstr("'w' is there twice where [0:2] and [0:2] meet"));
  EXPECT_THAT(cause(half, one_piece({{2}, {1}})), HasSubstr("1 of the 4 elements of 'w' are missing"));
  EXPECT_THAT(cause(half, one_piece({{3}, {2}})), HasSubstr("'w' [3:5] is not inside its tensor"));
  EXPECT_THAT(cause(half, one_piece({{2}, {2}}, {5})), HasSubstr("F32 [4] for one rank and F32 [5] for another"));
  EXPECT_THAT(cause(half, one_piece({{2}, {2}}, {4}, 21)),
              HasSubstr("rank 1: it is at step 21, and rank 0 at step 20"));
  ShardContents untrue = one_piece({{2}, {2}});
  untrue.pieces[0].bytes.pop_back();
  EXPECT_THAT(cause(half, untrue), HasSubstr("'w' [2:4] does not lie where it says"));
}

TEST(Shards, ARankThatCannotWriteIsNamedOnAllRanks) {
  TemporaryFolder folder;
  save(folder.path(), kLayout, 10);
  const auto block = [&](Ranks& ranks) {
    if (ranks.rank != 1) return;
    const auto broadcast = ranks.broadcast;
    ranks.broadcast = [&folder, broadcast](std::string text) {
      auto heard = broadcast(std::move(text));
      std::error_code code;
      fs::create_directory(folder / ".tmp-step-20/shard-1-of-2.safetensors", code);  // no file can be made there
      return heard;
    };
  };
  const Error error = error_of(folder.path(), {one_piece({{0}, {2}}), one_piece({{2}, {2}})}, block);
  EXPECT_EQ(error.kind, ErrorKind::io);
  EXPECT_THAT(error.cause, HasSubstr("rank 1: Is a directory"));
}

}  // namespace
}  // namespace athanor::checkpoint
