#include "core/checkpoint/block_reader.h"

#include "core/base/crc32c.h"
#include "core/checkpoint/positioned_file.h"
#include "core/checkpoint/safetensors_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace athanor::checkpoint {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kMostAtOnce = 4 * kBlockBytes;

// A wanted box, filled as the bytes of a stored one come by.
class Filling {
 public:
  Filling(const StoredBox& stored, const Wanted& wanted, std::int64_t element)
      : runs_(*intersection(stored.box, wanted.box), stored.box, wanted.box),
        target_(wanted.into.data()),
        element_(element) {}

  [[nodiscard]] bool done() const noexcept { return runs_.done(); }
  // Of the stored bytes, where the next run begins and ends.
  [[nodiscard]] std::int64_t begin() const noexcept { return runs_.in_outer() * element_; }
  [[nodiscard]] std::int64_t end() const noexcept { return begin() + runs_.length() * element_; }
  void next() noexcept { runs_.next(); }

  // Takes what it needs of the stored bytes from `from` on.
  void take(std::span<const std::byte> bytes, std::int64_t from) {
    const std::int64_t to = from + static_cast<std::int64_t>(bytes.size());
    while (!done() && begin() < to) {
      const std::int64_t first = std::max(begin(), from), last = std::min(end(), to);
      if (first < last)
        std::memcpy(target_ + runs_.in_target() * element_ + (first - begin()), bytes.data() + (first - from),
                    static_cast<std::size_t>(last - first));
      if (end() > to) return;
      next();
    }
  }

 private:
  BoxRuns runs_;
  std::byte* target_;
  std::int64_t element_;
};

struct Block {
  std::size_t request = 0;
  std::size_t index = 0;            // among the blocks of its piece
  std::int64_t begin = 0, end = 0;  // in the file
};

// The blocks of a piece in which a run of a wanted box lies; all where nothing is wanted but to check them.
void add_blocks(std::vector<Block>& out, std::span<const PieceRequest> requests, std::size_t request) {
  const PieceRequest& one = requests[request];
  const StoredBox& stored = *one.stored;
  const std::int64_t bytes = stored.end - stored.begin;
  std::vector<bool> needed(static_cast<std::size_t>((bytes + kBlockBytes - 1) / kBlockBytes), one.wanted.empty());
  for (const Wanted* wanted : one.wanted)
    for (Filling runs(stored, *wanted, bytes_per_element(one.tensor->dtype)); !runs.done(); runs.next())
      for (std::int64_t block = runs.begin() / kBlockBytes; block * kBlockBytes < runs.end(); ++block)
        needed[static_cast<std::size_t>(block)] = true;
  for (std::size_t index = 0; index < needed.size(); ++index) {
    const std::int64_t begin = stored.begin + static_cast<std::int64_t>(index) * kBlockBytes;
    if (needed[index]) out.push_back({request, index, begin, std::min(begin + kBlockBytes, stored.end)});
  }
}

class Pass {
 public:
  Pass(const fs::path& path, std::span<const PieceRequest> requests) : path_(path), requests_(requests) {
    fillings_.resize(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i) {
      add_blocks(blocks_, requests, i);
      for (const Wanted* wanted : requests[i].wanted)
        fillings_[i].emplace_back(*requests[i].stored, *wanted, bytes_per_element(requests[i].tensor->dtype));
    }
  }

  Result<std::int64_t> run() {
    const PositionedFile file(path_);
    if (!file.is_open()) return refused();
    std::int64_t read = 0;
    for (std::size_t first = 0; first < blocks_.size();) {
      std::size_t last = first + 1;  // of the blocks that follow one another in the file
      while (last < blocks_.size() && blocks_[last].begin == blocks_[last - 1].end &&
             blocks_[last].end - blocks_[first].begin <= kMostAtOnce)
        ++last;
      buffer_.resize(static_cast<std::size_t>(blocks_[last - 1].end - blocks_[first].begin));
      if (!file.read(buffer_.data(), static_cast<std::int64_t>(buffer_.size()), blocks_[first].begin)) return refused();
      read += static_cast<std::int64_t>(buffer_.size());
      for (std::size_t i = first; i < last; ++i)
        if (auto taken = take(blocks_[i], blocks_[first].begin); !taken) return tl::unexpected(taken.error());
      first = last;
    }
    return read;
  }

 private:
  Result<void> take(const Block& block, std::int64_t buffer_begin) {
    const PieceRequest& request = requests_[block.request];
    const auto bytes = std::span<const std::byte>(buffer_).subspan(static_cast<std::size_t>(block.begin - buffer_begin),
                                                                   static_cast<std::size_t>(block.end - block.begin));
    const auto& checksums = request.stored->checksums;
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!checksums.empty() && crc32c(text) != checksums[block.index]) {
      return fail(ErrorKind::corrupt, fmt::format("read {}", path_.string()),
                  fmt::format("the checksum of '{}' {} in {} does not match", request.tensor->name,
                              to_text(request.stored->box), path_.filename().string()),
                  "use another step or restore it from a copy");
    }
    for (Filling& filling : fillings_[block.request]) filling.take(bytes, block.begin - request.stored->begin);
    return {};
  }

  [[nodiscard]] tl::unexpected<Error> refused() const {
    return fail(ErrorKind::io, fmt::format("read {}", path_.string()),
                fmt::format("{}: {}", path_.filename().string(), std::strerror(errno)));
  }

  const fs::path& path_;
  std::span<const PieceRequest> requests_;
  std::vector<std::vector<Filling>> fillings_;  // by request
  std::vector<Block> blocks_;                   // in the order of the file
  std::vector<std::byte> buffer_;
};

}  // namespace

Result<std::int64_t> read_pieces(const fs::path& file, std::span<const PieceRequest> requests) {
  return Pass(file, requests).run();
}

}  // namespace athanor::checkpoint
