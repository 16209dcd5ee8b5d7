#include "core/ranks/kept_residuals.h"

#include "core/base/box.h"
#include "core/checkpoint/reader.h"

#include <fmt/format.h>

#include <array>
#include <span>
#include <utility>

namespace athanor::runner {
namespace fs = std::filesystem;
namespace {

constexpr std::array<std::pair<const char*, std::vector<float> comm::Residual::*>, 2> kParts = {
    {{"sender", &comm::Residual::sender}, {"owner", &comm::Residual::owner}}};

std::string key_of(int rank, int ranks, const char* part) {
  return fmt::format("rank {} of {}, {}", rank, ranks, part);
}

// Calls visit(name in a checkpoint, numbers) with each part.
template <class Visit>
void for_parts(comm::Residuals& residuals, int rank, int ranks, const Visit& visit) {
  for (auto& [name, residual] : residuals)
    for (const auto& [part, numbers] : kParts)
      visit(checkpoint::residual_name(name, key_of(rank, ranks, part)), residual.*numbers);
}

}  // namespace

fs::path residual_files(const fs::path& folder, int rank) { return folder / fmt::format("residual-{}", rank); }

std::vector<checkpoint::Array> read_residuals(const fs::path& folder, int ranks, std::int64_t step) {
  std::vector<checkpoint::Array> out;
  for (int rank = 0; rank < ranks; ++rank) {
    comm::Residuals kept = comm::ResidualStore(residual_files(folder, rank)).residuals(step);
    for_parts(kept, rank, ranks, [&](std::string name, std::vector<float>& numbers) {
      const auto count = static_cast<std::int64_t>(numbers.size());
      out.push_back({std::move(name), {count}, std::move(numbers)});
    });
  }
  return out;
}

std::vector<checkpoint::Piece> residual_pieces(const comm::Residuals& residuals, int rank, int ranks) {
  std::vector<checkpoint::Piece> out;
  comm::Residuals kept = residuals;
  for_parts(kept, rank, ranks, [&](std::string name, const std::vector<float>& numbers) {
    checkpoint::Piece& piece = out.emplace_back();
    piece.section = checkpoint::Section::residual;
    piece.name = std::move(name);
    piece.shape = {static_cast<std::int64_t>(numbers.size())};
    piece.box = whole_box(piece.shape);
    const auto bytes = std::as_bytes(std::span(numbers));
    piece.bytes.assign(bytes.begin(), bytes.end());
  });
  return out;
}

Result<bool> bring_residuals(const fs::path& checkpoint, const fs::path& folder, int first, int count, int ranks,
                             std::int64_t step) {
  const auto reader = checkpoint::Reader::open(checkpoint);
  if (!reader) return tl::unexpected(reader.error());
  std::vector<comm::Residuals> brought(static_cast<std::size_t>(count));
  std::vector<checkpoint::Wanted> wanted;
  for (const checkpoint::Holding& holding : reader->holdings()) {
    const auto at = holding.name.rfind('@');
    if (holding.section != checkpoint::Section::residual || at == std::string::npos) continue;
    for (int i = 0; i < count; ++i)
      for (const auto& [part, numbers] : kParts) {
        if (holding.name.substr(at + 1) != key_of(first + i, ranks, part)) continue;
        auto& into = brought[static_cast<std::size_t>(i)][holding.name.substr(0, at)].*numbers;
        into.resize(static_cast<std::size_t>(volume(holding.shape)));
        wanted.push_back({checkpoint::Section::residual, holding.name, "F32", whole_box(holding.shape),
                          std::as_writable_bytes(std::span(into))});
      }
  }
  if (const auto read = reader->read(wanted); !read) return tl::unexpected(read.error());
  bool is_whole = true;
  for (const comm::Residuals& each : brought) is_whole = is_whole && !each.empty();
  for (int i = 0; i < count; ++i)
    comm::ResidualStore(residual_files(folder, first + i))
        .restore(is_whole ? brought[static_cast<std::size_t>(i)] : comm::Residuals(), step);
  return is_whole;
}

}  // namespace athanor::runner
