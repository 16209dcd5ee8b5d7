#include "app/shell/find_sheet.h"

#include "app/controllers/history_controller.h"
#include "app/models/run_words.h"
#include "app/pages/parts/page_parts.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"
#include "widgets/tables/search_line.h"

#include <QApplication>
#include <QKeyEvent>
#include <QListWidget>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QTextLayout>
#include <QVBoxLayout>

#include <algorithm>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::kGrid;

constexpr int kMostOfAKind = 40;
constexpr int kRow = 52;
constexpr QSize kSize(760, 560);
enum Role { run_role = Qt::UserRole, where_role, marks_role, text_role };

QString where_text(store::Found::In in) {
  switch (in) {
    case store::Found::In::name: return FindSheet::tr("name");
    case store::Found::In::tags: return FindSheet::tr("tags");
    case store::Found::In::note: return FindSheet::tr("note");
    case store::Found::In::model: return FindSheet::tr("model");
    case store::Found::In::cause: return FindSheet::tr("cause of its end");
    case store::Found::In::recipe: return FindSheet::tr("recipe");
    case store::Found::In::log: break;
  }
  return FindSheet::tr("log");
}

// The run and where it stands, above the words around it.
class PlaceCell final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {200, kRow}; }
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const widgets::Theme& theme = widgets::current_theme();
    painter->save();
    if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, theme.color(widgets::Role::accent_soft));
    const QRect box = option.rect.adjusted(kGrid, 5, -kGrid, -5);
    const QRect upper(box.left(), box.top(), box.width(), box.height() / 2);
    painter->setFont(widgets::scaled(option.font, 1.0, QFont::DemiBold));
    painter->setPen(theme.color(widgets::Role::text));
    const QString name = index.data(Qt::DisplayRole).toString();
    widgets::paint_elided(*painter, upper, Qt::AlignLeft | Qt::AlignVCenter, name);
    const int used = painter->fontMetrics().horizontalAdvance(name) + kGrid * 2;
    painter->setFont(widgets::scaled(option.font, 0.9));
    painter->setPen(theme.color(widgets::Role::muted));
    widgets::paint_elided(*painter, upper.adjusted(used, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter,
                          index.data(where_role).toString());
    paint_snippet(*painter, QRect(box.left(), upper.bottom() + 1, box.width(), box.height() / 2), option.font, index);
    painter->restore();
  }

 private:
  static void paint_snippet(QPainter& painter, const QRect& box, const QFont& font, const QModelIndex& index) {
    const widgets::Theme& theme = widgets::current_theme();
    QTextLayout layout(index.data(text_role).toString(), font);
    QList<QTextLayout::FormatRange> formats;
    for (const QVariant& mark : index.data(marks_role).toList()) {
      QTextLayout::FormatRange range;
      range.start = mark.toPoint().x();
      range.length = mark.toPoint().y();
      range.format.setForeground(theme.color(widgets::Role::accent));
      range.format.setFontWeight(QFont::DemiBold);
      formats << range;
    }
    layout.setFormats(formats);
    layout.beginLayout();
    QTextLine line = layout.createLine();
    line.setNumColumns(static_cast<int>(layout.text().size()));
    layout.endLayout();
    painter.setClipRect(box);
    painter.setPen(theme.color(widgets::Role::text));
    layout.draw(&painter, QPointF(box.left(), box.center().y() - line.height() / 2));
    painter.setClipping(false);
  }
};

}  // namespace

Snippet snippet_of(const std::string& marked) {
  Snippet snippet;
  int begin = -1;
  for (const QChar c : q(marked)) {
    if (c == QLatin1Char(store::kFoundBegin)) {
      begin = static_cast<int>(snippet.text.size());
    } else if (c == QLatin1Char(store::kFoundEnd)) {
      if (begin >= 0) snippet.marks.emplace_back(begin, static_cast<int>(snippet.text.size()) - begin);
      begin = -1;
    } else {
      snippet.text += c.isSpace() ? u' ' : c;
    }
  }
  return snippet;
}

