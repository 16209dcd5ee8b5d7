#include "app/pages/live/timeline_words.h"

#include "app/feedback/notice.h"
#include "app/models/run_words.h"
#include "app/pages/live/live_words.h"
#include "app/pages/live/recovery_words.h"
#include "widgets/common/numbers.h"

#include <QCoreApplication>

#include <algorithm>
#include <optional>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using journal::SpanKind;
using timeline::StepPicture;
using widgets::BarPattern;
using widgets::Role;

struct TimelineWords {
  Q_DECLARE_TR_FUNCTIONS(TimelineWords)
};

// Shorter stretches of waiting are no more than the way from one op to the next.
constexpr double kLeastWait = 1e-3;  // of the step

widgets::TimelineKind look_of(SpanKind kind) {
  switch (kind) {
    case SpanKind::data: return {TimelineWords::tr("data"), u"D"_s, 4, BarPattern::dotted};
    case SpanKind::forward: return {TimelineWords::tr("forward"), u"F"_s, 0, BarPattern::solid};
    case SpanKind::backward: return {TimelineWords::tr("backward"), u"B"_s, 1, BarPattern::rising};
    case SpanKind::input_gradient: return {TimelineWords::tr("input gradient"), u"I"_s, 1, BarPattern::rising};
    case SpanKind::weight_gradient: return {TimelineWords::tr("weight gradient"), u"W"_s, 2, BarPattern::falling};
    case SpanKind::send: return {TimelineWords::tr("sending"), {}, 5, BarPattern::hollow};
    case SpanKind::receive: return {TimelineWords::tr("waiting for a message"), {}, 7, BarPattern::hollow};
    case SpanKind::reduce: return {TimelineWords::tr("exchange with replicas"), {}, 5, BarPattern::falling};
    case SpanKind::optimizer: return {TimelineWords::tr("optimizer"), u"O"_s, 6, BarPattern::dotted};
    case SpanKind::evaluate: return {TimelineWords::tr("evaluation"), {}, 3, BarPattern::solid};
    case SpanKind::checkpoint: return {TimelineWords::tr("checkpoint"), {}, 3, BarPattern::rising};
    case SpanKind::offload: return {TimelineWords::tr("offloading"), {}, 3, BarPattern::dotted};
    case SpanKind::idle: break;
  }
  return {TimelineWords::tr("waiting for others"), {}, 7, BarPattern::hollow};
}

using SlowRanks = std::map<int, journal::StragglerSeen>;

class Drawing {
 public:
  Drawing(const StepPicture& picture, const SlowRanks& slow) : picture_(picture), slow_(slow) {
    data_.number_word = TimelineWords::tr("micro-batch %1");
    data_.part_word = TimelineWords::tr("stage %1");
    data_.end = std::max(picture.seconds, end_of(picture.predicted));
    for (const timeline::Row& row : picture.measured)
      for (const timeline::Bar& bar : row.bars) numbered_ = numbered_ || bar.micro_batch > 0;
    for (const timeline::Row& row : picture.predicted)
      for (const timeline::Bar& bar : row.bars) numbered_ = numbered_ || bar.micro_batch > 0;
  }

  // Nothing was measured yet.
  widgets::TimelineData expected() {
    for (const timeline::Row& row : picture_.predicted) add(row, {}, false, -1);
    return std::move(data_);
  }

  widgets::TimelineData single() {
    std::map<SpanKind, std::size_t> rows;
    for (const timeline::Row& row : picture_.measured)
      for (const timeline::Bar& bar : row.bars) {
        const auto [found, is_new] = rows.try_emplace(bar.kind, data_.rows.size());
        if (is_new) data_.rows.push_back({widgets::capitalised(look_of(bar.kind).name), {}, false, -1, {}});
        data_.rows[found->second].bars.push_back(drawn(bar));
      }
    return std::move(data_);
  }

