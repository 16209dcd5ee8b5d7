// The saved state of a run: a folder step-<N> below checkpoints/, complete only when it holds COMPLETE.
//   model.safetensors       parameters, keyed by their logical dotted names
//   optimizer.safetensors   optimizer state, keyed "<parameter>.<slot>"
//   residual.safetensors    what error feedback keeps, keyed by residual_name() (shards.h); only where there is some
//   state.json              step, data position, seed, recipe digest, figures of the moment
//   COMPLETE                JSON: format, step, and size and SHA-256 of every file above
// What several ranks write together has other files (shards.h); all functions here take either, as one model.
// Writing: into .tmp-step-<N>, each file flushed, COMPLETE last, then renamed and the folder flushed. A crash at any
// byte leaves the earlier checkpoints as they were. A damaged folder is never overwritten: one that stands in the way
// is renamed to step-<N>.refused-<k>, and to step-<N>.superseded-<k> where it is whole but of another past; of these
// the newest stay, as many as of the others. One writer per folder; reading is safe at any time.
#pragma once

#include "core/base/result.h"
#include "core/checkpoint/safetensors.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace athanor::checkpoint {

struct Array {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

struct TrainingState {
  std::int64_t step = 0;             // steps done
  std::int64_t data_position = 0;    // the step whose batch comes next
  std::int64_t optimizer_steps = 0;  // updates applied, for the bias corrections
  std::uint64_t seed = 0;
  std::string recipe_digest;              // SHA-256 of the resolved recipe's text
  std::string data_digest;                // identity of the data set
  std::string precision;                  // JSON of the number formats' state; empty where there is none
  std::map<std::string, double> figures;  // carried between steps, such as the best score
};

struct Contents {
  TrainingState state;
  std::vector<Array> parameters;
  std::vector<Array> optimizer;
  std::vector<Array> residual = {};  // of all ranks; for write(), load() leaves it out
};

struct Written {
  std::filesystem::path folder;
  std::int64_t bytes = 0;
};

// Writes step-<state.step> below `folder`, which is created when missing, then removes the oldest complete checkpoints
// before it so that at most `keep` stay; later ones, which a resume passed over, are neither counted nor removed.
// Errors: io; nothing half written stays under a final name.
[[nodiscard]] Result<Written> write(const std::filesystem::path& folder, const Contents& contents, std::int64_t keep);

// The run went back to `step`: what was saved of later steps is of another past and is put aside, so that no resume
// takes it up. Errors: io.
[[nodiscard]] Result<void> put_aside_after(const std::filesystem::path& folder, std::int64_t step);

struct Skipped {
  std::string name;    // "step-400"
  std::string reason;  // "COMPLETE is missing"
};

struct Loaded {
  Contents contents;
  std::filesystem::path folder;
  std::vector<Skipped> skipped;  // newer ones that were not whole
};

// The newest whole checkpoint. invalid_input when the folder holds none at all; corrupt when it holds some but none is
// whole, with every reason.
[[nodiscard]] Result<Loaded> load_newest(const std::filesystem::path& folder);
// The same without its arrays, which a Reader gives to whoever holds which of them.
struct Found {
  TrainingState state;
  std::filesystem::path folder;
  std::vector<Skipped> skipped;
};
[[nodiscard]] Result<Found> find_newest(const std::filesystem::path& folder);
// Exactly this one: find_step() and load().
[[nodiscard]] Result<Loaded> load_step(const std::filesystem::path& folder, std::int64_t step);

// A checkpoint that a run can go on from and be forked at.
struct Saved {
  std::int64_t step = 0;
  std::filesystem::path folder;
  std::int64_t bytes = 0;
};
// All of a run, ascending. Looks at markers and sizes and reads no array: what only a digest tells is found by loading.
[[nodiscard]] std::vector<Saved> saved(const std::filesystem::path& folder);
// Exactly this one, whole to the last byte: reads all of it, and keeps none. invalid_input when it is missing (the text
// lists those that are there), corrupt when it is damaged.
[[nodiscard]] Result<Saved> find_step(const std::filesystem::path& folder, std::int64_t step);
// What is in one that find_step() has found.
[[nodiscard]] Result<Loaded> load(const Saved& found);
[[nodiscard]] Result<Found> open(const Saved& found);

// Steps of all folders step-<N>, whole or not, ascending.
[[nodiscard]] std::vector<std::int64_t> steps(const std::filesystem::path& folder);
// The reason why a checkpoint folder is not whole; an empty text when it is. Reads every byte.
[[nodiscard]] std::string why_not_whole(const std::filesystem::path& checkpoint);

}  // namespace athanor::checkpoint
