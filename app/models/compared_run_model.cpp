#include "app/models/compared_run_model.h"

#include "widgets/common/theme.h"

#include <QPainter>
#include <QPixmap>

#include <algorithm>
#include <cmath>
#include <utility>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

constexpr QSize kSample(20, 12);

// A piece of the curve's line.
QPixmap sample_of(const ComparedRun& run, bool is_baseline) {
  constexpr int kScale = 2;  // also sharp where a pixel is smaller
  QPixmap picture(kSample * kScale);
  picture.setDevicePixelRatio(kScale);
  picture.fill(Qt::transparent);
  QPainter painter(&picture);
  painter.setRenderHint(QPainter::Antialiasing);
  const widgets::Theme& theme = widgets::current_theme();
  QColor colour = is_baseline ? theme.color(widgets::Role::text) : theme.series(run.colour);
  if (!run.visible) colour.setAlphaF(0.35F);
  painter.setPen(QPen(colour, 2, is_baseline ? Qt::SolidLine : widgets::Theme::series_dash(run.colour)));
  painter.drawLine(QPointF(1, kSample.height() / 2.0), QPointF(kSample.width() - 1, kSample.height() / 2.0));
  return picture;
}

}  // namespace

ComparedRunModel::ComparedRunModel(ComparedRuns* compared, std::function<QString(store::RunId)> name_of,
                                   FigureStore* figures, QObject* parent)
    : QAbstractTableModel(parent), compared_(compared), name_of_(std::move(name_of)), figures_(figures) {
  connect(compared_, &ComparedRuns::runs_changed, this, [this] { arrange(); });
  connect(compared_, &ComparedRuns::looks_changed, this, [this] { tell_all(); });
  connect(figures_, &FigureStore::arrived, this, [this] { sorted_by_ >= 0 ? arrange() : tell_all(); });
  arrange();
}

void ComparedRunModel::set_metric(const std::string& metric) {
  if (metric == metric_ && values_) return;
  metric_ = metric;
  look_ = look_of_metric(metric);
  values_ = metric.empty() ? nullptr : &figures_->metric(metric);
  Q_EMIT headerDataChanged(Qt::Horizontal, value_column, value_column);
  arrange();
}

int ComparedRunModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(shown_.size());
}
int ComparedRunModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : column_count; }

store::RunId ComparedRunModel::run_at(int row) const {
  return row >= 0 && row < rowCount() ? shown_[static_cast<std::size_t>(row)] : 0;
}

int ComparedRunModel::row_of(store::RunId run) const {
  const auto found = std::ranges::find(shown_, run);
  return found == shown_.end() ? -1 : static_cast<int>(found - shown_.begin());
}

double ComparedRunModel::last_of(store::RunId run) const {
  if (!values_) return std::nan("");
  const auto found = values_->find(run);
  return found == values_->end() ? std::nan("") : found->second.last;
}

void ComparedRunModel::rename_runs() { sorted_by_ == run_column ? arrange() : tell_all(); }

Qt::ItemFlags ComparedRunModel::flags(const QModelIndex& index) const {
  const Qt::ItemFlags flags = QAbstractTableModel::flags(index);
  return index.isValid() && index.column() == run_column ? flags | Qt::ItemIsUserCheckable : flags;
}

QVariant ComparedRunModel::data(const QModelIndex& index, int role) const {
  const store::RunId run = run_at(index.row());
  const ComparedRun* entry = compared_->find(run);
  if (!entry) return {};
  const bool is_baseline = run == compared_->baseline();
  if (role == run_role) return QVariant::fromValue<qint64>(run);
  if (role == Qt::ToolTipRole && index.column() == run_column)
    return is_baseline ? tr("%1: the others are measured against it").arg(name_of_(run)) : name_of_(run);
  switch (index.column()) {
    case run_column:
      if (role == Qt::DisplayRole) return name_of_(run);
      if (role == Qt::CheckStateRole) return entry->visible ? Qt::Checked : Qt::Unchecked;
      if (role == Qt::DecorationRole) return sample_of(*entry, is_baseline);
      break;
    case value_column:
      if (role == Qt::DisplayRole) return metric_text(look_, last_of(run));
      break;
    case difference_column:
      if (role == Qt::DisplayRole)
        return is_baseline ? tr("baseline") : difference_text(look_, last_of(run), last_of(compared_->baseline()));
      if (role == widgets::tone_role) {
        const int verdict = is_baseline ? 0 : judged(look_, last_of(run), last_of(compared_->baseline()));
        return static_cast<int>(verdict > 0   ? widgets::Role::good
                                : verdict < 0 ? widgets::Role::bad
                                              : widgets::Role::muted);
      }
      break;
    default: break;
  }
  return {};
}

bool ComparedRunModel::setData(const QModelIndex& index, const QVariant& value, int role) {
  if (role != Qt::CheckStateRole || index.column() != run_column) return false;
  compared_->set_visible({run_at(index.row())}, value.toInt() == Qt::Checked);
  return true;
}

QVariant ComparedRunModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole)
    return QVariant::fromValue((section == run_column ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
  switch (section) {
    case run_column: return tr("Run");
    case value_column: return metric_.empty() ? tr("Value") : look_.title;
    case difference_column: return role == Qt::ToolTipRole ? tr("Difference from the baseline") : tr("Difference");
    default: return {};
  }
}

void ComparedRunModel::sort(int column, Qt::SortOrder order) {
  sorted_by_ = column >= 0 && column < column_count ? column : -1;
  order_ = order;
  arrange();
}

void ComparedRunModel::arrange() {
  std::vector<store::RunId> next = compared_->ids();
  const auto by = [this](auto&& key) {
    return [this, key](store::RunId a, store::RunId b) {
      return order_ == Qt::AscendingOrder ? key(a) < key(b) : key(b) < key(a);
    };
  };
  if (sorted_by_ == run_column) {
    std::ranges::stable_sort(next, by([this](store::RunId run) { return name_of_(run).toLower(); }));
  } else if (sorted_by_ >= 0) {
    const auto unknown =
        std::ranges::stable_partition(next, [this](store::RunId run) { return !std::isnan(last_of(run)); });
    std::stable_sort(next.begin(), unknown.begin(), by([this](store::RunId run) { return last_of(run); }));
  }
  if (next == shown_) return tell_all();
  beginResetModel();
  shown_ = std::move(next);
  endResetModel();
}

void ComparedRunModel::tell_all() {
  if (!shown_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, column_count - 1));
}

}  // namespace athanor::app
