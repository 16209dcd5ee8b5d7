// Checkpoints that several ranks write together, in the folder layout of checkpoint.h with these files:
//   shard-<k>-of-<n>.safetensors   what rank k wrote: boxes of logical tensors, named "<section>/<tensor><box>"
//   manifest.json                  every logical tensor: type, shape, and its boxes with file, bytes and checksums
//   state.json, COMPLETE           as ever; COMPLETE has format 2
// Nothing in it depends on who wrote what: a reader (reader.h) asks for any boxes of any tensors. Checksums are CRC32C
// of blocks of kBlockBytes, so that a part of a piece can be read and checked.
//
// Writing is a commit in two phases. Every rank writes and flushes its own file and reports what is in it; only then,
// and only if all reports together make up every tensor exactly once, the leader (rank 0) writes manifest and COMPLETE
// and renames. A rank that dies before leaves nothing under a final name.
#pragma once

#include "core/base/box.h"
#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::checkpoint {

inline constexpr std::int64_t kBlockBytes = 256 * 1024;

// How the ranks of a run talk to each other. Each call is made by all ranks, in the same order; an error on one is an
// error on all of them, sooner or later. As it stands: one rank alone.
struct Ranks {
  int rank = 0, count = 1;
  // On the leader the texts of all ranks, by rank; elsewhere none.
  std::function<Result<std::vector<std::string>>(std::string)> gather = [](std::string text) {
    return Result<std::vector<std::string>>(std::vector{std::move(text)});
  };
  // The leader's text.
  std::function<Result<std::string>(std::string)> broadcast = [](std::string text) {
    return Result<std::string>(std::move(text));
  };

  [[nodiscard]] bool is_leader() const noexcept { return rank == 0; }
};

// What a tensor is part of: "<parameter>" of the model, "<parameter>.<slot>" of the optimizer, residual_name() of error
// feedback.
enum class Section { model, optimizer, residual };
[[nodiscard]] const char* to_string(Section section) noexcept;

// What error feedback keeps of a parameter belongs to one rank of one layout: `key` names both. Under another layout
// nobody asks for it, and it begins anew.
[[nodiscard]] std::string residual_name(std::string_view parameter, std::string_view key);

struct Piece {
  Section section = Section::model;
  std::string name;
  std::string dtype = "F32";        // as safetensors has it
  std::vector<std::int64_t> shape;  // of the logical tensor
  Box box;                          // the part of it that this is
  std::vector<std::byte> bytes;     // row-major over box.extent
};

struct ShardContents {
  TrainingState state;  // the leader's is written
  std::vector<Piece> pieces;
};

// Called by every rank of the run with its own pieces; returns the same on all of them, `bytes` of all files together.
// keep, retention and what stands in the way: as write() has it. Errors: io, with the rank it befell; invalid_input
// when the pieces of all ranks do not make up every tensor exactly once; whatever `ranks` fails with.
[[nodiscard]] Result<Written> write_shards(const std::filesystem::path& folder, const ShardContents& contents,
                                           std::int64_t keep, const Ranks& ranks);

}  // namespace athanor::checkpoint
