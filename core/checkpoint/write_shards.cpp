#include "core/base/crc32c.h"
#include "core/base/digest.h"
#include "core/base/files.h"
#include "core/checkpoint/folder.h"
#include "core/checkpoint/manifest.h"
#include "core/checkpoint/names.h"
#include "core/checkpoint/rank_words.h"
#include "core/checkpoint/safetensors.h"
#include "core/checkpoint/shard_index.h"

#include <fmt/format.h>

#include <algorithm>

namespace athanor::checkpoint {
namespace fs = std::filesystem;
namespace {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::uint32_t> checksums_of(std::span<const std::byte> bytes) {
  std::vector<std::uint32_t> out;
  for (std::size_t at = 0; at < bytes.size(); at += static_cast<std::size_t>(kBlockBytes))
    out.push_back(crc32c(text_of(bytes.subspan(at, std::min<std::size_t>(kBlockBytes, bytes.size() - at)))));
  return out;
}

// Writes this rank's file and tells what is in it.
Result<ShardIndex> write_own(const fs::path& aside, const ShardContents& contents, const Ranks& ranks) {
  ShardIndex index;
  const std::string name = fmt::format("shard-{}-of-{}.safetensors", ranks.rank, ranks.count);
  std::vector<BytesView> views;
  for (const Piece& piece : contents.pieces) {
    const std::string label = fmt::format("{}/{}{}", to_string(piece.section), piece.name, to_text(piece.box));
    views.push_back({label, piece.dtype, piece.box.extent, piece.bytes});
  }
  const auto head = write_safetensors(aside / name, views, {{"step", std::to_string(contents.state.step)}});
  if (!head) return tl::unexpected(head.error());
  auto end = static_cast<std::int64_t>(head->size());
  const std::int64_t head_bytes = end;
  for (const Piece& piece : contents.pieces) {
    const std::int64_t begin = end;
    end += static_cast<std::int64_t>(piece.bytes.size());
    index.tensors.push_back({piece.section,
                             piece.name,
                             piece.dtype,
                             piece.shape,
                             {StoredBox{piece.box, 0, begin, end, checksums_of(piece.bytes)}}});
  }
  index.files.push_back({name, end, head_bytes, crc32c(*head)});
  return index;
}

// What all ranks wrote, once each has and all of it is there.
Result<ShardIndex> put_together(const fs::path& aside, const std::vector<std::string>& reports) {
  const auto intention = fmt::format("write the checkpoint {}", aside.string());
  IndexMerge merge;
  for (std::size_t rank = 0; rank < reports.size(); ++rank) {
    auto report = read_report(reports[rank]);
    if (!report) {
      report.error().cause = fmt::format("rank {}: {}", rank, report.error().cause);
      return report;
    }
    for (const StoredFile& file : report->files) {
      std::error_code code;
      if (static_cast<std::int64_t>(fs::file_size(aside / file.name, code)) == file.bytes && !code) continue;
      return fail(ErrorKind::io, intention,
                  fmt::format("rank {} wrote {}, but it is not there for rank 0", rank, file.name),
                  "put the run's folder on a file system that all its hosts share");
    }
    if (auto merged = merge.add(std::move(*report)); !merged) return tl::unexpected(merged.error());
  }
  ShardIndex index = merge.take();
  if (std::string fault = why_not_sound(index); !fault.empty())
    return fail(ErrorKind::invalid_input, intention,
                fmt::format("the pieces of all ranks do not make up the model: {}", fault));
  return index;
}

Result<Written> commit(const fs::path& aside, const std::vector<std::string>& reports, const TrainingState& state,
                       std::int64_t keep) {
  const auto index = put_together(aside, reports);
  if (!index) return tl::unexpected(index.error());
  Manifest manifest;
  manifest.format = kShardedFormat;
  for (const StoredFile& file : index->files) manifest.files[file.name] = {file.bytes, ""};
  const std::string text = to_json(*index);
  manifest.files[kIndexFile] = {static_cast<std::int64_t>(text.size()), sha256_hex(text)};
  auto written = write_file_flushed(aside / kIndexFile, text);
  if (written) written = write_state(aside, state, manifest);
  if (!written) return tl::unexpected(written.error());
  return complete_checkpoint(aside, manifest, keep);
}

}  // namespace

Result<Written> write_shards(const fs::path& folder, const ShardContents& contents, std::int64_t keep,
                             const Ranks& ranks) {
  const std::int64_t step = contents.state.step;
  const fs::path aside = aside_of(folder, step);
  Result<Numbers> said = Numbers{step};
  if (ranks.is_leader())
    if (const auto begun = begin_checkpoint(folder, step); !begun) said = tl::unexpected(begun.error());
  if (said = from_leader(ranks, said); !said) return tl::unexpected(said.error());

  Result<ShardIndex> own;
  if (said->front() == step)
    own = write_own(aside, contents, ranks);
  else
    own = fail(ErrorKind::invalid_input, fmt::format("write the checkpoint {}", aside.string()),
               fmt::format("it is at step {}, and rank 0 at step {}", step, said->front()));
  const auto reports = ranks.gather(report_of(own));
  if (!reports) {
    said = tl::unexpected(reports.error());
  } else if (ranks.is_leader()) {
    const auto written = commit(aside, *reports, contents.state, keep);
    said = written ? Result<Numbers>(Numbers{written->bytes}) : tl::unexpected(written.error());
  }
  if (ranks.is_leader() && !said) give_up_checkpoint(aside);
  if (reports) said = from_leader(ranks, said);
  if (!said) return tl::unexpected(said.error());
  return Written{folder / folder_name(step), said->front()};
}

}  // namespace athanor::checkpoint
