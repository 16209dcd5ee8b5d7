#include "app/pages/experiment/differences_panel.h"

#include "app/models/metric_words.h"
#include "app/pages/parts/page_parts.h"
#include "widgets/common/glyph.h"
#include "widgets/forms/field.h"

#include <QGridLayout>
#include <QHBoxLayout>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include <utility>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::kGrid;

QString shown(QString text) {
  text.replace(widgets::kListSeparator, u", "_s);
  return text.isEmpty() ? u"–"_s : text;
}

}  // namespace

DifferencesPanel::DifferencesPanel(QWidget* parent) : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* card = new Card({}, this);
  auto* head = new QHBoxLayout;
  heading_ = make_heading({}, card);
  heading_->setWordWrap(true);
  head->addWidget(heading_, 1);
  auto* end = new QToolButton(card);
  end->setIcon(widgets::glyph_icon(widgets::Glyph::close));
  end->setAutoRaise(true);
  end->setAccessibleName(tr("End the comparison"));
  end->setToolTip(tr("End the comparison"));
  end->setFocusPolicy(Qt::StrongFocus);
  connect(end, &QToolButton::clicked, this, &DifferencesPanel::ended);
  head->addWidget(end, 0, Qt::AlignTop);
  card->body()->addLayout(head);
  none_ = make_muted(tr("Nothing: all fields are the same."), card);
  none_->setWordWrap(true);
  card->body()->addWidget(none_);
  layout->addWidget(card);
  hide();
}

void DifferencesPanel::show_differences(const ExperimentController& experiment) {
  setVisible(!experiment.compared_with().isEmpty());
  heading_->setText(tr("Differs from %1").arg(experiment.compared_with()));
  const auto differences = experiment.differences();
  QStringList lines;
  for (const auto& each : differences) lines << u"%1: %2 → %3"_s.arg(q(each.path), shown(each.there), shown(each.here));
  none_->setVisible(differences.empty());
  if (lines == lines_) return;
  lines_ = std::move(lines);
  // What was clicked may be among them: they go once it has had its say.
  if (rows_) rows_->deleteLater();
  rows_ = new QWidget(none_->parentWidget());
  grid_ = new QGridLayout(rows_);
  grid_->setContentsMargins(0, 0, 0, 0);
  grid_->setHorizontalSpacing(kGrid);
  grid_->setVerticalSpacing(2);
  grid_->setColumnStretch(0, 1);
  for (const auto& each : differences) add_row(each);
  static_cast<Card*>(none_->parentWidget())->body()->addWidget(rows_);
  rows_->setVisible(!differences.empty());
}

void DifferencesPanel::add_row(const ExperimentController::Difference& difference) {
  const int row = grid_->rowCount();
  const QString path = q(difference.path);
  const QString title = field_title(difference.path);
  auto* jump = new QPushButton(title, rows_);
  jump->setProperty("jump", true);
  jump->setToolTip(tr("Go to the field %1").arg(path));
  connect(jump, &QPushButton::clicked, this, [this, path] { Q_EMIT field_chosen(path); });
  grid_->addWidget(jump, row, 0);
  auto* words = new QLabel(u"%1 → %2"_s.arg(shown(difference.there), shown(difference.here)), rows_);
  words->setWordWrap(true);
  words->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
  words->setTextInteractionFlags(Qt::TextSelectableByMouse);
  grid_->addWidget(words, row, 1);
  auto* take = new QToolButton(rows_);
  take->setIcon(widgets::glyph_icon(widgets::Glyph::undo));
  take->setAutoRaise(true);
  take->setFocusPolicy(Qt::StrongFocus);
  take->setAccessibleName(tr("%1: take %2 over").arg(title, shown(difference.there)));
  take->setToolTip(tr("Take %1 over").arg(shown(difference.there)));
  connect(take, &QToolButton::clicked, this, [this, path] { Q_EMIT taken(path); });
  grid_->addWidget(take, row, 2);
}

}  // namespace athanor::app
