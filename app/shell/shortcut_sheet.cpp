#include "app/shell/shortcut_sheet.h"

#include "app/pages/parts/page_parts.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QApplication>
#include <QGridLayout>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollArea>
#include <QScrollBar>
#include <QVBoxLayout>

#include <map>

namespace athanor::app {

using widgets::kGrid;

namespace {

using Entries = std::vector<std::pair<QString, QString>>;  // what is done, and by which keys
constexpr int kBetween = 5 * kGrid;                        // columns

// A context with its shortcuts.
QWidget* make_block(const QString& context, const Entries& entries, QWidget* parent) {
  auto* block = new QWidget(parent);
  auto* grid = new QGridLayout(block);
  grid->setContentsMargins(0, 0, 0, kGrid * 2);
  grid->setColumnStretch(0, 1);
  grid->setHorizontalSpacing(kGrid * 3);
  grid->setVerticalSpacing(4);
  grid->addWidget(make_heading(context, block), 0, 0, 1, 2);
  int row = 1;
  for (const auto& [text, keys] : entries) {
    grid->addWidget(new QLabel(text, block), row, 0);
    grid->addWidget(make_muted(keys, block), row++, 1, Qt::AlignRight);
  }
  return block;
}

// Takes blocks from the front, up to a height.
QVBoxLayout* stacked(std::vector<QWidget*>& blocks, int height) {
  auto* column = new QVBoxLayout;
  column->setSpacing(0);
  for (int taken = 0; !blocks.empty() && (taken == 0 || taken + blocks.front()->sizeHint().height() / 2 <= height);) {
    taken += blocks.front()->sizeHint().height();
    column->addWidget(blocks.front());
    blocks.erase(blocks.begin());
  }
  column->addStretch(1);
  return column;
}

}  // namespace

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
  columns->setSpacing(kBetween);
  std::map<QString, Entries> groups;
  for (const widgets::Command& command : commands)
    if (!command.shortcut.isEmpty()) groups[command.context].emplace_back(command.text, command.shortcut);
  groups[tr("In a plot")] = {{tr("Move along"), QStringLiteral("← →")},
                             {tr("Zoom"), QStringLiteral("+ −")},
                             {tr("Whole range"), tr("Home")},
                             {tr("Move the cursor"), tr("Ctrl ← →")},
                             {tr("Go from curve to curve"), QStringLiteral("↑ ↓")},
                             {tr("Logarithmic scale"), QStringLiteral("L")},
                             {tr("Logarithmic in x"), tr("Shift+L")},
                             {tr("Show as table"), QStringLiteral("T")}};
  std::vector<QWidget*> blocks;
  for (const auto& [context, entries] : groups) blocks.push_back(make_block(context, entries, body));
  const QWidget* window = parentWidget();
  const QMargins margins = layout()->contentsMargins();
  const int around = margins.left() + margins.right() + kGrid + scroll_->verticalScrollBar()->sizeHint().width();
  const int room = window->width() - 64 - around;
  int widest = 0, rows = 0;
  for (const QWidget* block : blocks) {
    widest = std::max(widest, block->sizeHint().width());
    rows += block->sizeHint().height();
  }
  // Beside each other where no word is cut by it.
  const bool in_two = 2 * widest + kBetween <= room;
  columns->addLayout(stacked(blocks, in_two ? rows / 2 : rows), 1);
  if (!blocks.empty()) columns->addLayout(stacked(blocks, rows), 1);
  scroll_->setWidget(body);
  const int above = layout()->minimumSize().height() - scroll_->minimumSizeHint().height();
  const QSize size(std::min(room, body->sizeHint().width()) + around,
                   std::min(above + body->sizeHint().height(), window->height() - 80));
  setGeometry(QRect(QPoint((window->width() - size.width()) / 2, (window->height() - size.height()) / 2), size));
  focus_before_ = QApplication::focusWidget();
  show();
  // The letters of some languages turn out wider once they are drawn.
  if (const int missing = body->width() - scroll_->viewport()->width(); missing > 0)
    setGeometry(geometry().adjusted(-missing / 2, 0, missing - missing / 2, 0));
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
