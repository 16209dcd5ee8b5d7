#include "app/models/run_table_model.h"

#include "app/models/queue_words.h"
#include "app/models/run_words.h"
#include "widgets/common/numbers.h"

#include <QFont>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <unordered_set>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
constexpr auto kColumns = static_cast<int>(RunColumn::count_);
constexpr std::size_t kMostStretches = 16;  // of rows that come or go one after the other

QString q(const std::string& text) { return QString::fromStdString(text); }

// Recall is read in per cent; loss with four digits, so that columns of it line up.
QString percent(double value) { return std::isfinite(value) ? widgets::percent_text(value, 1) : u"–"_s; }
QString fixed(double value, int decimals) {
  return std::isfinite(value) ? QString::number(value, 'f', decimals) : u"–"_s;
}

QString fork_words(const store::Run& run) {
  return RunTableModel::tr("from run %1, step %2").arg(*run.parent).arg(run.fork_step);
}

bool is_number(RunColumn column) {
  return column == RunColumn::number || column == RunColumn::loss || column == RunColumn::r1 ||
         column == RunColumn::r10 || column == RunColumn::speed || column == RunColumn::duration ||
         column == RunColumn::progress || column == RunColumn::started;
}

}  // namespace

RunTableModel::RunTableModel(const RunStore* runs, const CurveStore* curves, FigureStore* figures,
                             const QueueStore* queue, QObject* parent)
    : QAbstractTableModel(parent),
      runs_(runs),
      curves_(curves),
      figures_(figures),
      queue_(queue),
      order_(runs, curves, figures) {
  connect(figures, &FigureStore::arrived, this, [this] { search_again(); });
  connect(runs_, &RunStore::changed, this, &RunTableModel::follow);
  connect(curves_, &CurveStore::curves_changed, this, &RunTableModel::curves_arrived);
  connect(queue_, &QueueStore::changed, this, [this](const std::vector<store::RunId>& told) {
    tell_altered(told, RunColumn::status, RunColumn::status);
    Q_EMIT queue_told();
  });
  shown_ = order_.arranged();
  number_rows();
}

QStringList RunTableModel::queue_texts() const {
  QStringList texts;
  for (const agent::QueueEntry& entry : queue_->queued()) texts << queue_words(entry);
  return texts;
}

int RunTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(shown_.size());
}
int RunTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : kColumns; }

const store::Run* RunTableModel::run_at(int row) const {
  return row >= 0 && row < rowCount() ? runs_->find(shown_[static_cast<std::size_t>(row)]) : nullptr;
}

int RunTableModel::row_of(store::RunId run) const {
  const auto found = rows_.find(run);
  return found == rows_.end() ? -1 : found->second;
}

void RunTableModel::sort(int column, Qt::SortOrder order) {
  const bool is_known = column >= 0 && column < kColumns;
  order_.sort_by(is_known ? std::optional(static_cast<RunColumn>(column)) : std::nullopt, order);
  show(order_.arranged());
}

void RunTableModel::set_search(const QString& typed) {
  if (typed == typed_) return;
  typed_ = typed;
  search_again();
}

// Names mean something else once other metrics are known.
void RunTableModel::search_again() {
  faults_ = order_.set_search(typed_);
  show(order_.arranged());
}

query::Completion RunTableModel::complete(const std::string& typed, std::size_t caret) const {
  return query::complete(typed, caret, RunQueryTable(runs_, figures_));
}

void RunTableModel::follow(const RunDelta& delta) {
  if (delta.anew) {
    beginResetModel();
    shown_ = order_.arranged();
    number_rows();
    endResetModel();
    return;
  }
  std::vector<store::RunId> touched = delta.added;
  touched.insert(touched.end(), delta.altered.begin(), delta.altered.end());
  show(order_.rearranged(shown_, touched, delta.removed));
  tell_altered(delta.altered, RunColumn::number, RunColumn::tags);
}

void RunTableModel::curves_arrived(const std::vector<store::RunId>& runs) {
  if (order_.column() == RunColumn::speed) show(order_.rearranged(shown_, runs, {}));
  tell_altered(runs, RunColumn::curve, RunColumn::speed);
}

// In how many stretches rows leave that are not in `order`, and come that are not shown.
std::size_t RunTableModel::stretches_to(const std::vector<store::RunId>& order) const {
  const std::unordered_set<store::RunId> stays(order.begin(), order.end());
  std::size_t stretches = 0;
  for (std::size_t i = 0; i < shown_.size(); ++i)
    if (!stays.contains(shown_[i]) && (i == 0 || stays.contains(shown_[i - 1]))) ++stretches;
  for (std::size_t i = 0; i < order.size(); ++i)
    if (!rows_.contains(order[i]) && (i == 0 || rows_.contains(order[i - 1]))) ++stretches;
  return stretches;
}

