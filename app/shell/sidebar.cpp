#include "app/shell/sidebar.h"

#include "app/models/run_words.h"
#include "app/stores/run_store.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QLabel>
#include <QPainter>
#include <QStyle>
#include <QToolButton>
#include <QVBoxLayout>

namespace athanor::app {
namespace {

using widgets::kGrid;
constexpr std::size_t kMostLive = 6;
constexpr int kWide = 208;
constexpr int kNarrow = 56;
constexpr int kSide = kGrid + 4;

// A run that is going on: name, share done, and a bar of it.
class LiveButton final : public QToolButton {
 public:
  using QToolButton::QToolButton;
  store::RunId run = 0;
  double share = 0;
  QString detail;

 protected:
  void paintEvent(QPaintEvent* event) override {
    QToolButton::paintEvent(event);
    const widgets::Theme& theme = widgets::current_theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool narrow = width() < kNarrow;
    const QRect box = narrow ? rect().adjusted(4, 5, -4, -5) : rect().adjusted(10, 5, -10, -5);
    const QRect line(box.left(), box.top(), box.width(), 18);
    painter.setFont(widgets::tabular_font(widgets::scaled(font(), narrow ? 0.8 : 0.85)));
    painter.setPen(theme.color(widgets::Role::muted));
    if (narrow) {
      widgets::paint_elided(painter, line, Qt::AlignCenter, detail);
    } else {
      const int used = painter.fontMetrics().horizontalAdvance(detail) + 8;
      painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter, detail);
      painter.setFont(widgets::scaled(font(), 0.95));
      painter.setPen(theme.color(widgets::Role::text));
      widgets::paint_elided(painter, line.adjusted(0, 0, -used, 0), Qt::AlignLeft | Qt::AlignVCenter, accessibleName());
    }
    const QRectF track(box.left(), box.bottom() - 4, box.width(), 4);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.color(widgets::Role::border));
    painter.drawRoundedRect(track, 2, 2);
    painter.setBrush(theme.color(widgets::Role::accent));
    if (share > 0)
      painter.drawRoundedRect(QRectF(track.left(), track.top(), std::max(4.0, track.width() * share), 4), 2, 2);
  }
};

class Mark final : public QWidget {
 public:
  using QWidget::QWidget;

 protected:
  void paintEvent(QPaintEvent*) override {
    QPainter painter(this);
    const widgets::Theme& theme = widgets::current_theme();
    widgets::paint_glyph(painter, QRectF(8, 4, 24, 24), widgets::Glyph::flame, theme.color(widgets::Role::accent));
    if (width() < kNarrow) return;
    painter.setFont(widgets::scaled(font(), 1.2, QFont::DemiBold));
    painter.setPen(theme.color(widgets::Role::text));
    painter.drawText(rect().adjusted(42, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, QStringLiteral("Athanor"));
  }
};

}  // namespace

Sidebar::Sidebar(const RunStore* runs, QWidget* parent) : QWidget(parent), runs_(runs) {
  setObjectName(QStringLiteral("sidebar"));
  setAttribute(Qt::WA_StyledBackground);
  setFixedWidth(kWide);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kGrid + 4, kGrid * 2, kGrid + 4, kGrid + 4);
  layout->setSpacing(kGrid * 2);
  mark_ = new Mark(this);
  mark_->setFixedHeight(32);
  layout->addWidget(mark_);
  page_layout_ = new QVBoxLayout;
  page_layout_->setSpacing(2);
  layout->addLayout(page_layout_);
  live_layout_ = new QVBoxLayout;
  live_layout_->setSpacing(2);
  live_title_ = new QLabel(tr("Going on"), this);
  live_title_->setForegroundRole(QPalette::PlaceholderText);
  live_title_->setFont(widgets::scaled(font(), 0.88, QFont::Medium));
  live_title_->setContentsMargins(10, 0, 0, 2);
  live_title_->hide();
  live_layout_->addWidget(live_title_);
  layout->addLayout(live_layout_);
  layout->addStretch(1);
  foot_layout_ = new QVBoxLayout;
  foot_layout_->setSpacing(2);
  layout->addLayout(foot_layout_);
  connect(runs_, &RunStore::applied, this, [this] { show_live(); });
  show_live();
}

