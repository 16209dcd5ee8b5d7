// Pages of spans and of shares as bytes. Pure functions; any thread.
//
// A page is the head of page.h, then its columns (see columns.h). Spans: what lies between the ends of all before it
// and its begin, its length against the one before of its kind, kind, what its gap is more than that distance, step,
// micro-batch, stage. Shares: window, windows, kind, busy, begun, longest, gap.
#pragma once

#include "core/store/span_shares.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::store {

inline constexpr std::size_t kPageSpans = 1024;
inline constexpr std::size_t kPageShares = 1024;
// A page of shares of level 1 is of kSpanBase pages of spans, one of level n + 1 of kSpanFan of level n.
inline constexpr std::int64_t kSpanBase = 8;
inline constexpr std::int64_t kSpanFan = 4;

[[nodiscard]] std::string pack_spans(std::span<const TimedSpan> spans);
[[nodiscard]] std::string pack_shares(std::span<const BusyShare> shares);

// Step, micro-batch and stage are left out where only times and kinds matter.
enum class SpanFields : std::uint8_t { times, all };

// Append the entries of a page. Throw Failure(corrupt) when the bytes are not what was packed.
void unpack_spans(std::string_view bytes, SpanFields fields, int rank, int lane, std::vector<TimedSpan>& out);
void unpack_shares(std::string_view bytes, BusyShares& out);

}  // namespace athanor::store