FindSheet::FindSheet(HistoryController* history, QWidget* window) : QFrame(window), history_(history) {
  setAccessibleName(tr("Find in everything"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(kGrid * 2, kGrid * 2, kGrid * 2, kGrid * 2);
  column->setSpacing(kGrid);
  line_ = new widgets::SearchLine(tr("Find in names, tags, notes, recipes and logs"), this);
  line_->installEventFilter(this);
  column->addWidget(line_);
  list_ = new QListWidget(this);
  list_->setAccessibleName(tr("Places found"));
  list_->setItemDelegate(new PlaceCell(list_));
  list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  list_->installEventFilter(this);
  column->addWidget(list_, 1);
  words_ = make_muted({}, this);
  column->addWidget(words_);
  connect(line_, &widgets::SearchLine::search_changed, this, [this](const QString& typed) { look_for(typed); });
  connect(list_, &QListWidget::itemActivated, this, [this] { accept(); });
  hide();
}

void FindSheet::open() {
  focus_before_ = QApplication::focusWidget();
  const QRect all = parentWidget()->rect();
  resize(std::min(kSize.width(), all.width() - 40), std::min(kSize.height(), all.height() - 80));
  move((all.width() - width()) / 2, std::max(20, (all.height() - height()) / 4));
  show();
  raise();
  line_->selectAll();
  line_->setFocus(Qt::PopupFocusReason);
  look_for(line_->text());
}

void FindSheet::look_for(const QString& typed) {
  if (typed.trimmed().isEmpty()) {
    list_->clear();
    words_->setText(tr("The last word may be the beginning of one."));
    return;
  }
  history_->find(typed, kMostOfAKind, [this, typed](const std::vector<store::Found>& found) {
    if (typed == line_->text()) show_found(typed, found);
  });
}

void FindSheet::show_found(const QString& typed, const std::vector<store::Found>& found) {
  list_->clear();
  for (const store::Found& place : found) {
    const store::Run* run = history_->find(place.run);
    const Snippet snippet = snippet_of(place.snippet);
    auto* item = new QListWidgetItem(run ? q(run->name) : tr("No. %1").arg(place.run), list_);
    QString where = u"%1 · %2"_s.arg(tr("No. %1").arg(place.run), where_text(place.in));
    if (place.time_ns > 0) where += u" · "_s + when_text(place.time_ns, wall_now_ns());
    QVariantList marks;
    for (const auto& [begin, length] : snippet.marks) marks << QPoint(begin, length);
    item->setData(run_role, QVariant::fromValue<qint64>(place.run));
    item->setData(where_role, where);
    item->setData(text_role, snippet.text);
    item->setData(marks_role, marks);
    item->setData(Qt::AccessibleTextRole, u"%1, %2: %3"_s.arg(item->text(), where, snippet.text));
  }
  if (list_->count() > 0) list_->setCurrentRow(0);
  words_->setText(found.empty() ? tr("Nothing was found for “%1”.").arg(typed)
                                : tr("%n place(s)", nullptr, static_cast<int>(found.size())));
}

void FindSheet::accept() {
  const QListWidgetItem* item = list_->currentItem();
  if (!item) return;
  const qint64 run = item->data(run_role).toLongLong();
  leave();
  Q_EMIT run_chosen(run);
}

void FindSheet::leave() {
  hide();
  if (focus_before_) focus_before_->setFocus(Qt::PopupFocusReason);
}

bool FindSheet::eventFilter(QObject* watched, QEvent* event) {
  if (event->type() == QEvent::FocusOut) {
    QMetaObject::invokeMethod(
        this,
        [this] {
          QWidget* focus = QApplication::focusWidget();
          if (isVisible() && focus && focus != this && !isAncestorOf(focus)) hide();
        },
        Qt::QueuedConnection);
    return false;
  }
  if (event->type() != QEvent::KeyPress) return QFrame::eventFilter(watched, event);
  const int key = static_cast<QKeyEvent*>(event)->key();
  switch (key) {
    case Qt::Key_Escape: leave(); return true;
    case Qt::Key_Return:
    case Qt::Key_Enter: accept(); return true;
    case Qt::Key_Up:
    case Qt::Key_Down: {
      const int row = list_->currentRow() + (key == Qt::Key_Down ? 1 : -1);
      if (row >= 0 && row < list_->count()) list_->setCurrentRow(row);
      return true;
    }
    default: return false;
  }
}

void FindSheet::paintEvent(QPaintEvent*) {
  const widgets::Theme& theme = widgets::current_theme();
  QPainter painter(this);
  widgets::paint_card(painter, rect(), theme.color(widgets::Role::surface), theme.color(widgets::Role::border),
                      widgets::kRadius);
}

}  // namespace athanor::app
