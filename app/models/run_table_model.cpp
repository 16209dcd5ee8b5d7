#include "app/models/run_table_model.h"

#include "app/models/run_words.h"
#include "widgets/common/numbers.h"

#include <QFont>

#include <cmath>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
constexpr auto kColumns = static_cast<int>(RunColumn::count_);

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

RunTableModel::RunTableModel(const RunStore* runs, const CurveStore* curves, QObject* parent)
    : QAbstractTableModel(parent), runs_(runs), curves_(curves) {
  connect(runs_, &RunStore::rows_about_to_be_inserted, this,
          [this](int first, int last) { beginInsertRows({}, first, last); });
  connect(runs_, &RunStore::rows_inserted, this, [this] { endInsertRows(); });
  connect(runs_, &RunStore::rows_about_to_be_removed, this,
          [this](int first, int last) { beginRemoveRows({}, first, last); });
  connect(runs_, &RunStore::rows_removed, this, [this] { endRemoveRows(); });
  connect(runs_, &RunStore::rows_changed, this,
          [this](int first, int last) { Q_EMIT dataChanged(index(first, 0), index(last, kColumns - 1)); });
  connect(curves_, &CurveStore::curve_changed, this, [this](qint64 run) {
    const int row = runs_->row_of(run);
    if (row < 0) return;
    const QModelIndex cell = index(row, static_cast<int>(RunColumn::curve));
    Q_EMIT dataChanged(cell, cell, {widgets::curve_role});
    const QModelIndex speed = index(row, static_cast<int>(RunColumn::speed));
    Q_EMIT dataChanged(speed, speed, {Qt::DisplayRole, sort_role});
  });
}

int RunTableModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(runs_->runs().size());
}
int RunTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : kColumns; }

const store::Run* RunTableModel::run_at(int row) const {
  return row >= 0 && row < rowCount() ? &runs_->runs()[static_cast<std::size_t>(row)] : nullptr;
}

QVariant RunTableModel::text(const store::Run& run, RunColumn column) const {
  switch (column) {
    case RunColumn::number: return QString::number(run.id);
    case RunColumn::status: return look_of(run.status).word;
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

QVariant RunTableModel::sort_value(const store::Run& run, RunColumn column) const {
  switch (column) {
    case RunColumn::number: return QVariant::fromValue<qint64>(run.id);
    case RunColumn::status: return static_cast<int>(run.status);
    case RunColumn::name: return q(run.name).toCaseFolded();
    case RunColumn::tags: return text(run, column);
    case RunColumn::progress:
      return run.steps > 0 ? static_cast<double>(run.step) / static_cast<double>(run.steps) : 0.0;
    case RunColumn::loss:
    case RunColumn::curve: return last_value(run, "train/loss");
    case RunColumn::r1: return last_value(run, "eval/t2i_r1");
    case RunColumn::r10: return last_value(run, "eval/t2i_r10");
    case RunColumn::speed: return pace_of(run, *curves_, wall_now_ns());
    case RunColumn::started: return QVariant::fromValue<qint64>(run.started_ns > 0 ? run.started_ns : run.created_ns);
    case RunColumn::duration: return duration_of(run, wall_now_ns());
    default: return {};
  }
}

QVariant RunTableModel::data(const QModelIndex& index, int role) const {
  const store::Run* run = index.isValid() ? run_at(index.row()) : nullptr;
  if (!run) return {};
  const auto column = static_cast<RunColumn>(index.column());
  switch (role) {
    case Qt::DisplayRole: return text(*run, column);
    case Qt::ToolTipRole:
      if (column == RunColumn::status && !damage_words(*run).isEmpty()) return damage_words(*run);
      if (column == RunColumn::status && !run->cause.empty()) return q(run->cause);
      if (column == RunColumn::name && !damage_words(*run).isEmpty()) return damage_words(*run);
      if (column == RunColumn::name) {
        const QString about = run->note.empty() ? q(run->model) : q(run->note);
        return run->parent ? fork_words(*run) + u'\n' + about : about;
      }
      return {};
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
    case widgets::glyph_role:
      if (column == RunColumn::status) return static_cast<int>(look_of(run->status).glyph);
      if (column == RunColumn::name && !damage_words(*run).isEmpty()) return static_cast<int>(widgets::Glyph::warning);
      if (column == RunColumn::name && run->pinned) return static_cast<int>(widgets::Glyph::pin);
      if (column == RunColumn::name && run->parent) return static_cast<int>(widgets::Glyph::fork);
      return {};
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
    case sort_role: return sort_value(*run, column);
    case live_role: return store::is_live(run->status);
    case search_role:
      return q(run->name) + u'\n' + QString::number(run->id) + u'\n' + text(*run, RunColumn::tags).toString() + u'\n' +
             look_of(run->status).word + u'\n' + q(run->note) + u'\n' + q(run->model) +
             (store::is_live(run->status) ? u"\nis:live"_s : QString()) + (run->pinned ? u"\nis:pinned"_s : QString()) +
             u"\nis:"_s + QString::fromLatin1(store::to_string(run->status));
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
  for (int row = 0; row < rowCount(); ++row)
    if (store::is_live(run_at(row)->status))
      Q_EMIT dataChanged(index(row, static_cast<int>(RunColumn::started)),
                         index(row, static_cast<int>(RunColumn::duration)), {Qt::DisplayRole});
}

RunFilter::RunFilter(QObject* parent) : QSortFilterProxyModel(parent) {
  setDynamicSortFilter(true);
  setSortRole(sort_role);
}

void RunFilter::set_search(const QString& typed) {
  if (typed == typed_) return;
  typed_ = typed;
  words_ = typed.split(u' ', Qt::SkipEmptyParts);
  invalidateFilter();
}

bool RunFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
  if (words_.isEmpty()) return true;
  const QString hay = sourceModel()->index(row, 0, parent).data(search_role).toString();
  return std::all_of(words_.begin(), words_.end(),
                     [&](const QString& word) { return hay.contains(word, Qt::CaseInsensitive); });
}

bool RunFilter::lessThan(const QModelIndex& left, const QModelIndex& right) const {
  const QVariant a = left.data(sort_role);
  const QVariant b = right.data(sort_role);
  if (a.typeId() == QMetaType::Double) {
    // Unknown values stand at the end, whichever way the column is sorted.
    const double x = a.toDouble();
    const double y = b.toDouble();
    if (std::isnan(x) != std::isnan(y)) return (sortOrder() == Qt::AscendingOrder) == std::isnan(y);
    return x < y;
  }
  return QSortFilterProxyModel::lessThan(left, right);
}

}  // namespace athanor::app
