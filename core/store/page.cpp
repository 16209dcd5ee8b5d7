#include "core/store/page.h"

#include "core/base/crc32c.h"
#include "core/store/columns.h"

#include <cstring>

namespace athanor::store {
namespace {

constexpr std::uint32_t kMaxEntries = 1U << 20;

// The columns of entries, one after the other, through one buffer.
template <class Entry, class Number>
void put(std::string& out, std::span<const Entry> entries, Number Entry::*member,
         void (*how)(std::string&, std::span<const Number>)) {
  thread_local std::vector<Number> numbers;
  numbers.clear();
  for (const Entry& entry : entries) numbers.push_back(entry.*member);
  how(out, numbers);
}

template <class Entry, class Number>
void take(std::string_view& bytes, std::span<Entry> entries, Number Entry::*member) {
  thread_local std::vector<Number> numbers;
  numbers.resize(entries.size());
  take_column(bytes, numbers);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].*member = numbers[i];
}

template <class Entry>
void take_time(std::string_view& bytes, std::span<Entry> entries, std::int64_t Entry::*member, Times times) {
  if (times == Times::read) return take(bytes, entries, member);
  skip_column(bytes);
}

template <class Entry>
std::span<Entry> room_for(std::size_t entries, std::vector<Entry>& out) {
  out.resize(out.size() + entries);
  return std::span(out).last(entries);
}

}  // namespace

std::string with_page_head(std::size_t entries, const std::string& columns) {
  std::string page(2 * sizeof(std::uint32_t), '\0');
  const auto count = static_cast<std::uint32_t>(entries);
  std::memcpy(page.data() + sizeof count, &count, sizeof count);
  page += columns;
  const std::uint32_t crc = crc32c(std::string_view(page).substr(sizeof crc));
  std::memcpy(page.data(), &crc, sizeof crc);
  return page;
}

std::size_t take_page_head(std::string_view& bytes) {
  std::uint32_t crc = 0;
  std::uint32_t entries = 0;
  if (bytes.size() < sizeof crc + sizeof entries) damaged_page("a page is too short");
  std::memcpy(&crc, bytes.data(), sizeof crc);
  std::memcpy(&entries, bytes.data() + sizeof crc, sizeof entries);
  if (crc32c(bytes.substr(sizeof crc)) != crc) damaged_page("a page does not match its checksum");
  if (entries > kMaxEntries) damaged_page("a page has too many entries");
  bytes.remove_prefix(sizeof crc + sizeof entries);
  return entries;
}

std::string pack_points(std::span<const Point> points) {
  std::string columns;
  columns.reserve(points.size() * 16);
  put(columns, points, &Point::step, &put_column);
  put(columns, points, &Point::time_ns, &put_column);
  put(columns, points, &Point::value, &put_packed_column);
  return with_page_head(points.size(), columns);
}

std::string pack_buckets(std::span<const Bucket> buckets) {
  std::string columns;
  columns.reserve(buckets.size() * 40);
  for (const auto member : {&Bucket::first_step, &Bucket::last_step, &Bucket::first_time_ns, &Bucket::last_time_ns,
                            &Bucket::count, &Bucket::non_finite})
    put(columns, buckets, member, &put_column);
  for (const auto member : {&Bucket::minimum, &Bucket::maximum, &Bucket::last})
    put(columns, buckets, member, &put_plain_column);
  return with_page_head(buckets.size(), columns);
}

void unpack_points(std::string_view bytes, Times times, std::vector<Point>& out) {
  const std::span<Point> points = room_for(take_page_head(bytes), out);
  take(bytes, points, &Point::step);
  take_time(bytes, points, &Point::time_ns, times);
  take(bytes, points, &Point::value);
}

void unpack_buckets(std::string_view bytes, Times times, std::vector<Bucket>& out) {
  const std::span<Bucket> buckets = room_for(take_page_head(bytes), out);
  take(bytes, buckets, &Bucket::first_step);
  take(bytes, buckets, &Bucket::last_step);
  take_time(bytes, buckets, &Bucket::first_time_ns, times);
  take_time(bytes, buckets, &Bucket::last_time_ns, times);
  for (const auto member : {&Bucket::count, &Bucket::non_finite}) take(bytes, buckets, member);
  for (const auto member : {&Bucket::minimum, &Bucket::maximum, &Bucket::last}) take(bytes, buckets, member);
}

}  // namespace athanor::store
