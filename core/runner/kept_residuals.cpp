#include "core/runner/kept_residuals.h"

#include "core/base/box.h"
#include "core/checkpoint/reader.h"
#include "core/checkpoint/shards.h"
#include "core/comm/residual_store.h"

#include <fmt/format.h>

#include <span>
#include <utility>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

std::string key_of(int rank, int ranks, const char* part) {
  return fmt::format("rank {} of {}, {}", rank, ranks, part);
}

}  // namespace

fs::path residual_files(const fs::path& folder, int rank) { return folder / fmt::format("residual-{}", rank); }

std::vector<checkpoint::Array> read_residuals(const fs::path& folder, int ranks) {
  std::vector<checkpoint::Array> out;
  for (int rank = 0; rank < ranks; ++rank) {
    comm::Residuals residuals = comm::ResidualStore(residual_files(folder, rank)).residuals();
    for (auto& [name, residual] : residuals)
      for (auto& [part, numbers] : {std::pair("sender", &residual.sender), std::pair("owner", &residual.owner)})
        out.push_back({checkpoint::residual_name(name, key_of(rank, ranks, part)),
                       {static_cast<std::int64_t>(numbers->size())},
                       std::move(*numbers)});
  }
  return out;
}

Result<std::vector<checkpoint::Array>> saved_residuals(const fs::path& checkpoint) {
  const auto reader = checkpoint::Reader::open(checkpoint);
  if (!reader) return tl::unexpected(reader.error());
  std::vector<checkpoint::Array> out;
  for (const checkpoint::Holding& holding : reader->holdings())
    if (holding.section == checkpoint::Section::residual && holding.dtype == "F32")
      out.push_back({holding.name, holding.shape, std::vector<float>(static_cast<std::size_t>(volume(holding.shape)))});
  std::vector<checkpoint::Wanted> wanted;
  for (checkpoint::Array& array : out)
    wanted.push_back({checkpoint::Section::residual, array.name, "F32", whole_box(array.shape),
                      std::as_writable_bytes(std::span(array.values))});
  if (const auto read = reader->read(wanted); !read) return tl::unexpected(read.error());
  return out;
}

bool write_residuals(const fs::path& folder, int ranks, const std::vector<checkpoint::Array>& arrays,
                     std::int64_t step) {
  std::vector<comm::Residuals> all(static_cast<std::size_t>(ranks));
  std::size_t found = 0;
  for (const checkpoint::Array& array : arrays) {
    const auto at = array.name.rfind('@');
    if (at == std::string::npos) continue;
    for (int rank = 0; rank < ranks; ++rank) {
      comm::Residual& residual = all[static_cast<std::size_t>(rank)][array.name.substr(0, at)];
      for (auto& [part, numbers] : {std::pair("sender", &residual.sender), std::pair("owner", &residual.owner)})
        if (array.name.substr(at + 1) == key_of(rank, ranks, part)) *numbers = array.values, ++found;
    }
  }
  if (found != arrays.size()) return false;
  for (int rank = 0; rank < ranks; ++rank)
    comm::ResidualStore(residual_files(folder, rank)).restore(all[static_cast<std::size_t>(rank)], step);
  return true;
}

}  // namespace athanor::runner
