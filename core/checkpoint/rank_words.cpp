#include "core/checkpoint/rank_words.h"

#include <nlohmann/json.hpp>

namespace athanor::checkpoint {
namespace {

using nlohmann::json;

std::string dumped(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string shown(const Error& error) {
  return dumped({{"error",
                  {{"kind", static_cast<int>(error.kind)},
                   {"intention", error.intention},
                   {"cause", error.cause},
                   {"remedy", error.remedy}}}});
}

std::string shown(const Result<Numbers>& numbers) {
  return numbers ? dumped({{"numbers", *numbers}}) : shown(numbers.error());
}

// What `read` makes of it, or the error that it is.
template <class Read>
auto understood(const std::string& text, Read&& read) -> Result<decltype(read(json()))> {
  try {
    const json in = json::parse(text);
    if (!in.contains("error")) return read(in);
    const json& error = in["error"];
    return tl::unexpected(Error{static_cast<ErrorKind>(error.at("kind").get<int>()), error.at("intention"),
                                error.at("cause"), error.at("remedy")});
  } catch (const json::exception&) {
    return fail(ErrorKind::internal, "agree on a checkpoint", "another rank said what this one does not understand",
                "run the same version of athanor-run on every rank");
  }
}

Result<Numbers> numbers_in(const std::string& text) {
  return understood(text, [](const json& in) { return in.at("numbers").get<Numbers>(); });
}

}  // namespace

Result<Numbers> from_leader(const Ranks& ranks, const Result<Numbers>& own) {
  const auto text = ranks.broadcast(ranks.is_leader() ? shown(own) : std::string());
  return text ? numbers_in(*text) : tl::unexpected(text.error());
}

Result<void> agree(const Ranks& ranks, const Result<void>& own) {
  const auto texts = ranks.gather(own ? shown(Numbers{}) : shown(own.error()));
  if (!texts) return tl::unexpected(texts.error());
  Result<Numbers> verdict;
  for (const std::string& text : *texts)
    if (verdict) verdict = numbers_in(text);
  verdict = from_leader(ranks, verdict);
  return verdict ? Result<void>() : tl::unexpected(verdict.error());
}

std::string report_of(const Result<ShardIndex>& index) {
  return index ? dumped({{"index", to_json(*index)}}) : shown(index.error());
}

Result<ShardIndex> read_report(const std::string& text) {
  const auto index = understood(text, [](const json& in) { return in.at("index").get<std::string>(); });
  return index ? index_from_json(*index) : tl::unexpected(index.error());
}

}  // namespace athanor::checkpoint
