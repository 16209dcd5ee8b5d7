#include "app/pages/parts/page_parts.h"

#include "widgets/common/numbers.h"
#include "widgets/parts/text_paint.h"

#include <QAction>
#include <QGridLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QScrollBar>
#include <QTableView>
#include <QVBoxLayout>
#include <QWidgetAction>

#include <utility>

namespace athanor::app {

using widgets::kGrid;

widgets::ElidedLabel* make_title(const QString& text, QWidget* parent) {
  auto* label = new widgets::ElidedLabel(parent);
  label->set_text(text);
  label->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
  label->setFont(widgets::scaled(parent->font(), 1.5, QFont::DemiBold));
  return label;
}

PageHeader make_page_header(const QString& title, QWidget* parent) {
  PageHeader header{new QHBoxLayout, make_title(title, parent), make_muted({}, parent)};
  header.row->setSpacing(kGrid);
  // Their texts stand on one line: the smaller one reaches less far below it.
  auto* words = new QHBoxLayout;
  words->setSpacing(kGrid);
  words->addWidget(header.title, 0, Qt::AlignBottom);
  words->addWidget(header.caption, 0, Qt::AlignBottom);
  header.caption->setContentsMargins(
      0, 0, 0, QFontMetrics(header.title->font()).descent() - header.caption->fontMetrics().descent());
  header.row->addLayout(words);
  header.row->setAlignment(words, Qt::AlignVCenter);
  header.row->addSpacing(kGrid);
  header.row->addStretch(1);
  return header;
}

// The sections of QMenu lose their words where a style sheet draws the separators.
void add_menu_heading(QMenu* menu, const QString& text) {
  QLabel* label = make_muted(text, menu);
  label->setFont(widgets::scaled(menu->font(), 0.9));
  label->setContentsMargins(12, kGrid, 12, kGrid / 2);
  auto* heading = new QWidgetAction(menu);
  heading->setDefaultWidget(label);
  heading->setEnabled(false);
  menu->addAction(heading);
}

QLabel* make_heading(const QString& text, QWidget* parent) {
  auto* label = new QLabel(text, parent);
  label->setFont(widgets::scaled(parent->font(), 1.08, QFont::DemiBold));
  return label;
}

QLabel* make_muted(const QString& text, QWidget* parent) {
  auto* label = new QLabel(text, parent);
  label->setForegroundRole(QPalette::PlaceholderText);
  return label;
}

QPushButton* make_button(QAction* action, QWidget* parent, bool primary) {
  auto* button = new QPushButton(parent);
  button->setProperty("primary", primary);
  button->setIconSize(kButtonIcon);
  const auto sync = [button, action, primary] {
    button->setText(action->text());
    if (!primary) button->setIcon(action->icon());
    button->setEnabled(action->isEnabled());
    button->setToolTip(action->toolTip());
  };
  sync();
  QObject::connect(action, &QAction::changed, button, sync);
  QObject::connect(button, &QPushButton::clicked, action, &QAction::trigger);
  return button;
}

void prepare_table(QTableView* table, int row_height) {
  table->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table->setShowGrid(false);
  table->setMouseTracking(true);
  table->setWordWrap(false);
  table->setTabKeyNavigation(false);
  table->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
  table->horizontalHeader()->setHighlightSections(false);
  table->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
  table->verticalHeader()->setDefaultSectionSize(row_height);
}

PageScroll::PageScroll(QWidget* parent) : QScrollArea(parent) {
  setWidgetResizable(true);
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setFocusPolicy(Qt::NoFocus);
  auto* content = new QWidget(this);
  content->setObjectName(QStringLiteral("plain"));
  body_ = new QVBoxLayout(content);
  body_->setContentsMargins(0, 0, kPageMargin, kGrid * 2);
  body_->setSpacing(kGrid + 4);
  setWidget(content);
  connect(verticalScrollBar(), &QScrollBar::rangeChanged, this, [this] { keep_margin(); });
}

void PageScroll::resizeEvent(QResizeEvent* event) {
  QScrollArea::resizeEvent(event);
  keep_margin();
}

// The width of the content is the same either way, and with it its height: the bar does not come and go.
void PageScroll::keep_margin() {
  QMargins margins = body_->contentsMargins();
  margins.setRight(kPageMargin - (width() - viewport()->width()));
  if (margins != body_->contentsMargins()) body_->setContentsMargins(margins);
}

Card::Card(const QString& heading, QWidget* parent) : QFrame(parent) {
  body_ = new QVBoxLayout(this);
  body_->setContentsMargins(kGrid * 2, kGrid + 4, kGrid * 2, kGrid + 4);
  body_->setSpacing(kGrid);
  heading_ = make_heading({}, this);
  body_->addWidget(heading_);
  set_heading(heading);
}

void Card::set_heading(const QString& heading) {
  heading_->setText(heading);
  heading_->setVisible(!heading.isEmpty());
}

void Card::paintEvent(QPaintEvent*) {
  const widgets::Theme& theme = widgets::current_theme();
  QPainter painter(this);
  widgets::paint_card(painter, rect(), theme.color(widgets::Role::surface), theme.color(widgets::Role::border),
                      widgets::kRadius);
}

CommandText::CommandText(QWidget* parent) : QPlainTextEdit(parent) {
  setTabChangesFocus(true);
  setWordWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  setFont(widgets::monospace_font(font().pointSizeF() * 0.9));
  connect(this, &QPlainTextEdit::textChanged, this, [this] {
    if (setting_) return;
    typing_ = true;
    fit();
    Q_EMIT edited(toPlainText());
  });
}

void CommandText::set_command(const QString& command) {
  command_ = command;
  if (!typing_) show_command();
}

void CommandText::show_command() {
  if (command_ == toPlainText()) return;
  setting_ = true;
  setPlainText(command_);
  setting_ = false;
  fit();
}

void CommandText::focusOutEvent(QFocusEvent* event) {
  QPlainTextEdit::focusOutEvent(event);
  if (!std::exchange(typing_, false)) return;
  show_command();
  Q_EMIT left();
}

// A command is one line: Return and Escape end typing it.
void CommandText::keyPressEvent(QKeyEvent* event) {
  const bool ends = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter || event->key() == Qt::Key_Escape;
  if (!ends || event->modifiers().testFlag(Qt::ControlModifier)) return QPlainTextEdit::keyPressEvent(event);
  typing_ = false;
  show_command();
  Q_EMIT left();
}

void CommandText::resizeEvent(QResizeEvent* event) {
  QPlainTextEdit::resizeEvent(event);
  fit();
}

void CommandText::fit() {
  // The plain text layout counts its height in lines.
  const int lines = std::max(1, static_cast<int>(document()->size().height()));
  const int frame = height() - viewport()->height();
  setFixedHeight(lines * fontMetrics().lineSpacing() + static_cast<int>(2 * document()->documentMargin()) + frame);
}

FactList::FactList(QWidget* parent) : QWidget(parent) {
  grid_ = new QGridLayout(this);
  grid_->setContentsMargins(0, 0, 0, 0);
  grid_->setHorizontalSpacing(kGrid * 2);
  grid_->setVerticalSpacing(6);
  grid_->setColumnStretch(1, 1);
}

void FactList::set_fact(const QString& label, const QString& value, const QString& tip) {
  for (const Row& row : rows_) {
    if (row.label->text() != label) continue;
    row.value->setText(value);
    row.value->setToolTip(tip);
    row.label->setVisible(!value.isEmpty());
    row.value->setVisible(!value.isEmpty());
    fit();
    return;
  }
  Row row{make_muted(label, this), new QLabel(value, this)};
  row.label->setAlignment(Qt::AlignLeft | Qt::AlignTop);
  row.value->setAlignment(Qt::AlignRight | Qt::AlignTop);
  row.value->setFont(widgets::tabular_font(font()));
  row.value->setWordWrap(true);
  row.value->setToolTip(tip);
  for (QWidget* part : {row.label, row.value}) part->setVisible(!value.isEmpty());
  const int at = static_cast<int>(rows_.size());
  grid_->addWidget(row.label, at, 0);
  grid_->addWidget(row.value, at, 1);
  rows_.append(row);
  fit();
}

// As high as its rows are at this width; broken text would ask for the height it has where it is narrowest.
void FactList::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fit();
}

void FactList::fit() { setMinimumHeight(std::max(1, grid_->heightForWidth(width()))); }

void FactList::clear_facts() {
  for (const Row& row : rows_) {
    row.label->hide();
    row.value->hide();
    row.value->clear();
  }
}

QString FactList::value(const QString& label) const {
  for (const Row& row : rows_)
    if (row.label->text() == label) return row.value->text();
  return {};
}

}  // namespace athanor::app