  widgets::TimelineData several() {
    for (const timeline::Row& row : picture_.measured) {
      const auto expected = std::ranges::find_if(picture_.predicted, [&](const timeline::Row& other) {
        return other.rank == row.rank && other.lane == row.lane;
      });
      const bool both = expected != picture_.predicted.end();
      const int at = static_cast<int>(data_.rows.size());
      if (both) add(*expected, TimelineWords::tr("predicted"), true, at + 1);
      add(row, TimelineWords::tr("measured"), false, both ? at : -1);
    }
    return std::move(data_);
  }

 private:
  static double end_of(const std::vector<timeline::Row>& rows) {
    double end = 0;
    for (const timeline::Row& row : rows)
      for (const timeline::Bar& bar : row.bars) end = std::max(end, bar.end);
    return end;
  }

  void add(const timeline::Row& row, const QString& name, bool pale, int twin) {
    const bool is_slow = slow_.contains(row.rank);
    const QString words = is_slow ? TimelineWords::tr("Rank %1, slow") : TimelineWords::tr("Rank %1");
    widgets::TimelineRow out{words.arg(row.rank), name, pale, twin, {}, is_slow ? Role::bad : Role::muted};
    for (const timeline::Bar& bar : row.bars)
      if (!timeline::is_communication(bar.kind) || bar.end - bar.begin >= kLeastWait * picture_.seconds)
        out.bars.push_back(drawn(bar));
    data_.rows.push_back(std::move(out));
  }

  widgets::TimelineBar drawn(const timeline::Bar& bar) {
    const auto [found, is_new] = kinds_.try_emplace(bar.kind, static_cast<int>(data_.kinds.size()));
    if (is_new) data_.kinds.push_back(look_of(bar.kind));
    const bool has_number = numbered_ && timeline::is_compute(bar.kind);
    return {found->second, has_number ? bar.micro_batch : -1, bar.stage, bar.begin, bar.end};
  }

  const StepPicture& picture_;
  const SlowRanks& slow_;
  widgets::TimelineData data_;
  bool numbered_ = false;  // there are several micro-batches
  std::map<SpanKind, int> kinds_;
};

// What went wrong at a moment, or how it went on after that.
std::optional<widgets::TimelineMark> mark_of(double at, const journal::Payload& payload) {
  if (const auto* fault = std::get_if<journal::FaultSeen>(&payload))
    return widgets::TimelineMark{at, q(fault->cause), Role::bad};
  if (const auto* recovery = std::get_if<journal::Recovery>(&payload))
    return widgets::TimelineMark{at, went_on_text(*recovery), Role::good};
  if (const auto* straggler = std::get_if<journal::StragglerSeen>(&payload))
    return widgets::TimelineMark{at, straggler_words(*straggler), straggler->is_over ? Role::good : Role::bad};
  return std::nullopt;
}

std::optional<double> value_of(const std::map<std::string, double>& last, const std::string& name) {
  const auto found = last.find(name);
  return found == last.end() ? std::nullopt : std::optional(found->second);
}

// "comm/<axis>_bytes" where there are several axes, and the sum of all.
QStringList sent_of(const std::map<std::string, double>& last) {
  constexpr std::string_view kHead = "comm/";
  constexpr std::string_view kTail = "_bytes";
  constexpr const char* kAll = "comm/sent_bytes";
  QStringList out;
  if (const auto all = value_of(last, kAll)) out << widgets::bytes_text(*all);
  for (const auto& [name, value] : last) {
    if (name == kAll || !name.starts_with(kHead) || !name.ends_with(kTail)) continue;
    const std::string axis = name.substr(kHead.size(), name.size() - kHead.size() - kTail.size());
    out << traffic_words(axis, value);
  }
  return out;
}

Figure exposed_of(const StepPicture& picture, const std::map<std::string, double>& last) {
  const QString caption = TimelineWords::tr("Communication waited for");
  if (picture.communication && picture.communication->total > 0) {
    const auto& [total, exposed] = *picture.communication;
    return {
        caption, widgets::percent_text(exposed / total),
        TimelineWords::tr("%1 of %2, all ranks together").arg(widgets::time_text(exposed), widgets::time_text(total))};
  }
  const auto waited = value_of(last, "comm/exposed_ms");
  const auto total = value_of(last, "comm/total_ms");
  if (!waited || !total || *total <= 0) return {};
  return {caption, widgets::percent_text(*waited / *total),
          TimelineWords::tr("%1 of %2").arg(widgets::time_text(*waited * 1e-3), widgets::time_text(*total * 1e-3))};
}

}  // namespace

