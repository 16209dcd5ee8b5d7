#include "widgets/forms/form_view.h"

#include "widgets/common/glyph.h"
#include "widgets/common/theme.h"
#include "widgets/forms/field_editor.h"
#include "widgets/forms/field_row.h"
#include "widgets/parts/text_paint.h"
#include "widgets/tables/search_line.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace athanor::widgets {
namespace {

constexpr int kRoomForSections = 620;

class Card final : public QWidget {
 public:
  using QWidget::QWidget;

 protected:
  void paintEvent(QPaintEvent*) override {
    const Theme& theme = current_theme();
    QPainter painter(this);
    paint_card(painter, rect(), theme.color(Role::surface), theme.color(Role::border), kRadius);
  }
};

}  // namespace

// Leads to a section; a dot in the tone of faults stands at its end while something is wrong there.
class JumpButton final : public QPushButton {
 public:
  using QPushButton::QPushButton;
  void set_faulty(bool faulty) {
    faulty_ = faulty;
    setAccessibleDescription(faulty ? FormView::tr("has faults") : QString());
    update();
  }

 protected:
  void paintEvent(QPaintEvent* event) override {
    QPushButton::paintEvent(event);
    if (!faulty_) return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(current_theme().color(Role::bad));
    painter.drawEllipse(QPointF(width() - 12, height() / 2.0), 4, 4);
  }

 private:
  bool faulty_ = false;
};

FormView::FormView(QWidget* parent) : QWidget(parent) {
  auto* outer = new QVBoxLayout(this);
  outer->setContentsMargins(0, 0, 0, 0);
  outer->setSpacing(kGrid);
  auto* top = new QHBoxLayout;
  top->setSpacing(kGrid);
  search_ = new SearchLine(tr("Search the fields"), this);
  top->addWidget(search_, 1);
  advanced_ = new QToolButton(this);
  advanced_->setText(tr("Advanced"));
  advanced_->setProperty("chip", true);
  advanced_->setCheckable(true);
  advanced_->setFocusPolicy(Qt::StrongFocus);
  advanced_->setAccessibleName(tr("Show advanced fields"));
  advanced_->setToolTip(tr("Show the fields that are rarely changed"));
  top->addWidget(advanced_);
  outer->addLayout(top);

  auto* middle = new QHBoxLayout;
  middle->setSpacing(kGrid * 2);
  jumps_ = new QVBoxLayout;
  jumps_->setSpacing(2);
  middle->addLayout(jumps_);
  scroll_ = new QScrollArea(this);
  scroll_->setWidgetResizable(true);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll_->setFocusPolicy(Qt::NoFocus);
  body_ = new QWidget(scroll_);
  body_->setObjectName(QStringLiteral("plain"));
  body_layout_ = new QVBoxLayout(body_);
  body_layout_->setContentsMargins(0, 0, kGrid, kGrid);
  body_layout_->setSpacing(kGrid * 2);
  nothing_ = new QLabel(tr("No field fits the search."), body_);
  nothing_->setForegroundRole(QPalette::PlaceholderText);
  nothing_->setAlignment(Qt::AlignCenter);
  nothing_->hide();
  body_layout_->addWidget(nothing_);
  scroll_->setWidget(body_);
  middle->addWidget(scroll_, 1);
  outer->addLayout(middle, 1);
  connect(search_, &SearchLine::search_changed, this, [this](const QString& text) { filter(text); });
  connect(advanced_, &QToolButton::toggled, this, [this] { apply_filter(); });
  connect(scroll_->verticalScrollBar(), &QScrollBar::valueChanged, this, [this] { mark_section_in_view(); });
}

void FormView::build(const std::vector<SectionSpec>& sections, const std::vector<FieldSpec>& fields) {
  QWidget* before = advanced_;
  for (const SectionSpec& spec : sections) {
    SectionView view;
    view.spec = spec;
    view.jump = new JumpButton(this);
    view.jump->setText(spec.label);
    view.jump->setProperty("jump", true);
    view.jump->setCheckable(true);
    view.jump->setFocusPolicy(Qt::TabFocus);
    view.jump->setAccessibleName(tr("Go to section %1").arg(spec.label));
    const std::size_t index = sections_.size();
    connect(view.jump, &QPushButton::clicked, this, [this, index] { scroll_to_section(index); });
    jumps_->addWidget(view.jump);
    setTabOrder(before, view.jump);
    before = view.jump;
    view.card = new Card(body_);
    auto* layout = new QVBoxLayout(view.card);
    layout->setContentsMargins(0, kGrid + 4, 0, kGrid);
    layout->setSpacing(0);
    auto* title = new QLabel(spec.label, view.card);
    title->setFont(scaled(font(), 1.1, QFont::DemiBold));
    title->setContentsMargins(kGrid * 2, 0, kGrid * 2, 0);
    layout->addWidget(title);
    if (!spec.help.isEmpty()) {
      auto* help = new QLabel(spec.help, view.card);
      help->setWordWrap(true);
      help->setForegroundRole(QPalette::PlaceholderText);
      help->setContentsMargins(kGrid * 2, 0, kGrid * 2, kGrid);
      layout->addWidget(help);
    }
    for (const FieldSpec& field : fields) {
      if (field.section != spec.id) continue;
      auto* row = new FieldRow(field, view.card);
      layout->addWidget(row);
      rows_[field.id] = row;
      view.rows.push_back(row);
      connect(row, &FieldRow::edited, this, &FormView::edited);
    }
    body_layout_->addWidget(view.card);
    sections_.push_back(std::move(view));
  }
  body_layout_->addStretch(1);
  jumps_->addStretch(1);
  fit_jumps();
  apply_filter();
  if (!sections_.empty()) sections_.front().jump->setChecked(true);
}

