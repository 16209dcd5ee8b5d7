#include "core/store/curve.h"

#include "core/store/chunk.h"
#include "core/store/database.h"
#include "core/store/series.h"

#include <algorithm>
#include <optional>

namespace athanor::store {
namespace {

// A summary in the pyramid. Level -1 is the fine summary inside a chunk, level -2 a single sample.
struct Node {
  Bucket bucket;
  int level = 0;
  std::int64_t number = 0;
};
constexpr int kFine = -1;
constexpr int kSample = -2;

struct Range {
  std::int64_t first = 0, last = 0;
  [[nodiscard]] bool overlaps(const Bucket& b) const { return b.first_step <= last && b.last_step >= first; }
  [[nodiscard]] bool contains(const Bucket& b) const { return b.first_step >= first && b.last_step <= last; }
};

class Pyramid {
 public:
  Pyramid(Connection& connection, std::int64_t metric) : connection_(connection), metric_(metric) {}

  // Everything, as coarse as it is kept: the highest nodes, then those without a parent yet, then the tail.
  std::vector<Node> roots() {
    std::int64_t chunks = 0;
    auto& query = connection_.statement("SELECT chunks FROM metric WHERE id = ?");
    query.bind(1, metric_);
    if (query.executeStep()) chunks = query.getColumn(0).getInt64();
    std::vector<std::int64_t> counts;
    for (std::int64_t count = chunks; count > 0; count /= kFan) counts.push_back(count);
    std::vector<Node> nodes;
    for (std::size_t i = counts.size(); i-- > 0;) {
      const std::int64_t covered = i + 1 < counts.size() ? counts[i + 1] * kFan : 0;
      append(nodes, nodes_at(static_cast<int>(i), covered, counts[i]));
    }
    for (const Point& point : stored_tail(connection_, metric_)) nodes.push_back({bucket_of(point), kSample, 0});
    return nodes;
  }

  std::vector<Node> children(const Node& node) {
    if (node.level > 0) return nodes_at(node.level - 1, node.number * kFan, (node.number + 1) * kFan);
    std::vector<Node> nodes;
    if (node.level == 0) {
      for (const Bucket& bucket :
           unpack_buckets(blob("SELECT fine FROM chunk WHERE metric = ? AND number = ?", node.number))) {
        nodes.push_back({bucket, kFine, node.number * kFan + static_cast<std::int64_t>(nodes.size())});
      }
      return nodes;
    }
    const auto& points = samples_of(node.number / kFan);
    const auto begin = static_cast<std::size_t>(node.number % kFan) * kFinePoints;
    for (std::size_t i = begin; i < std::min(begin + kFinePoints, points.size()); ++i)
      nodes.push_back({bucket_of(points[i]), kSample, 0});
    return nodes;
  }

  const std::vector<Point>& samples_of(std::int64_t chunk) {
    if (cached_chunk_ != chunk) {
      cached_points_ = unpack_points(blob("SELECT points FROM chunk WHERE metric = ? AND number = ?", chunk));
      cached_chunk_ = chunk;
    }
    return cached_points_;
  }

 private:
  static void append(std::vector<Node>& nodes, std::vector<Node> more) {
    nodes.insert(nodes.end(), more.begin(), more.end());
  }

  std::string blob(const char* sql, std::int64_t number) {
    auto& query = connection_.statement(sql);
    SQLite::bind(query, metric_, number);
    if (!query.executeStep()) {
      throw Failure(ErrorKind::corrupt, "read samples from the history", "a chunk is missing",
                    "build the history again: athanor-agent rebuild");
    }
    return bytes_of(query, 0);
  }

  std::vector<Node> nodes_at(int level, std::int64_t begin, std::int64_t end) {
    auto& query = connection_.statement(
        "SELECT number, first_step, last_step, first_time_ns, last_time_ns, minimum, maximum, last, count, non_finite "
        "FROM node "
        "WHERE metric = ? AND level = ? AND number >= ? AND number < ? ORDER BY number");
    SQLite::bind(query, metric_, level, begin, end);
    std::vector<Node> nodes;
    while (query.executeStep()) {
      nodes.push_back({{query.getColumn(1).getInt64(), query.getColumn(2).getInt64(), query.getColumn(3).getInt64(),
                        query.getColumn(4).getInt64(), number_of(query, 5), number_of(query, 6), number_of(query, 7),
                        query.getColumn(8).getInt64(), query.getColumn(9).getInt64()},
                       level,
                       query.getColumn(0).getInt64()});
    }
    return nodes;
  }

