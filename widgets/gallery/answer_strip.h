// The answers to one query side by side, best at the left: picture or text, score below, and the right answer framed
// and ticked. Geometry is pure; painting thin.
#pragma once

#include "widgets/gallery/board_order.h"

#include <QFont>
#include <QRectF>

class QPainter;

namespace athanor::widgets {

class PictureSource;

inline constexpr int kAnswersShown = 5;

// Cells for `count` answers in a box, equally wide, with a gap; texts get rows instead of columns.
[[nodiscard]] std::vector<QRectF> answer_cells(const QRectF& box, int count, bool pictures);
// Height that answer_cells wants for a width.
[[nodiscard]] int answers_height(int width, bool pictures);

struct AnswerPaint {
  bool pictures = true;
  bool pale = false;       // the earlier evaluation
  std::int64_t truth = 0;  // id of the right answer
  QFont font;
  PictureSource* source = nullptr;  // not owned; may be null
};
void paint_answers(QPainter& painter, const QRectF& box, const std::vector<BoardAnswer>& answers,
                   const AnswerPaint& how);
// One picture on a light ground, or the looks of one that loads or is broken.
void paint_picture(QPainter& painter, const QRectF& box, const QString& key, PictureSource* source, bool pale);

}  // namespace athanor::widgets
