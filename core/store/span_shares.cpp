#include "core/store/span_shares.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace athanor::store {
namespace {

constexpr int kWidest = 62;

auto order_of(const BusyShare& share) { return std::tuple(share.window, share.kind, share.windows); }

SummedUp narrowest(SummedUp sum, std::size_t most) {
  put_together(sum.shares);
  while (sum.shares.size() > most && sum.shift < kWidest) {
    widen(sum.shares);
    ++sum.shift;
  }
  return sum;
}

}  // namespace

void add_shares(BusyShares& out, const TimedSpan& timed, int shift) {
  const journal::Span& span = timed.span;
  const std::int64_t length = span.end_ns - span.begin_ns;
  const auto kind = static_cast<std::int64_t>(span.kind);
  const std::int64_t first = span.begin_ns >> shift;
  const std::int64_t last = length > 0 ? (span.end_ns - 1) >> shift : first;
  if (first == last) {
    out.push_back({first, 1, kind, length, 1, length, timed.gap_ns});
    return;
  }
  out.push_back({first, 1, kind, ((first + 1) << shift) - span.begin_ns, 1, length, timed.gap_ns});
  if (last - first > 1) out.push_back({first + 1, last - first - 1, kind, std::int64_t{1} << shift});
  out.push_back({last, 1, kind, span.end_ns - (last << shift)});
}

void put_together(BusyShares& shares) {
  std::ranges::sort(shares, {}, &order_of);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < shares.size(); ++i) {
    BusyShare& into = shares[kept];
    const BusyShare& share = shares[i];
    if (order_of(into) != order_of(share)) {
      shares[++kept] = share;
      continue;
    }
    into.busy_ns += share.busy_ns;
    into.begun += share.begun;
    into.longest_ns = std::max(into.longest_ns, share.longest_ns);
    into.gap_ns = std::max(into.gap_ns, share.gap_ns);
  }
  if (!shares.empty()) shares.resize(kept + 1);
}

void widen(BusyShares& shares) {
  const std::size_t count = shares.size();
  for (std::size_t i = 0; i < count; ++i) {
    const BusyShare share = shares[i];
    const std::int64_t end = share.window + share.windows;
    shares[i].window = share.window >> 1;
    shares[i].windows = 1;
    if (share.windows == 1) continue;
    // A wider window of which it has but one half, at the front or at the back; and those that it has whole.
    const bool has_front = (share.window & 1) != 0;
    const bool has_back = (end & 1) != 0;
    const std::int64_t first = (share.window + 1) >> 1;
    const std::int64_t last = end >> 1;
    BusyShare whole{first, last - first, share.kind, share.busy_ns * 2};
    if (!has_front) {
      whole.begun = share.begun;
      whole.longest_ns = share.longest_ns;
      whole.gap_ns = share.gap_ns;
      shares[i] = whole;
    } else if (whole.windows > 0) {
      shares.push_back(whole);
    }
    if (has_back) shares.push_back({last, 1, share.kind, share.busy_ns});
  }
  put_together(shares);
}

SummedUp sum_up(std::span<const TimedSpan> spans, std::size_t most) {
  std::int64_t told = 0;
  for (const TimedSpan& span : spans) told += span.span.end_ns - span.span.begin_ns;
  SummedUp sum;
  // Narrower windows would be more than `most` in any case.
  sum.shift = std::bit_width(static_cast<std::uint64_t>(told) / std::max<std::size_t>(1, most));
  sum.shift = std::clamp(sum.shift - 1, 0, kWidest);
  sum.shares.reserve(spans.size() * 2);
  for (const TimedSpan& span : spans) add_shares(sum.shares, span, sum.shift);
  return narrowest(std::move(sum), most);
}

SummedUp sum_up(std::vector<SummedUp> parts, std::size_t most) {
  SummedUp sum;
  for (const SummedUp& part : parts) sum.shift = std::max(sum.shift, part.shift);
  for (SummedUp& part : parts) {
    for (; part.shift < sum.shift; ++part.shift) widen(part.shares);
    sum.shares.insert(sum.shares.end(), part.shares.begin(), part.shares.end());
  }
  return narrowest(std::move(sum), most);
}

}  // namespace athanor::store
