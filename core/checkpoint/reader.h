// Reads any boxes of any tensors of a checkpoint, whoever wrote it and in which layout: what one rank of another layout
// needs, or all of it. Reads only the blocks in which something wanted lies, each once, in the order of the file, and
// checks every block before it is used. Beside what is asked for it holds the manifest and a MiB.
// Not for concurrent use of one object.
#pragma once

#include "core/base/result.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/shards.h"
#include "core/checkpoint/weight_names.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::checkpoint {

struct Wanted {
  Section section = Section::model;
  std::string name;
  std::string dtype = "F32";
  Box box;
  std::span<std::byte> into;  // row-major over box.extent; no other's
};

struct Holding {
  Section section = Section::model;
  std::string name, dtype;
  std::vector<std::int64_t> shape;
};

// What is not in the checkpoint may begin anew, filled with zeros: residuals always, the optimizer's state if asked.
enum class Missing { refuse, begin_optimizer_anew };

struct ReadReport {
  std::int64_t bytes = 0;          // read from files
  std::vector<std::string> fresh;  // names of what was not there and begins anew
};

class Reader {
 public:
  // A whole checkpoint as far as its marker, the sizes of its files and its manifest tell; files of one writer, which
  // have no other checksums, are held against their digests. corrupt, with what is wrong as the cause; io.
  [[nodiscard]] static Result<Reader> open(const std::filesystem::path& checkpoint);
  Reader(Reader&& other) noexcept;
  Reader& operator=(Reader&& other) noexcept;
  ~Reader();

  [[nodiscard]] const TrainingState& state() const noexcept;
  [[nodiscard]] std::vector<Holding> holdings() const;

  // Whether the section holds exactly these tensors. invalid_input names all that are missing, superfluous or of
  // another shape.
  [[nodiscard]] Result<void> match(Section section, std::span<const NamedShape> tensors) const;

  // Fills every Wanted. invalid_input when a tensor is not there, is of another type, or does not reach as far as the
  // box; corrupt when a checksum does not match, naming file and tensor; io. What is in `into` after an error is
  // nothing to use.
  [[nodiscard]] Result<ReadReport> read(std::span<const Wanted> wanted, Missing missing = Missing::refuse) const;

  // Reads every byte of every file. Errors: as read().
  [[nodiscard]] Result<void> verify() const;

 private:
  struct State;
  explicit Reader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct Chosen {
  std::filesystem::path folder;
  std::int64_t step = 0;
  std::vector<Skipped> skipped;  // newer ones that were not whole
};

// Calls `load` with the newest checkpoint, and where that turns out corrupt or unreadable with the one before, until it
// returns well. On several ranks all go on with the same: one that is damaged for any of them is passed over by all.
// invalid_input when there is none at all, corrupt when none is whole, with every reason; any other error of `load`.
[[nodiscard]] Result<Chosen> load_newest(const std::filesystem::path& folder,
                                         const std::function<Result<void>(const Reader&)>& load, const Ranks& ranks);

}  // namespace athanor::checkpoint
