// Batches of pictures with texts. What batch number `step` holds is a pure function of (data, options, step): the order
// is a keyed permutation of the selection in every epoch, and every random number is counter-based. Worker threads
// change only how soon it is there.
#pragma once

#include "core/base/result.h"
#include "core/data/augment.h"
#include "core/data/dataset.h"
#include "core/data/tokenizer.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace athanor::data {

// Some rows of a batch, one after the other.
struct Rows {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

// Host memory, owned.
struct Batch {
  std::int64_t step = 0;
  int size = 0;  // B, of the share
  int image_px = 0;
  int max_tokens = 0;                  // T
  std::vector<float> images;           // [B, px, px, 3], in [-1, 1]
  std::vector<std::int32_t> tokens;    // [B, T], padded with the tokenizer's pad
  std::vector<std::int32_t> lengths;   // [B], 1 .. T
  std::vector<std::int32_t> concepts;  // [B], index into Dataset::concepts(); equal ids are equally right answers
  std::vector<std::int32_t> pictures;  // [B], index into Dataset::pictures()
  // Its micro-batches are no longer than the longest of their texts (length_groups.h).
  bool is_grouped = false;

  [[nodiscard]] Rows all() const { return {0, size}; }
  // How many tokens are to be read of each text of these rows.
  [[nodiscard]] int tokens_of(const Rows& rows) const;
};

// Which of as many equal runs of rows of each batch are made here: `runs` of them, from one on.
struct Share {
  int index = 0;
  int count = 1;
  int runs = 1;

  [[nodiscard]] bool operator==(const Share&) const = default;
};

struct LoaderOptions {
  Selection selection;
  int batch_size = 128;  // a multiple of share.count
  Share share;
  int image_px = 32;
  int max_tokens = 12;
  // Where it is not empty, rows with texts of like length share a micro-batch, of which a batch has `micro_batches`, a
  // multiple of share.count: by what a row takes, see length_groups.h, for 1 … max_tokens tokens.
  std::vector<double> row_cost;
  int micro_batches = 1;
  std::filesystem::path tokenizer;  // file or folder (Tokenizer::load); empty: the data set's own for the language
  std::uint64_t seed = 0;
  Augmentation augmentation;
  float keyword_probability = 0;  // share of samples whose caption is one or two keywords instead of the name
  float fit_margin = 0.04F;       // see make_drawing; negative keeps the picture's own margins
  int workers = 1;                // threads that prepare batches ahead; 0 prepares inside next()
  int queue = 4;                  // batches that may wait, at least 1
};

// The tokenizer that is asked for, or the data set's own.
[[nodiscard]] std::filesystem::path tokenizer_path(const Dataset& dataset, const LoaderOptions& options);

class Loader {
 public:
  // Decodes the selection once. Errors as Dataset::select and Dataset::decode; options out of range are invalid_input.
  [[nodiscard]] static Result<std::unique_ptr<Loader>> create(std::shared_ptr<const Dataset> dataset,
                                                              LoaderOptions options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // The batch of the current step, then moves on. One caller at a time. Throws Failure when preparing failed.
  [[nodiscard]] Batch next();
  // The next call of next() gives this step's batch.
  void seek(std::int64_t step);
  [[nodiscard]] std::int64_t position() const;

  // The same batch, prepared here and now. Safe on many threads.
  [[nodiscard]] Batch make(std::int64_t step) const;

  [[nodiscard]] std::int64_t pictures() const;  // in the selection
  [[nodiscard]] double steps_per_epoch() const;
  [[nodiscard]] const LoaderOptions& options() const;
  [[nodiscard]] const Tokenizer& tokenizer() const;

 private:
  class Impl;
  explicit Loader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Pictures on white without any change, each with its concept's name, in the order of the data set. The last batch may
// be smaller; its arrays are exactly as long as its size.
class EvaluationSet {
 public:
  // Uses selection, batch_size, image_px, max_tokens and fit_margin of the options; rows are not grouped.
  [[nodiscard]] static Result<EvaluationSet> create(std::shared_ptr<const Dataset> dataset,
                                                    const LoaderOptions& options);

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(pictures_.size()); }
  [[nodiscard]] std::int64_t batches() const;
  [[nodiscard]] Batch batch(std::int64_t index) const;
  // Indices into Dataset::pictures().
  [[nodiscard]] const std::vector<std::size_t>& pictures() const { return pictures_; }
  // The text of the i-th picture.
  [[nodiscard]] const std::string& caption(std::size_t i) const;

 private:
  EvaluationSet() = default;
  std::shared_ptr<const Dataset> dataset_;
  LoaderOptions options_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<std::size_t> pictures_;
};

}  // namespace athanor::data
