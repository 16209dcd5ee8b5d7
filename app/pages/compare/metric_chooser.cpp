#include "app/pages/compare/metric_chooser.h"

#include "app/feedback/notice.h"
#include "app/models/metric_words.h"
#include "widgets/common/theme.h"
#include "widgets/tables/search_line.h"

#include <QListWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::kGrid;
constexpr QSize kSize(340, 420);
constexpr int kNameRole = Qt::UserRole;

}  // namespace

MetricChooser::MetricChooser(QWidget* parent) : QFrame(parent, Qt::Popup) {
  setObjectName(u"metric_chooser"_s);
  setFrameShape(QFrame::StyledPanel);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(kGrid, kGrid, kGrid, kGrid);
  column->setSpacing(kGrid);
  search_ = new widgets::SearchLine(tr("Search the metrics"), this);
  column->addWidget(search_);
  list_ = new QListWidget(this);
  list_->setAccessibleName(tr("Metrics"));
  list_->setUniformItemSizes(true);
  column->addWidget(list_, 1);
  resize(kSize);
  connect(search_, &widgets::SearchLine::search_changed, this, [this](const QString& typed) { narrow(typed); });
  connect(search_, &widgets::SearchLine::down_pressed, this, [this] { list_->setFocus(); });
  connect(list_, &QListWidget::itemChanged, this, [this] { Q_EMIT chosen(ticked()); });
}

void MetricChooser::open(const std::map<std::string, int>& counts, int runs, const std::vector<std::string>& chosen,
                         const QPoint& place) {
  const QSignalBlocker quiet(list_);
  order_ = chosen;
  list_->clear();
  const auto add = [&](const std::string& name) {
    const auto count = counts.find(name);
    const QString title = look_of_metric(name).title;
    QString words = title == q(name) ? title : u"%1  ·  %2"_s.arg(title, q(name));
    const int have = count == counts.end() ? 0 : count->second;
    if (have < runs) words += u"  ·  "_s + tr("%1 of %2 runs").arg(have).arg(runs);
    auto* item = new QListWidgetItem(words, list_);
    item->setData(kNameRole, q(name));
    item->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
    item->setCheckState(std::ranges::find(chosen, name) != chosen.end() ? Qt::Checked : Qt::Unchecked);
  };
  for (const std::string& name : chosen) add(name);
  for (const auto& [name, count] : counts)
    if (std::ranges::find(chosen, name) == chosen.end()) add(name);
  search_->clear();
  move(place);
  show();
  search_->setFocus(Qt::PopupFocusReason);
}

void MetricChooser::narrow(const QString& typed) {
  for (int i = 0; i < list_->count(); ++i)
    list_->item(i)->setHidden(!list_->item(i)->text().contains(typed.trimmed(), Qt::CaseInsensitive));
}

// Those chosen before keep their order; new ones come after them.
std::vector<std::string> MetricChooser::ticked() const {
  std::vector<std::string> names;
  for (int i = 0; i < list_->count(); ++i)
    if (list_->item(i)->checkState() == Qt::Checked) names.push_back(s(list_->item(i)->data(kNameRole).toString()));
  std::ranges::stable_sort(
      names, {}, [this](const std::string& name) { return std::ranges::find(order_, name) - order_.begin(); });
  return names;
}

}  // namespace athanor::app
