#include "app/shell/shortcut_sheet.h"

#include "app/pages/parts/page_parts.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QApplication>
#include <QGridLayout>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollArea>
#include <QVBoxLayout>

#include <map>

namespace athanor::app {

using widgets::kGrid;

ShortcutSheet::ShortcutSheet(QWidget* window) : QFrame(window) {
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Keyboard shortcuts"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kGrid * 3, kGrid * 2, kGrid * 2, kGrid * 2);
  layout->setSpacing(kGrid + 4);
  layout->addWidget(make_title(tr("Keyboard"), this));
  scroll_ = new QScrollArea(this);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setWidgetResizable(true);
  scroll_->setFocusPolicy(Qt::NoFocus);
  scroll_->setStyleSheet(QStringLiteral("QScrollArea, QWidget#sheet { background: transparent; }"));
  layout->addWidget(scroll_, 1);
  hide();
}

void ShortcutSheet::open(const std::vector<widgets::Command>& commands) {
  auto* body = new QWidget;
  body->setObjectName(QStringLiteral("sheet"));
  auto* columns = new QHBoxLayout(body);
  columns->setContentsMargins(0, 0, kGrid, 0);
  columns->setSpacing(kGrid * 5);
  std::map<QString, std::vector<std::pair<QString, QString>>> groups;
  for (const widgets::Command& command : commands)
    if (!command.shortcut.isEmpty()) groups[command.context].emplace_back(command.text, command.shortcut);
  groups[tr("In a plot")] = {{tr("Move along"), QStringLiteral("← →")},
                             {tr("Zoom"), QStringLiteral("+ −")},
                             {tr("Whole range"), tr("Home")},
                             {tr("Move the cursor"), tr("Ctrl ← →")},
                             {tr("Logarithmic scale"), QStringLiteral("L")},
                             {tr("Show as table"), QStringLiteral("T")}};
  QVBoxLayout* column[2] = {new QVBoxLayout, new QVBoxLayout};
  std::size_t rows[2] = {0, 0};
  for (const auto& [context, entries] : groups) {
    const int at = rows[0] <= rows[1] ? 0 : 1;
    rows[at] += entries.size() + 2;
    QLabel* heading = make_heading(context, body);
    heading->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    column[at]->addWidget(heading);
    auto* grid = new QGridLayout;
    grid->setColumnStretch(0, 1);
    grid->setVerticalSpacing(4);
    int row = 0;
    for (const auto& [text, keys] : entries) {
      grid->addWidget(new QLabel(text, body), row, 0);
      grid->addWidget(make_muted(keys, body), row++, 1, Qt::AlignRight);
    }
    column[at]->addLayout(grid);
    column[at]->addSpacing(kGrid);
  }
  for (QVBoxLayout* one : column) {
    one->setSpacing(kGrid);
    one->addStretch(100);
    columns->addLayout(one, 1);
  }
  scroll_->setWidget(body);
  const QWidget* window = parentWidget();
  const int around = layout()->minimumSize().height() - scroll_->minimumSizeHint().height();
  const QSize size(std::min(820, window->width() - 64),
                   std::min(around + body->sizeHint().height(), window->height() - 80));
  setGeometry(QRect(QPoint((window->width() - size.width()) / 2, (window->height() - size.height()) / 2), size));
  focus_before_ = QApplication::focusWidget();
  show();
  raise();
  setFocus();
}

void ShortcutSheet::keyPressEvent(QKeyEvent* event) {
  hide();
  if (focus_before_) focus_before_->setFocus();
  event->accept();
}

void ShortcutSheet::focusOutEvent(QFocusEvent*) { hide(); }

void ShortcutSheet::paintEvent(QPaintEvent*) {
  const widgets::Theme& theme = widgets::current_theme();
  QPainter painter(this);
  widgets::paint_card(painter, rect(), theme.color(widgets::Role::surface), theme.color(widgets::Role::border), 10);
}

}  // namespace athanor::app