// From the rows that are shown to others, so that selections and the place of scrolling stay; where very many of them
// come and go, all at once, which a table answers by selecting the same runs again.
void RunTableModel::show(std::vector<store::RunId> order) {
  if (order == shown_) return;
  if (stretches_to(order) > kMostStretches) {
    beginResetModel();
    shown_ = std::move(order);
    number_rows();
    endResetModel();
    return;
  }
  remove_all_but(order);
  rearrange(order);
  insert_missing(order);
}

void RunTableModel::remove_all_but(const std::vector<store::RunId>& order) {
  const std::unordered_set<store::RunId> stays(order.begin(), order.end());
  const auto goes = [&](std::size_t row) { return !stays.contains(shown_[row]); };
  for (std::size_t end = shown_.size(); end > 0;) {
    if (!goes(end - 1)) {
      --end;
      continue;
    }
    std::size_t first = end - 1;
    while (first > 0 && goes(first - 1)) --first;
    beginRemoveRows({}, static_cast<int>(first), static_cast<int>(end) - 1);
    shown_.erase(shown_.begin() + static_cast<std::ptrdiff_t>(first),
                 shown_.begin() + static_cast<std::ptrdiff_t>(end));
    number_rows();
    endRemoveRows();
    end = first;
  }
}

// Those that are shown, as they follow each other in `order`.
void RunTableModel::rearrange(const std::vector<store::RunId>& order) {
  std::vector<store::RunId> next;
  next.reserve(shown_.size());
  std::ranges::copy_if(order, std::back_inserter(next), [this](store::RunId run) { return rows_.contains(run); });
  if (next == shown_) return;
  Q_EMIT layoutAboutToBeChanged({}, VerticalSortHint);
  const QModelIndexList before = persistentIndexList();
  std::vector<store::RunId> runs;
  for (const QModelIndex& each : before) runs.push_back(shown_[static_cast<std::size_t>(each.row())]);
  shown_ = std::move(next);
  number_rows();
  QModelIndexList after;
  for (int i = 0; i < before.size(); ++i) after << index(row_of(runs[static_cast<std::size_t>(i)]), before[i].column());
  changePersistentIndexList(before, after);
  Q_EMIT layoutChanged({}, VerticalSortHint);
}

void RunTableModel::insert_missing(const std::vector<store::RunId>& order) {
  for (std::size_t i = 0; i < order.size();) {
    if (i < shown_.size() && shown_[i] == order[i]) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < order.size() && !rows_.contains(order[end])) ++end;
    beginInsertRows({}, static_cast<int>(i), static_cast<int>(end) - 1);
    shown_.insert(shown_.begin() + static_cast<std::ptrdiff_t>(i), order.begin() + static_cast<std::ptrdiff_t>(i),
                  order.begin() + static_cast<std::ptrdiff_t>(end));
    number_rows();
    endInsertRows();
    i = end;
  }
}

// Neighbours in one go.
void RunTableModel::tell_altered(const std::vector<store::RunId>& runs, RunColumn first, RunColumn last) {
  std::vector<int> rows;
  for (const store::RunId run : runs)
    if (const int row = row_of(run); row >= 0) rows.push_back(row);
  std::ranges::sort(rows);
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t end = i + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    Q_EMIT dataChanged(index(rows[i], static_cast<int>(first)), index(rows[end - 1], static_cast<int>(last)));
    i = end;
  }
}

void RunTableModel::number_rows() {
  rows_.clear();
  rows_.reserve(shown_.size());
  for (std::size_t i = 0; i < shown_.size(); ++i) rows_.emplace(shown_[i], static_cast<int>(i));
}

// Of a run that waits, where and for what.
QString RunTableModel::state_text(const store::Run& run) const {
  const agent::QueueEntry* entry = run.status == store::RunStatus::queued ? queue_->find(run.id) : nullptr;
  return entry ? queue_words(*entry) : look_of(run.status).word;
}

QVariant RunTableModel::text(const store::Run& run, RunColumn column) const {
  switch (column) {
    case RunColumn::number: return QString::number(run.id);
    case RunColumn::status: return state_text(run);
    case RunColumn::name: return q(run.name);
    case RunColumn::tags: {
      QStringList tags;
      for (const std::string& tag : run.tags) tags << q(tag);
      return tags.join(u", "_s);
    }
    case RunColumn::progress:
      return (own_steps(run) > 0 ? QString::number(run.step) : u"–"_s) +
             (run.steps > 0 ? u" / "_s + QString::number(run.steps) : QString());
    case RunColumn::loss: return fixed(last_value(run, "train/loss"), 4);
    case RunColumn::r1: return percent(last_value(run, "eval/t2i_r1"));
    case RunColumn::r10: return percent(last_value(run, "eval/t2i_r10"));
    case RunColumn::speed: return pace_text(pace_of(run, *curves_, wall_now_ns()));
    case RunColumn::started: return when_text(run.started_ns > 0 ? run.started_ns : run.created_ns, wall_now_ns());
    case RunColumn::duration: return widgets::duration_text(duration_of(run, wall_now_ns()));
    default: return {};
  }
}

