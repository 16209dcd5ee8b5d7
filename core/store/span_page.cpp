#include "core/store/span_page.h"

#include "core/store/columns.h"
#include "core/store/page.h"

#include <algorithm>
#include <array>
#include <utility>

namespace athanor::store {
namespace {

constexpr std::size_t kKinds = static_cast<std::size_t>(journal::SpanKind::idle) + 1;

using Numbers = std::vector<std::int64_t>;

// Whole numbers that wrap around, as columns do.
std::int64_t difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::size_t checked_kind(std::int64_t kind) {
  if (kind < 0 || kind >= static_cast<std::int64_t>(kKinds)) damaged_page("a span is of an unknown kind");
  return static_cast<std::size_t>(kind);
}

// A gap is mostly what lies before a span.
std::int64_t plain_gap(std::int64_t before, bool is_first) { return is_first ? 0 : std::max<std::int64_t>(0, before); }

template <class Of>
void put_values(std::string& out, std::span<const TimedSpan> spans, Of&& of, bool as_values) {
  thread_local Numbers numbers;
  numbers.clear();
  for (const TimedSpan& each : spans) numbers.push_back(of(each));
  as_values ? put_value_column(out, numbers) : put_column(out, numbers);
}

std::span<const std::int64_t> taken(std::string_view& bytes, std::size_t entries, Numbers& numbers) {
  numbers.resize(entries);
  take_column(bytes, numbers);
  return numbers;
}

constexpr std::array kShareColumns = {&BusyShare::window,  &BusyShare::windows, &BusyShare::kind,
                                      &BusyShare::busy_ns, &BusyShare::begun,   &BusyShare::longest_ns,
                                      &BusyShare::gap_ns};
constexpr std::size_t kRisingColumns = 3;  // the others tell nothing of their neighbours

}  // namespace

std::string pack_spans(std::span<const TimedSpan> spans) {
  std::string columns;
  columns.reserve(spans.size() * 10);
  std::int64_t end = 0;
  std::array<std::int64_t, kKinds> lengths{};
  put_values(
      columns, spans,
      [&](const TimedSpan& each) {
        const std::int64_t before = difference(each.span.begin_ns, end);
        end = &each == spans.data() ? each.span.end_ns : std::max(end, each.span.end_ns);
        return before;
      },
      true);
  put_values(
      columns, spans,
      [&](const TimedSpan& each) {
        const std::int64_t length = difference(each.span.end_ns, each.span.begin_ns);
        return difference(length, std::exchange(lengths[static_cast<std::size_t>(each.span.kind)], length));
      },
      true);
  put_values(
      columns, spans, [](const TimedSpan& each) { return static_cast<std::int64_t>(each.span.kind); }, false);
  end = 0;
  put_values(
      columns, spans,
      [&](const TimedSpan& each) {
        const bool is_first = &each == spans.data();
        const std::int64_t plain = plain_gap(difference(each.span.begin_ns, end), is_first);
        end = is_first ? each.span.end_ns : std::max(end, each.span.end_ns);
        return difference(each.gap_ns, plain);
      },
      true);
  put_values(
      columns, spans, [](const TimedSpan& each) { return each.span.step; }, false);
  put_values(
      columns, spans, [](const TimedSpan& each) { return std::int64_t{each.span.micro_batch}; }, false);
  put_values(
      columns, spans, [](const TimedSpan& each) { return std::int64_t{each.span.stage}; }, false);
  return with_page_head(spans.size(), columns);
}

void unpack_spans(std::string_view bytes, SpanFields fields, int rank, int lane, std::vector<TimedSpan>& out) {
  const std::size_t entries = take_page_head(bytes);
  thread_local Numbers before, lengths, kinds, gaps, others;
  taken(bytes, entries, before);
  taken(bytes, entries, lengths);
  taken(bytes, entries, kinds);
  taken(bytes, entries, gaps);
  const std::size_t from = out.size();
  out.resize(from + entries);
  std::int64_t end = 0;
  std::array<std::int64_t, kKinds> last{};
  for (std::size_t i = 0; i < entries; ++i) {
    TimedSpan& each = out[from + i];
    const std::size_t kind = checked_kind(kinds[i]);
    last[kind] = sum(last[kind], lengths[i]);
    each.span.rank = rank;
    each.span.lane = lane;
    each.span.kind = static_cast<journal::SpanKind>(kind);
    each.span.begin_ns = sum(end, before[i]);
    each.span.end_ns = sum(each.span.begin_ns, last[kind]);
    each.gap_ns = sum(plain_gap(before[i], i == 0), gaps[i]);
    end = i == 0 ? each.span.end_ns : std::max(end, each.span.end_ns);
  }
  if (fields == SpanFields::times) return;
  const auto fill = [&](auto&& set) {
    taken(bytes, entries, others);
    for (std::size_t i = 0; i < entries; ++i) set(out[from + i].span, others[i]);
  };
  fill([](journal::Span& span, std::int64_t number) { span.step = number; });
  fill([](journal::Span& span, std::int64_t number) { span.micro_batch = static_cast<std::int32_t>(number); });
  fill([](journal::Span& span, std::int64_t number) { span.stage = static_cast<std::int32_t>(number); });
}

std::string pack_shares(std::span<const BusyShare> shares) {
  std::string columns;
  columns.reserve(shares.size() * 10);
  Numbers numbers(shares.size());
  for (std::size_t column = 0; column < kShareColumns.size(); ++column) {
    std::ranges::transform(shares, numbers.begin(), kShareColumns[column]);
    column < kRisingColumns ? put_column(columns, numbers) : put_value_column(columns, numbers);
  }
  return with_page_head(shares.size(), columns);
}

void unpack_shares(std::string_view bytes, BusyShares& out) {
  const std::size_t entries = take_page_head(bytes);
  thread_local Numbers numbers;
  const std::size_t from = out.size();
  out.resize(from + entries);
  for (const auto member : kShareColumns) {
    taken(bytes, entries, numbers);
    for (std::size_t i = 0; i < entries; ++i) out[from + i].*member = numbers[i];
  }
  for (std::size_t i = from; i < out.size(); ++i) checked_kind(out[i].kind);
}

}  // namespace athanor::store
