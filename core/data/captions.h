// Which picture goes with which text in which batch, found without looking at any picture. A pure function of data,
// options and step, as the batches are that are made of it (loader.h).
#pragma once

#include "core/base/result.h"
#include "core/data/loader.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace athanor::data {

class Captions {
 public:
  using Tokens = std::vector<std::int32_t>;
  struct Item {
    std::int32_t picture = 0;  // index into Dataset::pictures()
    std::int32_t concept_id = 0;
  };

  // Errors: as Tokenizer::load and Dataset::select.
  [[nodiscard]] static Result<Captions> create(const Dataset& dataset, LoaderOptions options);

  [[nodiscard]] const LoaderOptions& options() const noexcept { return options_; }
  [[nodiscard]] const Tokenizer& tokenizer() const noexcept { return tokenizer_; }
  // Those of the selection, in its order.
  [[nodiscard]] const std::vector<Item>& items() const noexcept { return items_; }

  // A sample is the picture and the text that are drawn at one place of the endless row of all batches. Those of the
  // rows of a batch, of all replicas, in order.
  [[nodiscard]] std::vector<std::uint64_t> samples(std::int64_t step) const;
  [[nodiscard]] std::size_t item_of(std::uint64_t sample) const;
  // At least one token, at most max_tokens.
  [[nodiscard]] Tokens text_of(std::uint64_t sample) const;

 private:
  struct Texts {
    Tokens name;                   // pieces, without a frame
    std::vector<Tokens> keywords;  // those that hold a known token
  };
  Captions(LoaderOptions options, Tokenizer tokenizer)
      : options_(std::move(options)), tokenizer_(std::move(tokenizer)) {}
  void add(const Dataset& dataset, std::size_t picture);

  LoaderOptions options_;
  Tokenizer tokenizer_;
  std::vector<Item> items_;
  std::map<std::int32_t, Texts> texts_;  // by concept
};

// The tokens of the texts of the first batches, as they are drawn. Errors: as Captions::create.
inline constexpr std::int64_t kBatchesLookedAt = 16;
[[nodiscard]] Result<std::vector<std::int32_t>> text_lengths(const Dataset& dataset, const LoaderOptions& options);
// Of at least one, to the nearest whole number.
[[nodiscard]] std::int64_t mean_length(const std::vector<std::int32_t>& lengths);

}  // namespace athanor::data
