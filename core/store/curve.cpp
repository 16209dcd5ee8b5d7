#include "core/store/curve.h"

#include "core/store/buckets.h"
#include "core/store/columns.h"
#include "core/store/database.h"
#include "core/store/fold.h"
#include "core/store/pages.h"
#include "core/store/series.h"

#include <algorithm>
#include <map>
#include <optional>

namespace athanor::store {
namespace {

bool overlaps(const StepRange& range, std::int64_t first, std::int64_t last) {
  return first <= range.last && last >= range.first;
}
bool contains(const StepRange& range, const Bucket& bucket) {
  return bucket.first_step >= range.first && bucket.last_step <= range.last;
}

double width_of(const StepRange& range) { return static_cast<double>(range.last) - static_cast<double>(range.first); }

// The coarsest level whose summaries are, on the whole, no wider than `width` steps.
int level_for(const SeriesPlace& place, double width) {
  const double each = width_of({place.first_step, place.last_step}) / static_cast<double>(place.samples);
  const std::int64_t sealed = place.pages * kPageSamples;
  int level = 0;
  // Level n + 1 begins when level n has more than a page.
  while (static_cast<double>(samples_below(level + 1)) * each <= width &&
         (level == 0 ? sealed > 0 : sealed > kPageSummaries * samples_below(level)))
    ++level;
  return level;
}

// Tries to read a page; notes one that is damaged.
template <class Unpack>
bool is_whole(DamagedPages& damaged, const PageView& page, std::int64_t metric, int level, Unpack&& unpack) {
  try {
    unpack();
    return true;
  } catch (const Failure& failure) {
    if (failure.error().kind != ErrorKind::corrupt) throw;
    damaged.push_back({metric, level, page.number, page.steps.first, page.steps.last});
    return false;
  }
}

// Samples of all pages that reach into the range, and those that are in none yet, in order of arrival. Damaged pages
// are passed over.
template <class Take>
void for_each_point(Connection& connection, const SeriesPlace& place, const StepRange& range, Times times,
                    DamagedPages& damaged, Take&& take) {
  std::vector<Point> points;
  for_pages(connection, place.metric, 0, range, place.rising, [&](const PageView& page) {
    points.clear();
    if (!is_whole(damaged, page, place.metric, 0, [&] { unpack_points(page.bytes, times, points); })) return;
    for (const Point& point : points) take(point);
  });
  if (place.samples % kPageSamples == 0) return;
  for (const Point& point : stored_pieces(connection, place.metric)) take(point);
}

// A page's entries, and which they are.
template <class Entry>
struct Opened {
  std::int64_t number = -1;
  StepRange steps;
  bool is_damaged = false;
  std::vector<Entry> entries;
};

// Goes through the samples of a range in order of arrival, summed up as far as `width` allows, and hands them to `Out`,
// which adds buckets and points. In place of a damaged page of summaries it takes what they sum up; in place of damaged
// samples their summaries.
template <class Out>
class Walk {
 public:
  Walk(Connection& connection, const SeriesPlace& place, const CurveRange& wanted, const StepRange& range, double width,
       DamagedPages& damaged, Out& out)
      : connection_(connection),
        place_(place),
        wanted_(wanted),
        range_(range),
        width_(width),
        damaged_(damaged),
        out_(out) {}

  void run(int level) {
    if (level == 0)
      add_points(range_, {}, true);
    else
      add_summaries(level, range_, {});
    if (place_.samples % kPageSamples != 0)
      for (const Point& point : stored_pieces(connection_, place_.metric)) add(point);
  }

 private:
  // Samples by the order in which they came.
  struct Numbers {
    std::int64_t first = 0, end = std::numeric_limits<std::int64_t>::max();
    [[nodiscard]] bool overlap(std::int64_t from, std::int64_t to) const { return from < end && to > first; }
  };

  // The pages that reach into the range and hold some of these samples.
  template <class Entry, class Unpack>
  std::vector<Opened<Entry>> pages_of(int level, const StepRange& range, const Numbers& numbers, Unpack&& unpack) {
    const std::int64_t each = level == 0 ? kPageSamples : kPageSummaries * samples_below(level);
    std::vector<Opened<Entry>> pages;
    for_pages(connection_, place_.metric, level, range, place_.rising, [&](const PageView& page) {
      if (!numbers.overlap(page.number * each, (page.number + 1) * each)) return;
      Opened<Entry>& opened = pages.emplace_back();
      opened.number = page.number;
      opened.steps = page.steps;
      opened.is_damaged =
          !is_whole(damaged_, page, place_.metric, level, [&] { unpack(page.bytes, wanted_.times, opened.entries); });
    });
    return pages;
  }

  void add_summaries(int level, const StepRange& range, const Numbers& numbers) {
    const std::int64_t below = samples_below(level);
    for (const Opened<Bucket>& page : pages_of<Bucket>(level, range, numbers, &unpack_buckets)) {
      std::int64_t number = page.number * kPageSummaries;
      if (page.is_damaged) {
        const Numbers held{number * below, (number + kPageSummaries) * below};
        level == 1 ? add_points(page.steps, held, false) : add_summaries(level - 1, page.steps, held);
        continue;
      }
      for (const Bucket& bucket : page.entries) {
        if (numbers.overlap(number * below, (number + 1) * below)) add(bucket, level, number);
        ++number;
      }
    }
  }

  void add_points(const StepRange& range, const Numbers& numbers, bool summaries_may_help) {
    for (const Opened<Point>& page : pages_of<Point>(0, range, numbers, &unpack_points)) {
      std::int64_t number = page.number * kPageSamples;
      if (page.is_damaged) {
        if (summaries_may_help) add_summaries_of(page.steps, {number, number + kPageSamples});
        continue;
      }
      for (const Point& point : page.entries) {
        if (numbers.overlap(number, number + 1)) add(point);
        ++number;
      }
    }
  }

