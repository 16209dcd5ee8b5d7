#include "app/pages/experiment/layouts_panel.h"

#include "app/feedback/notice.h"
#include "app/models/schema_words.h"
#include "app/pages/parts/page_parts.h"
#include "core/recipe/recipe.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace athanor::app {
namespace {

using widgets::kGrid;

constexpr std::size_t kShown = 5;

// "Replicas 2", "Micro-batches 4": a line each, so that none is wider than the panel.
QString words_of(const FoundLayout& layout) {
  QStringList words;
  for (const QString& assignment : layout.set) {
    const QString path = assignment.section(u'=', 0, 0), value = assignment.section(u'=', 1);
    const recipe::Field* field = recipe::find_field(s(path));
    words << QStringLiteral("%1 %2").arg(field != nullptr ? schema_text(field->label) : path, schema_text(s(value)));
  }
  return words.join(u'\n');
}

}  // namespace

LayoutsPanel::LayoutsPanel(QAction* find, QWidget* parent) : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* card = new Card(tr("Share the work"), this);
  state_ = make_muted({}, card);
  state_->setWordWrap(true);
  card->body()->addWidget(state_);
  list_ = new QWidget(card);
  rows_ = new QVBoxLayout(list_);
  rows_->setContentsMargins(0, 0, 0, 0);
  rows_->setSpacing(kGrid);
  card->body()->addWidget(list_);
  find_ = make_button(find, card);
  card->body()->addWidget(find_);
  layout->addWidget(card);
}

void LayoutsPanel::show_layouts(const LayoutFinder& finder) {
  qDeleteAll(list_->findChildren<QWidget*>(Qt::FindDirectChildrenOnly));
  const std::vector<FoundLayout>& found = finder.found();
  if (finder.is_busy())
    state_->setText(tr("Looking at the layouts that this machine has ranks for…"));
  else if (!finder.trouble().isEmpty())
    state_->setText(finder.trouble());
  else if (found.empty())
    state_->setText(tr("How ranks of this machine could share the work, by predicted time."));
  else
    state_->setText(tr("Predicted from measured operations; choose one to set it in the form."));
  for (std::size_t i = 0; i < std::min(found.size(), kShown); ++i) {
    const FoundLayout& each = found[i];
    const QString pace = tr("%1 a step").arg(widgets::duration_text(each.step_seconds));
    auto* row = new QPushButton(
        each.set.isEmpty() ? tr("%1 · as it is").arg(pace) : QStringLiteral("%1\n%2").arg(pace, words_of(each)), list_);
    row->setStyleSheet(QStringLiteral("text-align: left"));
    row->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    row->setEnabled(!each.set.isEmpty());
    QString tip =
        tr("%n rank(s), %1 of memory in all", nullptr, each.ranks).arg(widgets::bytes_text(each.memory_bytes));
    if (each.bytes_on_wire > 0) tip += u'\n' + tr("%1 sent a step").arg(widgets::bytes_text(each.bytes_on_wire));
    if (each.bubble > 0) tip += u'\n' + tr("%1 bubble, simulated").arg(widgets::percent_text(each.bubble, 1));
    row->setToolTip(tip);
    connect(row, &QPushButton::clicked, this, [this, set = each.set] { Q_EMIT chosen(set); });
    rows_->addWidget(row);
  }
  list_->setVisible(!found.empty());
}

}  // namespace athanor::app
