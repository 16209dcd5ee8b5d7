#include "widgets/gallery/answer_strip.h"

#include "widgets/common/glyph.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/gallery/picture_source.h"
#include "widgets/parts/text_paint.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace athanor::widgets {
namespace {
constexpr int kGap = 6;
constexpr int kScore = 16;
constexpr int kTextRow = 22;

void paint_tick(QPainter& painter, const QPointF& centre) {
  const Theme& theme = current_theme();
  painter.setPen(QPen(theme.color(Role::surface), 1.5));
  painter.setBrush(theme.color(Role::good));
  painter.drawEllipse(centre, 8, 8);
  paint_glyph(painter, QRectF(centre.x() - 5.5, centre.y() - 5.5, 11, 11), Glyph::check, theme.color(Role::surface));
}

}  // namespace

std::vector<QRectF> answer_cells(const QRectF& box, int count, bool pictures) {
  std::vector<QRectF> cells;
  if (pictures) {
    const double side = (box.width() - kGap * (kAnswersShown - 1)) / kAnswersShown;
    for (int i = 0; i < count; ++i) cells.emplace_back(box.left() + i * (side + kGap), box.top(), side, side + kScore);
  } else {
    for (int i = 0; i < count; ++i) cells.emplace_back(box.left(), box.top() + i * kTextRow, box.width(), kTextRow - 2);
  }
  return cells;
}

int answers_height(int width, bool pictures) {
  if (!pictures) return kAnswersShown * kTextRow;
  return (width - kGap * (kAnswersShown - 1)) / kAnswersShown + kScore;
}

void paint_picture(QPainter& painter, const QRectF& box, const QString& key, PictureSource* source, bool pale) {
  const Theme& theme = current_theme();
  QPainterPath clip;
  clip.addRoundedRect(box, 5, 5);
  painter.save();
  painter.setRenderHints(QPainter::Antialiasing | QPainter::SmoothPixmapTransform);
  painter.fillPath(clip, theme.is_dark() ? QColor(0xf4f3f0) : theme.color(Role::raised));
  const PictureSource::Picture picture =
      source && !key.isEmpty() ? source->picture(key) : PictureSource::Picture{PictureSource::State::broken, {}};
  if (picture.state == PictureSource::State::ready && !picture.image.isNull()) {
    painter.setClipPath(clip);
    if (pale) painter.setOpacity(0.45);
    const double air = box.width() * 0.07;
    const QSizeF fitted =
        QSizeF(picture.image.size()).scaled(box.size() - QSizeF(2 * air, 2 * air), Qt::KeepAspectRatio);
    painter.drawImage(QRectF(box.center() - QPointF(fitted.width() / 2, fitted.height() / 2), fitted), picture.image);
  } else {
    const bool broken = picture.state == PictureSource::State::broken;
    const double side = std::min({box.width(), box.height(), 48.0}) * 0.5;
    paint_glyph(painter, QRectF(box.center() - QPointF(side / 2, side / 2), QSizeF(side, side)),
                broken ? Glyph::warning : Glyph::picture, QColor(0x9a9fa6));
  }
  painter.restore();
}

void paint_answers(QPainter& painter, const QRectF& box, const std::vector<BoardAnswer>& answers,
                   const AnswerPaint& how) {
  const Theme& theme = current_theme();
  const int count = std::min<int>(kAnswersShown, static_cast<int>(answers.size()));
  const std::vector<QRectF> cells = answer_cells(box, count, how.pictures);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setFont(tabular_font(scaled(how.font, 0.82)));
  for (int i = 0; i < count; ++i) {
    const BoardAnswer& answer = answers[static_cast<std::size_t>(i)];
    const QRectF cell = cells[static_cast<std::size_t>(i)];
    const bool truth = answer.id == how.truth;
    const QColor ink = theme.color(how.pale ? Role::muted : Role::text);
    const QString score = QString::number(answer.score, 'f', 2);
    if (how.pictures) {
      const QRectF tile(cell.left(), cell.top(), cell.width(), cell.width());
      paint_picture(painter, tile, answer.picture, how.source, how.pale);
      painter.setBrush(Qt::NoBrush);
      painter.setPen(QPen(theme.color(truth ? Role::good : Role::border), truth ? 2.5 : theme.hairline()));
      const double inset = truth ? 1.25 : theme.hairline() / 2.0;
      painter.drawRoundedRect(tile.adjusted(inset, inset, -inset, -inset), 5, 5);
      if (truth) paint_tick(painter, tile.topRight() + QPointF(-9, 9));
      painter.setPen(truth ? theme.color(Role::good) : theme.color(Role::muted));
      painter.drawText(QRectF(cell.left(), tile.bottom() + 1, cell.width(), kScore), Qt::AlignCenter, score);
    } else {
      const QRectF pill = cell.adjusted(0.5, 0.5, -0.5, -0.5);
      painter.setPen(QPen(truth ? theme.color(Role::good) : theme.color(Role::grid), truth ? 1.6 : 1));
      painter.setBrush(truth ? mix(theme.color(Role::surface), theme.color(Role::good), 0.12)
                             : QColor(Qt::transparent));
      painter.drawRoundedRect(pill, 4, 4);
      painter.setPen(theme.color(Role::muted));
      painter.drawText(pill.adjusted(8, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, QString::number(i + 1));
      painter.setPen(ink);
      paint_elided(painter, pill.adjusted(26, 0, -60, 0), Qt::AlignVCenter | Qt::AlignLeft, answer.label);
      painter.setPen(truth ? theme.color(Role::good) : theme.color(Role::muted));
      painter.drawText(pill.adjusted(0, 0, -8, 0), Qt::AlignVCenter | Qt::AlignRight, score);
      if (truth) paint_tick(painter, QPointF(pill.right() - 48, pill.center().y()));
    }
  }
  painter.restore();
}

}  // namespace athanor::widgets
