#include "widgets/palette/command_palette.h"

#include "widgets/common/glyph.h"
#include "widgets/common/theme.h"
#include "widgets/palette/fuzzy_match.h"
#include "widgets/parts/text_paint.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QStandardItemModel>
#include <QStyledItemDelegate>
#include <QVBoxLayout>

#include <algorithm>

namespace athanor::widgets {
namespace {

enum Roles { id_role = Qt::UserRole + 1, context_role, shortcut_role, enabled_role, why_role };
constexpr int kRow = 36;
constexpr int kMostHeight = 640;

class CommandDelegate final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override { return {300, kRow}; }
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const Theme& theme = current_theme();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    if (option.state & QStyle::State_Selected) {
      painter->setPen(Qt::NoPen);
      painter->setBrush(theme.color(Role::accent_soft));
      painter->drawRoundedRect(option.rect.adjusted(4, 1, -4, -1), 5, 5);
    }
    const bool enabled = index.data(enabled_role).toBool();
    const QRect box = option.rect.adjusted(16, 0, -16, 0);
    index.data(Qt::DecorationRole)
        .value<QIcon>()
        .paint(painter, QRect(box.left(), box.center().y() - 8, 17, 17), Qt::AlignCenter,
               enabled ? QIcon::Normal : QIcon::Disabled);
    painter->setFont(option.font);
    painter->setPen(theme.color(enabled ? Role::text : Role::faint));
    const QString text = index.data().toString();
    painter->drawText(box.adjusted(30, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, text);
    const int used = 30 + painter->fontMetrics().horizontalAdvance(text) + 12;
    painter->setFont(scaled(option.font, 0.88));
    painter->setPen(theme.color(Role::muted));
    const QString shortcut = index.data(shortcut_role).toString();
    const int keys = painter->fontMetrics().horizontalAdvance(shortcut) + (shortcut.isEmpty() ? 0 : 12);
    paint_elided(*painter, box.adjusted(used, 0, -keys, 0), Qt::AlignLeft | Qt::AlignVCenter,
                 enabled ? index.data(context_role).toString() : index.data(why_role).toString());
    painter->drawText(box, Qt::AlignRight | Qt::AlignVCenter, shortcut);
    painter->restore();
  }
};

}  // namespace

std::vector<Command> rank_commands(const std::vector<Command>& commands, const QString& typed) {
  struct Ranked {
    int score;
    const Command* command;
  };
  std::vector<Ranked> ranked;
  for (const Command& command : commands) {
    const auto own = fuzzy_score(typed, command.text);
    const auto wide = fuzzy_score(typed, command.context + u' ' + command.text);
    if (!own && !wide) continue;
    ranked.push_back(
        {std::max(own.value_or(-1000000), wide.value_or(-1000000) - 8) + (command.enabled ? 24 : 0), &command});
  }
  if (typed.trimmed().isEmpty())
    std::stable_partition(ranked.begin(), ranked.end(), [](const Ranked& r) { return r.command->enabled; });
  else
    std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
  std::vector<Command> out;
  for (const Ranked& r : ranked) out.push_back(*r.command);
  return out;
}

CommandPalette::CommandPalette(QWidget* window) : QFrame(window) {
  setObjectName(QStringLiteral("command_palette"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kGrid, kGrid, kGrid, kGrid);
  layout->setSpacing(kGrid);
  line_ = new QLineEdit(this);
  line_->setPlaceholderText(tr("What do you want to do?"));
  line_->setAccessibleName(tr("Search commands"));
  line_->setFont(scaled(font(), 1.1));
  line_->addAction(glyph_icon(Glyph::search), QLineEdit::LeadingPosition);
  line_->installEventFilter(this);
  layout->addWidget(line_);
  model_ = new QStandardItemModel(this);
  list_ = new QListView(this);
  list_->setModel(model_);
  list_->setItemDelegate(new CommandDelegate(list_));
  list_->setFrameShape(QFrame::NoFrame);
  list_->setUniformItemSizes(true);
  list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  list_->setFocusPolicy(Qt::NoFocus);
  list_->setAccessibleName(tr("Commands"));
  layout->addWidget(list_);
  connect(line_, &QLineEdit::textChanged, this, [this](const QString& typed) { filter(typed); });
  connect(list_, &QListView::clicked, this, [this] { accept(); });
  window->installEventFilter(this);
  hide();
}

void CommandPalette::open(std::vector<Command> commands) {
  commands_ = std::move(commands);
  focus_before_ = QApplication::focusWidget();
  line_->clear();
  filter({});
  place();
  show();
  raise();
  line_->setFocus();
}

int CommandPalette::shown_rows() const { return model_->rowCount(); }

void CommandPalette::place() {
  const QWidget* window = parentWidget();
  const int width = std::min(640, window->width() - 64);
  // As high as the list needs, within what the window leaves.
  const int frame = line_->sizeHint().height() + 3 * kGrid + 2;
  const int height = std::min({kMostHeight, window->height() - 120, frame + kRow * std::max(1, model_->rowCount())});
  setGeometry((window->width() - width) / 2, std::min(88, window->height() / 8), width, height);
}

void CommandPalette::filter(const QString& typed) {
  model_->clear();
  for (const Command& command : rank_commands(commands_, typed)) {
    auto* item = new QStandardItem(command.icon, command.text);
    item->setData(command.id, id_role);
    item->setData(command.context, context_role);
    item->setData(command.shortcut, shortcut_role);
    item->setData(command.enabled, enabled_role);
    item->setData(command.why_not, why_role);
    item->setEditable(false);
    model_->appendRow(item);
  }
  list_->setCurrentIndex(model_->index(0, 0));
  place();
}

void CommandPalette::accept() {
  const QModelIndex index = list_->currentIndex();
  if (!index.isValid() || !index.data(enabled_role).toBool()) return;
  const QString id = index.data(id_role).toString();
  hide();
  if (focus_before_) focus_before_->setFocus();
  Q_EMIT chosen(id);
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event) {
  if (watched == parentWidget() && event->type() == QEvent::Resize && isVisible()) place();
  if (watched != line_) return false;
  if (event->type() == QEvent::FocusOut && !isActiveWindow()) return false;
  if (event->type() == QEvent::FocusOut && isVisible() && QApplication::focusWidget() != line_) {
    hide();
    return false;
  }
  if (event->type() != QEvent::KeyPress) return false;
  const auto* key = static_cast<QKeyEvent*>(event);
  const int row = list_->currentIndex().row();
  const auto select = [this](int to) {
    list_->setCurrentIndex(model_->index(std::clamp(to, 0, std::max(0, model_->rowCount() - 1)), 0));
  };
  switch (key->key()) {
    case Qt::Key_Down: select(row + 1); return true;
    case Qt::Key_Up: select(row - 1); return true;
    case Qt::Key_PageDown: select(row + 8); return true;
    case Qt::Key_PageUp: select(row - 8); return true;
    case Qt::Key_Return:
    case Qt::Key_Enter: accept(); return true;
    case Qt::Key_Escape:
      hide();
      if (focus_before_) focus_before_->setFocus();
      return true;
    default: return false;
  }
}

void CommandPalette::paintEvent(QPaintEvent*) {
  const Theme& theme = current_theme();
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  paint_card(painter, rect(), theme.color(Role::surface), mix(theme.color(Role::border), theme.color(Role::text), 0.15),
             10);
}

}  // namespace athanor::widgets
