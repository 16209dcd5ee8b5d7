#include "core/data/captions.h"

#include "core/data/length_groups.h"
#include "core/data/permutation.h"
#include "core/data/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace athanor::data {
namespace {

bool is_known(const Captions::Tokens& tokens, const Tokenizer& tokenizer) {
  return std::ranges::any_of(tokens, [&](std::int32_t id) { return id != tokenizer.special().unknown; });
}

}  // namespace

std::filesystem::path tokenizer_path(const Dataset& dataset, const LoaderOptions& options) {
  return options.tokenizer.empty() ? dataset.tokenizer_file(options.selection.language) : options.tokenizer;
}

Result<Captions> Captions::create(const Dataset& dataset, LoaderOptions options) {
  // The selection's message about an unknown language is better than that about a tokenizer that is not there.
  const auto selected = dataset.select(options.selection);
  if (!selected) return tl::unexpected(selected.error());
  auto tokenizer = Tokenizer::load(tokenizer_path(dataset, options));
  if (!tokenizer) return tl::unexpected(tokenizer.error());
  Captions out(std::move(options), std::move(*tokenizer));
  for (const std::size_t picture : *selected) out.add(dataset, picture);
  return out;
}

void Captions::add(const Dataset& dataset, std::size_t picture) {
  const std::int32_t id = dataset.pictures()[picture].concept_id;
  items_.push_back({static_cast<std::int32_t>(picture), id});
  const auto [entry, fresh] = texts_.try_emplace(id);
  if (!fresh) return;
  const Wording& wording = *dataset.concepts()[static_cast<std::size_t>(id)].in(options_.selection.language);
  entry->second.name = tokenizer_.pieces(wording.name, options_.max_tokens);
  for (const std::string& keyword : wording.keywords) {
    Tokens tokens = tokenizer_.pieces(keyword, options_.max_tokens);
    if (is_known(tokens, tokenizer_)) entry->second.keywords.push_back(std::move(tokens));
  }
}

std::vector<std::uint64_t> Captions::samples(std::int64_t step) const {
  std::vector<std::uint64_t> drawn(static_cast<std::size_t>(options_.batch_size));
  std::iota(drawn.begin(), drawn.end(), static_cast<std::uint64_t>(step) * drawn.size());
  if (options_.row_cost.empty()) return drawn;
  std::vector<std::int32_t> lengths;
  for (const std::uint64_t sample : drawn) lengths.push_back(static_cast<std::int32_t>(text_of(sample).size()));
  std::vector<std::uint64_t> out;
  for (const std::size_t place :
       group_by_length(lengths, options_.micro_batches, options_.row_cost, static_cast<std::size_t>(step)))
    out.push_back(drawn[place]);
  return out;
}

std::size_t Captions::item_of(std::uint64_t sample) const {
  const std::uint64_t count = items_.size();
  return KeyedPermutation(count, options_.seed, sample / count)(sample % count);
}

Captions::Tokens Captions::text_of(std::uint64_t sample) const {
  const Texts& texts = texts_.at(items_[item_of(sample)].concept_id);
  SampleRandom random(options_.seed, Purpose::caption, sample);
  const auto count = static_cast<std::uint32_t>(texts.keywords.size());
  Tokens pieces;
  if (!random.chance(options_.keyword_probability) || count == 0) {
    pieces = texts.name;
  } else {
    const std::uint32_t first = random.below(count);
    pieces = texts.keywords[first];
    if (count >= 2 && !random.chance(0.5F)) {
      const Tokens& second = texts.keywords[(first + 1 + random.below(count - 1)) % count];
      pieces.insert(pieces.end(), second.begin(), second.end());
    }
  }
  return tokenizer_.framed(std::move(pieces), options_.max_tokens);
}

Result<std::vector<std::int32_t>> text_lengths(const Dataset& dataset, const LoaderOptions& options) {
  const auto captions = Captions::create(dataset, options);
  if (!captions) return tl::unexpected(captions.error());
  std::vector<std::int32_t> out;
  for (std::int64_t sample = 0; sample < kBatchesLookedAt * options.batch_size; ++sample)
    out.push_back(static_cast<std::int32_t>(captions->text_of(static_cast<std::uint64_t>(sample)).size()));
  return out;
}

std::int64_t mean_length(const std::vector<std::int32_t>& lengths) {
  const double sum = std::accumulate(lengths.begin(), lengths.end(), 0.0);
  return std::llround(sum / static_cast<double>(lengths.size()));
}

}  // namespace athanor::data