QVariant RunTableModel::tip(const store::Run& run, RunColumn column) const {
  if (column == RunColumn::status && !damage_words(run).isEmpty()) return damage_words(run);
  if (column == RunColumn::status && !run.cause.empty()) return q(run.cause);
  if (column == RunColumn::status && run.status == store::RunStatus::queued)
    if (const agent::QueueEntry* entry = queue_->find(run.id)) return queue_sentence(*entry);
  if (column == RunColumn::name && !damage_words(run).isEmpty()) return damage_words(run);
  if (column != RunColumn::name) return {};
  const QString about = run.note.empty() ? q(run.model) : q(run.note);
  return run.parent ? fork_words(run) + u'\n' + about : about;
}

QVariant RunTableModel::glyph(const store::Run& run, RunColumn column) const {
  if (column == RunColumn::status) return static_cast<int>(look_of(run.status).glyph);
  if (column != RunColumn::name) return {};
  if (!damage_words(run).isEmpty()) return static_cast<int>(widgets::Glyph::warning);
  if (run.pinned) return static_cast<int>(widgets::Glyph::pin);
  return run.parent ? QVariant(static_cast<int>(widgets::Glyph::fork)) : QVariant();
}

QVariant RunTableModel::data(const QModelIndex& index, int role) const {
  const store::Run* run = index.isValid() ? run_at(index.row()) : nullptr;
  if (!run) return {};
  const auto column = static_cast<RunColumn>(index.column());
  switch (role) {
    case Qt::DisplayRole: return text(*run, column);
    case Qt::ToolTipRole: return tip(*run, column);
    case Qt::AccessibleTextRole:
      return QStringLiteral("%1: %2").arg(headerData(index.column(), Qt::Horizontal).toString(),
                                          text(*run, column).toString());
    case Qt::TextAlignmentRole:
      return QVariant::fromValue((is_number(column) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    case widgets::tone_role:
      if (column == RunColumn::status) return static_cast<int>(look_of(run->status).tone);
      if (column == RunColumn::number || column == RunColumn::started || column == RunColumn::duration)
        return static_cast<int>(widgets::Role::muted);
      return {};
    case widgets::glyph_role: return glyph(*run, column);
    case widgets::detail_role: return column == RunColumn::name && run->parent ? fork_words(*run) : QString();
    case Qt::FontRole:
      if (column != RunColumn::name) return {};
      {
        QFont font;
        font.setWeight(QFont::Medium);
        return font;
      }
    case widgets::progress_role:
      if (column == RunColumn::progress && store::is_live(run->status) && run->steps > 0)
        return static_cast<double>(run->step) / static_cast<double>(run->steps);
      return {};
    case widgets::chips_role:
      return column == RunColumn::tags ? text(*run, column).toString().split(u", "_s, Qt::SkipEmptyParts)
                                       : QStringList();
    case widgets::curve_role: {
      const CurveStore::Entry* curve = curves_->find(run->id);
      return curve ? QVariant::fromValue(curve->values) : QVariant();
    }
    case run_id_role: return QVariant::fromValue<qint64>(run->id);
    case figure_role: return figure_of(*run, column, *curves_, wall_now_ns());
    case live_role: return store::is_live(run->status);
    default: return {};
  }
}

QVariant RunTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  const auto column = static_cast<RunColumn>(section);
  if (role == Qt::TextAlignmentRole)
    return QVariant::fromValue((is_number(column) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  if (role == Qt::ToolTipRole) {
    if (column == RunColumn::number) return tr("Number of the run, as athanor-agent and athanor-run name it");
    if (column == RunColumn::r1)
      return tr(
          "Text to picture, R@1: share of texts whose picture is the first answer, on the styles that are never "
          "trained on");
    if (column == RunColumn::r10)
      return tr("Text to picture, R@10: share of texts whose picture is among the first ten answers");
    if (column == RunColumn::speed) return tr("Steps a second, as most of the run's newest steps went");
    return {};
  }
  if (role != Qt::DisplayRole) return {};
  switch (column) {
    case RunColumn::number: return tr("No.");
    case RunColumn::status: return tr("State");
    case RunColumn::name: return tr("Name");
    case RunColumn::tags: return tr("Tags");
    case RunColumn::progress: return tr("Steps");
    case RunColumn::loss: return tr("Loss");
    case RunColumn::r1: return tr("T→P R@1");
    case RunColumn::r10: return tr("T→P R@10");
    case RunColumn::speed: return tr("Steps/s");
    case RunColumn::started: return tr("Started");
    case RunColumn::duration: return tr("Duration");
    case RunColumn::curve: return tr("Loss curve");
    default: return {};
  }
}

void RunTableModel::tick() {
  if (!runs_->has_live_runs()) return;
  for (const store::Run& run : runs_->runs()) {
    const int row = store::is_live(run.status) ? row_of(run.id) : -1;
    if (row < 0) continue;
    Q_EMIT dataChanged(index(row, static_cast<int>(RunColumn::started)),
                       index(row, static_cast<int>(RunColumn::duration)), {Qt::DisplayRole});
  }
}

}  // namespace athanor::app