  Connection& connection_;
  std::int64_t metric_;
  std::int64_t cached_chunk_ = -1;
  std::vector<Point> cached_points_;
};

// The nodes of the range in order of arrival, opened until none reaches beyond the range or is wider than `width`
// steps.
void collect(Pyramid& pyramid, const std::vector<Node>& nodes, const Range& range, double width,
             std::vector<Bucket>& out) {
  for (const Node& node : nodes) {
    if (!range.overlaps(node.bucket)) continue;
    const double steps = static_cast<double>(node.bucket.last_step) - static_cast<double>(node.bucket.first_step);
    if (node.level == kSample || (range.contains(node.bucket) && steps <= width)) {
      out.push_back(node.bucket);
    } else {
      collect(pyramid, pyramid.children(node), range, width, out);
    }
  }
}

// Merges neighbours so that each cell of the range's steps is at most one bucket.
std::vector<Bucket> into_cells(const std::vector<Bucket>& parts, const Range& range, int cells) {
  const double steps = static_cast<double>(range.last) - static_cast<double>(range.first) + 1;
  std::vector<std::optional<Bucket>> columns(static_cast<std::size_t>(cells));
  for (const Bucket& part : parts) {
    const double place = (static_cast<double>(part.first_step) - static_cast<double>(range.first)) / steps * cells;
    auto& column = columns[static_cast<std::size_t>(std::clamp(place, 0.0, cells - 1.0))];
    if (column) {
      merge(*column, part);
    } else {
      column = part;
    }
  }
  std::vector<Bucket> filled;
  for (const auto& column : columns) {
    if (column) filled.push_back(*column);
  }
  return filled;
}

// The part of the asked range that holds samples, so that cells are as fine as can be.
Range clamp_to(const std::vector<Node>& roots, Range range) {
  Range held = {roots.front().bucket.first_step, roots.front().bucket.last_step};
  for (const Node& node : roots) {
    held.first = std::min(held.first, node.bucket.first_step);
    held.last = std::max(held.last, node.bucket.last_step);
  }
  return {std::max(range.first, held.first), std::min(range.last, held.last)};
}

}  // namespace

std::vector<Point> read_points(Connection& connection, std::int64_t metric, std::int64_t first_step,
                               std::int64_t last_step) {
  Pyramid pyramid(connection, metric);
  const Range range{first_step, last_step};
  std::vector<Bucket> singles;
  collect(pyramid, pyramid.roots(), range, -1, singles);
  std::vector<Point> points;
  points.reserve(singles.size());
  for (const Bucket& single : singles) points.push_back({single.first_step, single.first_time_ns, single.last});
  std::ranges::stable_sort(points, {}, &Point::step);
  return points;
}

std::vector<Bucket> read_curve(Connection& connection, std::int64_t metric, std::int64_t first_step,
                               std::int64_t last_step, int buckets) {
  Pyramid pyramid(connection, metric);
  const std::vector<Node> roots = pyramid.roots();
  if (roots.empty() || buckets <= 0) return {};
  const Range range = clamp_to(roots, {first_step, last_step});
  if (range.first > range.last) return {};
  // Half a cell at most: parts are then spread over the cells as evenly as their number allows.
  const double width = (static_cast<double>(range.last) - static_cast<double>(range.first) + 1) / buckets / 2;
  std::vector<Bucket> parts;
  collect(pyramid, roots, range, width, parts);
  std::int64_t samples = 0;
  for (const Bucket& part : parts) samples += part.count;
  if (samples <= buckets) {
    parts.clear();
    collect(pyramid, roots, range, -1, parts);
    std::ranges::stable_sort(parts, {}, &Bucket::first_step);
    return parts;
  }
  return into_cells(parts, range, buckets);
}

}  // namespace athanor::store