// All as wide as the widest, which is written bold while its section is in view.
void FormView::fit_jumps() {
  constexpr int kAround = 2 * 11 + kGrid;  // padding and frame
  const QFontMetrics bold(scaled(font(), 1.0, QFont::DemiBold));
  int width = 128;
  for (const SectionView& section : sections_)
    width = std::max(width, bold.horizontalAdvance(section.spec.label) + kAround);
  for (SectionView& section : sections_) section.jump->setFixedWidth(width);
}

FieldRow* FormView::row(const QString& id) const {
  const auto found = rows_.find(id);
  return found == rows_.end() ? nullptr : found->second;
}

void FormView::set_text(const QString& id, const QString& text) {
  if (FieldRow* found = row(id)) found->set_text(text);
}

QString FormView::text(const QString& id) const {
  const FieldRow* found = row(id);
  return found ? found->text() : QString();
}

void FormView::set_verdicts(const std::map<QString, QString>& verdicts) {
  bool hidden_fault = false;
  for (auto& [id, field_row] : rows_) {
    const auto found = verdicts.find(id);
    field_row->set_verdict(found == verdicts.end() ? QString() : found->second);
    hidden_fault = hidden_fault || (found != verdicts.end() && field_row->isHidden());
  }
  for (SectionView& section : sections_) {
    const bool faulty = std::any_of(section.rows.begin(), section.rows.end(),
                                    [](const FieldRow* r) { return !r->verdict().isEmpty(); });
    section.jump->set_faulty(faulty);
  }
  if (hidden_fault) apply_filter();
}

void FormView::reveal(const QString& id) {
  FieldRow* found = row(id);
  if (!found) return;
  if (found->isHidden()) {
    search_->search_now({});
    if (found->field().advanced) advanced_->setChecked(true);
  }
  body_->layout()->activate();
  scroll_->ensureWidgetVisible(found, 0, 64);
  if (QWidget* target = found->editor()->focus_target()) target->setFocus();
}

void FormView::filter(const QString& typed) {
  typed_ = typed;
  apply_filter();
}

void FormView::show_advanced(bool on) { advanced_->setChecked(on); }

void FormView::apply_filter() {
  const bool searching = !typed_.trimmed().isEmpty();
  bool any = false;
  for (SectionView& section : sections_) {
    bool shown = false;
    for (FieldRow* field_row : section.rows) {
      const FieldSpec& field = field_row->field();
      // A search looks everywhere; otherwise advanced fields show when asked for, changed or faulty.
      const bool folded = field.advanced && !searching && !advanced_->isChecked() && !field_row->is_changed() &&
                          field_row->verdict().isEmpty();
      const bool visible = !folded && (!searching || field_matches(field, section.spec.label, typed_));
      field_row->setVisible(visible);
      shown = shown || visible;
    }
    section.card->setVisible(shown);
    section.jump->setVisible(shown && width() >= kRoomForSections);
    any = any || shown;
  }
  nothing_->setVisible(!any);
  updateGeometry();
}

// No field is ever cut: the form does not become narrower than its widest row.
QSize FormView::minimumSizeHint() const {
  return QWidget::minimumSizeHint().expandedTo(
      {body_->minimumSizeHint().width() + scroll_->verticalScrollBar()->sizeHint().width(), 0});
}

// Where there is little room the fields take all of it.
void FormView::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  apply_filter();
}

int FormView::visible_rows() const {
  return static_cast<int>(
      std::count_if(rows_.begin(), rows_.end(), [](const auto& entry) { return !entry.second->isHidden(); }));
}

void FormView::scroll_to_section(std::size_t index) {
  body_->layout()->activate();
  scroll_->verticalScrollBar()->setValue(sections_[index].card->y());
  for (std::size_t i = 0; i < sections_.size(); ++i) sections_[i].jump->setChecked(i == index);
  for (FieldRow* field_row : sections_[index].rows)
    if (!field_row->isHidden() && field_row->editor()->focus_target()) {
      field_row->editor()->focus_target()->setFocus();
      break;
    }
}

void FormView::mark_section_in_view() {
  const int y = scroll_->verticalScrollBar()->value() + 48;
  std::size_t current = 0;
  for (std::size_t i = 0; i < sections_.size(); ++i)
    if (!sections_[i].card->isHidden() && sections_[i].card->y() <= y) current = i;
  for (std::size_t i = 0; i < sections_.size(); ++i) sections_[i].jump->setChecked(i == current);
}

}  // namespace athanor::widgets