void Sidebar::add_page(const QString& id, const QString& title, widgets::Glyph glyph, const QString& shortcut) {
  auto* button = new QToolButton(this);
  button->setText(QStringLiteral("  ") + title);
  button->setIcon(widgets::glyph_icon(glyph));
  button->setIconSize({18, 18});
  button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  button->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  button->setCheckable(true);
  button->setAutoExclusive(true);
  button->setProperty("nav", true);
  button->setFocusPolicy(Qt::TabFocus);
  button->setAccessibleName(tr("Page: %1").arg(title));
  button->setToolTip(QStringLiteral("%1 (%2)").arg(title, shortcut));
  page_layout_->addWidget(button);
  pages_[id] = button;
  connect(button, &QToolButton::clicked, this, [this, id] { Q_EMIT page_chosen(id); });
}

void Sidebar::set_compact(bool compact) {
  setFixedWidth(compact ? kNarrow : full_width());
  if (compact == compact_) return;
  compact_ = compact;
  const int side = compact ? 6 : kSide;
  layout()->setContentsMargins(side, kGrid * 2, side, kGrid + 4);
  const Qt::ToolButtonStyle style = compact ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon;
  for (const auto& [id, button] : pages_) button->setToolButtonStyle(style);
  for (QToolButton* button : feet_) button->setToolButtonStyle(style);
  show_live();
}

// The page that is shown is written bold.
int Sidebar::full_width() const {
  constexpr int kAround = 2 * kSide + 46;  // padding, glyph and the room between it and the words
  int widest = 0;
  const auto measure = [&widest](const QToolButton* button) {
    const QFontMetrics bold(widgets::scaled(button->font(), 1.0, QFont::DemiBold));
    widest = std::max(widest, bold.horizontalAdvance(button->text()));
  };
  for (const auto& [id, button] : pages_) measure(button);
  for (const QToolButton* button : feet_) measure(button);
  return std::max(kWide, widest + kAround);
}

void Sidebar::set_current(const QString& id) {
  if (const auto found = pages_.find(id); found != pages_.end()) found->second->setChecked(true);
}

QToolButton* Sidebar::add_foot(const QString& title, widgets::Glyph glyph) {
  auto* button = new QToolButton(this);
  button->setText(QStringLiteral("  ") + title);
  button->setIcon(widgets::glyph_icon(glyph));
  button->setIconSize({16, 16});
  button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  button->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  button->setProperty("nav", true);
  button->setFocusPolicy(Qt::TabFocus);
  button->setAccessibleName(title);
  foot_layout_->addWidget(button);
  feet_.push_back(button);
  return button;
}

void Sidebar::show_live() {
  std::size_t next = 0;
  for (const store::Run& run : runs_->runs()) {
    if (!store::is_live(run.status) || next >= kMostLive) continue;
    if (next == live_.size()) {
      auto* made = new LiveButton(this);
      made->setProperty("nav", true);
      made->setFocusPolicy(Qt::TabFocus);
      made->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
      made->setFixedHeight(40);
      live_layout_->addWidget(made);
      live_.push_back(made);
      connect(made, &QToolButton::clicked, this, [this, made] { Q_EMIT run_chosen(made->run); });
    }
    auto* button = static_cast<LiveButton*>(live_[next++]);
    button->run = run.id;
    button->share = run.steps > 0 ? static_cast<double>(run.step) / static_cast<double>(run.steps) : 0;
    button->detail = run.status == store::RunStatus::running ? widgets::percent_text(button->share)
                                                             : look_of(run.status).word.toLower();
    button->setAccessibleName(QString::fromStdString(run.name));
    button->setToolTip(QStringLiteral("%1: %2").arg(QString::fromStdString(run.name), look_of(run.status).word));
    button->show();
    button->update();
  }
  for (std::size_t i = next; i < live_.size(); ++i) live_[i]->hide();
  live_title_->setVisible(next > 0 && !compact_);
}

}  // namespace athanor::app
