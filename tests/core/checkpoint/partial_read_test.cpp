// How little is read for a part, and how little memory that takes.
#include "core/checkpoint/reader.h"
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <malloc.h>
#include <string>

namespace athanor::checkpoint {
namespace {

namespace fs = std::filesystem;
using testing_support::TemporaryFolder;

constexpr std::int64_t kMebibyte = 1024 * 1024;

// Rows of 1 KiB whose numbers are their places.
ShardContents rows(std::int64_t count) {
  ShardContents out;
  out.state.step = 1;
  Piece piece{Section::model, "w", "I32", {count, 256}, {{0, 0}, {count, 256}}, {}};
  piece.bytes.resize(static_cast<std::size_t>(count) * 1024);
  auto* numbers = reinterpret_cast<std::int32_t*>(piece.bytes.data());
  for (std::int64_t i = 0; i < count * 256; ++i) numbers[i] = static_cast<std::int32_t>(i);
  out.pieces.push_back(std::move(piece));
  return out;
}

void flip_row(const fs::path& file, std::int64_t row_from_end) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  const auto offset = static_cast<std::streamoff>(fs::file_size(file)) - row_from_end * 1024;
  stream.seekp(offset);
  stream.put('!');
  stream.put('?');
}

TEST(PartialRead, TouchesOnlyTheBlocksInWhichSomethingWantedLies) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_shards(folder.path(), rows(8192), 1, Ranks{}));  // 8 MiB
  flip_row(folder / "step-1/shard-0-of-1.safetensors", 1);           // the last row
  const auto reader = Reader::open(folder / "step-1");
  std::vector<std::int32_t> some(100 * 256), column(8192 - 300);
  const auto rows_read = reader->read(std::vector{
      Wanted{Section::model, "w", "I32", {{1000, 0}, {100, 256}}, std::as_writable_bytes(std::span(some))}});
  ASSERT_TRUE(rows_read);
  EXPECT_LE(rows_read->bytes, 2 * kBlockBytes);
  for (std::size_t i = 0; i < some.size(); ++i) ASSERT_EQ(some[i], static_cast<std::int32_t>(256'000 + i));
  const auto column_read = reader->read(std::vector{
      Wanted{Section::model, "w", "I32", {{0, 7}, {8192 - 300, 1}}, std::as_writable_bytes(std::span(column))}});
  ASSERT_TRUE(column_read);
  EXPECT_LE(column_read->bytes, 8 * kMebibyte - kBlockBytes);
  for (std::size_t i = 0; i < column.size(); ++i) ASSERT_EQ(column[i], static_cast<std::int32_t>(256 * i + 7));
  // The damaged row is noticed by who reads its block.
  EXPECT_EQ(
      reader
          ->read(std::vector{Wanted{
              Section::model, "w", "I32", {{8100, 0}, {1, 1}}, std::as_writable_bytes(std::span(column)).first(4)}})
          .error()
          .kind,
      ErrorKind::corrupt);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
std::int64_t kibibytes(const char* field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field)) return std::stoll(line.substr(line.find(':') + 1));
  return -1;
}

TEST(PartialRead, TakesLittleMoreMemoryThanTheShardThatIsAskedFor) {
  TemporaryFolder folder;
  ASSERT_TRUE(write_shards(folder.path(), rows(65536), 1, Ranks{}));  // 64 MiB
  ::malloc_trim(0);                                                   // what was freed is no room for what comes
  std::ofstream("/proc/self/clear_refs") << "5";                      // the peak begins anew
  const std::int64_t before = kibibytes("VmRSS");
  const auto reader = Reader::open(folder / "step-1");
  std::vector<std::byte> half(32 * kMebibyte);
  ASSERT_TRUE(reader->read(std::vector{Wanted{Section::model, "w", "I32", {{0, 64}, {65536, 128}}, half}}));
  const double ratio = static_cast<double>(kibibytes("VmHWM") - before) * 1024 / static_cast<double>(half.size());
  EXPECT_LE(ratio, 1.2);
  RecordProperty("ratio", std::to_string(ratio));
}
#endif

}  // namespace
}  // namespace athanor::checkpoint