  // Of samples that are damaged.
  void add_summaries_of(const StepRange& steps, const Numbers& numbers) {
    for (const Opened<Bucket>& page : pages_of<Bucket>(1, steps, numbers, &unpack_buckets)) {
      if (page.is_damaged) continue;
      std::int64_t first = page.number * kPageSummaries * kBase;
      for (const Bucket& each : page.entries) {
        if (numbers.overlap(first, first + kBase) && overlaps(range_, each.first_step, each.last_step)) out_.add(each);
        first += kBase;
      }
    }
  }

  void add(const Point& point) {
    if (point.step >= range_.first && point.step <= range_.last) out_.add(point);
  }

  void add(const Bucket& bucket, int level, std::int64_t number) {
    if (!overlaps(range_, bucket.first_step, bucket.last_step)) return;
    const double steps = static_cast<double>(bucket.last_step) - static_cast<double>(bucket.first_step);
    // Where samples are sparser than on the whole, twice the width goes; more than that is opened.
    const bool opens =
        (steps > 2 * width_ && bucket.count > 1) || (wanted_.edges == Edges::cut && !contains(range_, bucket));
    if (!opens)
      out_.add(bucket);
    else if (samples_below(level) > kPageSamples)
      open_buckets(bucket, level, number);
    else
      open_points(bucket, number * samples_below(level));
  }

  void open_buckets(const Bucket& bucket, int level, std::int64_t number) {
    const std::int64_t child = number * kFan;
    Opened<Bucket>& page = opened_[level];
    if (page.number != child / kPageSummaries)
      page = the_page_of<Bucket>(level - 1, child * samples_below(level - 1), bucket, &unpack_buckets);
    if (page.is_damaged) return out_.add(bucket);
    const std::int64_t begin = child % kPageSummaries;
    const std::int64_t end = std::min<std::int64_t>(begin + kFan, std::ssize(page.entries));
    for (std::int64_t i = begin; i < end; ++i)
      add(page.entries[static_cast<std::size_t>(i)], level - 1, child + i - begin);
  }

  void open_points(const Bucket& bucket, std::int64_t first_sample) {
    if (points_.number != first_sample / kPageSamples)
      points_ = the_page_of<Point>(0, first_sample, bucket, &unpack_points);
    if (points_.is_damaged) return out_.add(bucket);
    const std::int64_t begin = first_sample % kPageSamples;
    const std::int64_t end = std::min<std::int64_t>(begin + bucket.count, std::ssize(points_.entries));
    for (std::int64_t i = begin; i < end; ++i) add(points_.entries[static_cast<std::size_t>(i)]);
  }

  template <class Entry, class Unpack>
  Opened<Entry> the_page_of(int level, std::int64_t sample, const Bucket& within, Unpack&& unpack) {
    auto found = pages_of<Entry>(level, {within.first_step, within.last_step}, {sample, sample + 1},
                                 std::forward<Unpack>(unpack));
    if (found.empty()) damaged_page("a page is missing");
    return std::move(found.front());
  }

  Connection& connection_;
  const SeriesPlace& place_;
  const CurveRange& wanted_;
  StepRange range_;
  double width_;
  DamagedPages& damaged_;
  Out& out_;
  std::map<int, Opened<Bucket>> opened_;  // by the level that was opened
  Opened<Point> points_;
};

// Takes every one as it is.
struct Singles {
  std::vector<Bucket> all;
  void add(const Bucket& bucket) { all.push_back(bucket); }
  void add(const Point& point) { all.push_back(bucket_of(point)); }
};

}  // namespace

SeriesPlace find_series(Connection& connection, RunId run, std::string_view name) {
  auto& query = connection.statement(
      "SELECT id, samples, pages, rising, first_step, last_step FROM metric WHERE run = ? AND name = ?");
  SQLite::bind(query, run, std::string(name));
  if (!query.executeStep()) return {};
  return {query.getColumn(0).getInt64(),    query.getColumn(1).getInt64(), query.getColumn(2).getInt64(),
          query.getColumn(3).getInt() != 0, query.getColumn(4).getInt64(), query.getColumn(5).getInt64()};
}

std::vector<Point> read_points(Connection& connection, const SeriesPlace& place, std::int64_t first_step,
                               std::int64_t last_step, DamagedPages& damaged) {
  std::vector<Point> points;
  if (place.samples == 0) return points;
  for_each_point(connection, place, {first_step, last_step}, Times::read, damaged, [&](const Point& point) {
    if (point.step >= first_step && point.step <= last_step) points.push_back(point);
  });
  if (!place.rising) std::ranges::stable_sort(points, {}, &Point::step);
  return points;
}

std::vector<Bucket> read_curve(Connection& connection, const SeriesPlace& place, const CurveRange& wanted,
                               DamagedPages& damaged) {
  if (place.samples == 0 || wanted.columns <= 0) return {};
  const StepRange range{std::max(wanted.first_step, place.first_step), std::min(wanted.last_step, place.last_step)};
  if (range.first > range.last) return {};
  const double width = (width_of(range) + 1) / wanted.columns;
  Fold fold(range.first, range.last, wanted.columns);
  Walk(connection, place, wanted, range, width, damaged, fold).run(level_for(place, width));
  if (fold.samples() > wanted.columns) return fold.take();
  Singles singles;
  Walk(connection, place, wanted, range, 0, damaged, singles).run(0);
  if (!place.rising) std::ranges::stable_sort(singles.all, {}, &Bucket::first_step);
  return std::move(singles.all);
}

}  // namespace athanor::store