std::vector<widgets::TimelineKind> timeline_kinds() {
  std::vector<widgets::TimelineKind> kinds;
  for (int kind = 0; kind <= static_cast<int>(SpanKind::idle); ++kind)
    kinds.push_back(look_of(static_cast<SpanKind>(kind)));
  return kinds;
}

// As last told; after a recovery, or in another process, ranks are compared anew.
std::map<int, journal::StragglerSeen> slow_ranks(const std::vector<store::Occurrence>& occurrences) {
  SlowRanks slow;
  for (const store::Occurrence& occurrence : occurrences) {
    const auto* seen = std::get_if<journal::StragglerSeen>(&occurrence.payload);
    const auto* state = std::get_if<journal::StateChanged>(&occurrence.payload);
    if (seen && !seen->is_over) slow[seen->rank] = *seen;
    if (seen && seen->is_over) slow.erase(seen->rank);
    if (std::holds_alternative<journal::Recovery>(occurrence.payload) ||
        (state && state->state == journal::RunState::preparing))
      slow.clear();
  }
  return slow;
}

std::vector<widgets::TimelineMark> timeline_marks(const std::vector<store::Occurrence>& occurrences,
                                                  std::int64_t begin_ns, double seconds) {
  std::vector<widgets::TimelineMark> marks;
  for (const store::Occurrence& occurrence : occurrences) {
    const double at = static_cast<double>(occurrence.time_ns - begin_ns) * 1e-9;
    if (at < 0 || at > seconds) continue;
    if (auto mark = mark_of(at, occurrence.payload)) marks.push_back(std::move(*mark));
  }
  return marks;
}

widgets::TimelineData timeline_data(const StepPicture& picture, const std::vector<store::Occurrence>& occurrences) {
  const SlowRanks slow = slow_ranks(occurrences);
  Drawing drawing(picture, slow);
  widgets::TimelineData data = picture.measured.empty() ? drawing.expected()
                               : picture.ranks == 1     ? drawing.single()
                                                        : drawing.several();
  data.marks = timeline_marks(occurrences, picture.begin_ns, data.end);
  return data;
}

QStringList slow_rank_lines(const std::vector<store::Occurrence>& occurrences) {
  QStringList out;
  for (const auto& [rank, seen] : slow_ranks(occurrences)) out << straggler_words(seen);
  return out;
}

std::vector<Figure> timeline_figures(const StepPicture& picture, const std::map<std::string, double>& last) {
  const auto share = [](const std::optional<double>& value) {
    return value ? widgets::percent_text(*value, 1) : QString();
  };
  std::vector<Figure> out;
  out.push_back({TimelineWords::tr("Step %1").arg(widgets::count_text(picture.step)),
                 widgets::time_text(picture.seconds),
                 picture.predicted_seconds > 0
                     ? TimelineWords::tr("predicted %1").arg(widgets::time_text(picture.predicted_seconds))
                     : QString()});
  if (picture.bubble)
    out.push_back({TimelineWords::tr("Bubbles"), share(picture.bubble),
                   picture.predicted_bubble ? TimelineWords::tr("predicted %1").arg(share(picture.predicted_bubble))
                                            : TimelineWords::tr("nothing is predicted: the step is not whole")});
  if (picture.ranks > 1) {
    if (Figure exposed = exposed_of(picture, last); !exposed.caption.isEmpty()) out.push_back(std::move(exposed));
    if (const QStringList sent = sent_of(last); !sent.isEmpty())
      out.push_back({TimelineWords::tr("Sent each step"), sent.front(), sent.mid(1).join(u" · "_s)});
  }
  return out;
}

}  // namespace athanor::app
