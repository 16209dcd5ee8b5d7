#include "widgets/feedback/empty_page.h"

#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace athanor::widgets {
namespace {

class Drawing final : public QLabel {
 public:
  using QLabel::QLabel;
  Glyph glyph = Glyph::flask;

 protected:
  void paintEvent(QPaintEvent*) override {
    const Theme& theme = current_theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.color(Role::raised));
    const QRectF disc(width() / 2.0 - 40, 0, 80, 80);
    painter.drawEllipse(disc);
    paint_glyph(painter, disc.adjusted(22, 22, -22, -22), glyph, theme.color(Role::muted));
  }
};

}  // namespace

EmptyPage::EmptyPage(QWidget* parent) : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setSpacing(kGrid);
  layout->addStretch(2);
  picture_ = new Drawing(this);
  picture_->setFixedHeight(88);
  layout->addWidget(picture_);
  title_ = new QLabel(this);
  title_->setAlignment(Qt::AlignCenter);
  title_->setFont(scaled(font(), 1.25, QFont::DemiBold));
  layout->addWidget(title_);
  text_ = new QLabel(this);
  text_->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
  text_->setWordWrap(true);
  text_->setFixedWidth(460);
  text_->setForegroundRole(QPalette::PlaceholderText);
  layout->addWidget(text_, 0, Qt::AlignHCenter);
  layout->addSpacing(kGrid);
  action_ = new QPushButton(this);
  action_->setAccessibleName(tr("The way on from an empty page"));
  action_->setProperty("primary", true);
  layout->addWidget(action_, 0, Qt::AlignHCenter);
  layout->addStretch(3);
  connect(action_, &QPushButton::clicked, this, &EmptyPage::action_triggered);
}

void EmptyPage::set_content(Glyph glyph, const QString& title, const QString& text, const QString& action) {
  static_cast<Drawing*>(picture_)->glyph = glyph;
  picture_->update();
  title_->setText(title);
  text_->setText(text);
  text_->setMinimumHeight(text_->heightForWidth(text_->maximumWidth()));
  action_->setVisible(!action.isEmpty());
  action_->setText(action);
  if (!action.isEmpty()) action_->setAccessibleName(action);
}

QString EmptyPage::title() const { return title_->text(); }

}  // namespace athanor::widgets
