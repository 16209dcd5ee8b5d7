#include "widgets/gallery/query_card.h"

#include "widgets/common/glyph.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/gallery/answer_strip.h"
#include "widgets/gallery/picture_source.h"
#include "widgets/parts/text_paint.h"

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

namespace athanor::widgets {
namespace {
constexpr int kPad = 12;
constexpr int kTextHead = 28;
constexpr int kPictureHead = 56;
constexpr int kCaption = 18;
}  // namespace

QString rank_words(const BoardQuery& query) {
  if (query.truth_rank <= 0) return QueryCard::tr("No rank");
  if (query.earlier_rank && *query.earlier_rank != query.truth_rank && !query.earlier_name.isEmpty())
    return QueryCard::tr("Rank %1 of %2, there %3")
        .arg(query.truth_rank)
        .arg(query.gallery_size)
        .arg(*query.earlier_rank);
  if (query.earlier_rank && *query.earlier_rank != query.truth_rank)
    return QueryCard::tr("Rank %1 of %2, was %3")
        .arg(query.truth_rank)
        .arg(query.gallery_size)
        .arg(*query.earlier_rank);
  return QueryCard::tr("Rank %1 of %2").arg(query.truth_rank).arg(query.gallery_size);
}

QString describe_query(const BoardQuery& query) {
  QStringList answers;
  for (std::size_t i = 0; i < query.answers.size() && i < kAnswersShown; ++i) {
    const BoardAnswer& answer = query.answers[i];
    answers << (answer.id == query.id ? QueryCard::tr("%1 (right)").arg(answer.label) : answer.label);
  }
  return QueryCard::tr("%1. Best answers: %2").arg(rank_words(query), answers.join(QStringLiteral(", ")));
}

QueryCard::QueryCard(PictureSource* source, QWidget* parent) : QWidget(parent), source_(source) {
  announce_painted_items();
  setFocusPolicy(Qt::StrongFocus);
  QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
}

void QueryCard::set_query(const BoardQuery& query) {
  const bool reshape =
      query.earlier_answers.empty() != query_.earlier_answers.empty() || query.text_query != query_.text_query;
  query_ = query;
  setAccessibleName(query.text_query ? tr("Text query “%1”").arg(query.label)
                                     : tr("Picture query “%1”").arg(query.label));
  setAccessibleDescription(describe_query(query));
  if (reshape) updateGeometry();
  update();
}

bool QueryCard::uses(const QString& key) const {
  const auto has = [&](const std::vector<BoardAnswer>& answers) {
    return std::any_of(answers.begin(), answers.end(), [&](const BoardAnswer& a) { return a.picture == key; });
  };
  return query_.picture == key || has(query_.answers) || has(query_.earlier_answers);
}

int QueryCard::answers_top() const { return kPad + (query_.text_query ? kTextHead : kPictureHead) + 6; }
QSize QueryCard::sizeHint() const { return {340, heightForWidth(340)}; }

int QueryCard::heightForWidth(int width) const {
  const int inner = width - 2 * kPad;
  int height = answers_top() + answers_height(inner, query_.text_query) + kPad;
  if (!query_.earlier_answers.empty()) height += kCaption + answers_height(inner, query_.text_query) + 4;
  return height;
}

QRectF QueryCard::answers_box(bool earlier) const {
  const int inner = width() - 2 * kPad;
  const int height = answers_height(inner, query_.text_query);
  return {double(kPad), answers_top() + (earlier ? height + kCaption + 2.0 : 0.0), double(inner), double(height)};
}

std::vector<PaintedItem> QueryCard::painted_items() const {
  std::vector<PaintedItem> out;
  const auto add = [&](const std::vector<BoardAnswer>& answers, bool earlier) {
    const int count = std::min<int>(kAnswersShown, static_cast<int>(answers.size()));
    const auto cells = answer_cells(answers_box(earlier), count, query_.text_query);
    for (int i = 0; i < count; ++i) {
      const BoardAnswer& answer = answers[static_cast<std::size_t>(i)];
      const QString before = query_.earlier_name.isEmpty() ? tr("Before") : query_.earlier_name;
      const QString name = earlier ? tr("%1, answer %2: %3").arg(before).arg(i + 1).arg(answer.label)
                                   : tr("Answer %1: %2").arg(i + 1).arg(answer.label);
      const QString score = QString::number(answer.score, 'f', 2);
      out.push_back({name, answer.id == query_.id ? tr("right, score %1").arg(score) : tr("score %1").arg(score),
                     cells[static_cast<std::size_t>(i)].toAlignedRect(), QAccessible::ListItem});
    }
  };
  add(query_.answers, false);
  add(query_.earlier_answers, true);
  return out;
}

void QueryCard::paint_head(QPainter& painter, const QRect& box) const {
  const Theme& theme = current_theme();
  // The rank stands in a pill at the right: green when first, neutral otherwise, with an arrow for the change.
  const bool first = query_.truth_rank == 1;
  const std::int64_t fall = rank_fall(query_);
  QString rank = query_.truth_rank > 0 ? tr("rank %1").arg(query_.truth_rank) : tr("no rank");
  if (fall != 0) rank += fall > 0 ? QStringLiteral("  ↓%1").arg(fall) : QStringLiteral("  ↑%1").arg(-fall);
  painter.setFont(tabular_font(scaled(font(), 0.88, QFont::Medium)));
  const int width = painter.fontMetrics().horizontalAdvance(rank) + 18 + (first ? 14 : 0);
  const QRectF pill(box.right() - width, box.top() + (query_.text_query ? 2 : 4), width, 22);
  const QColor tone = theme.color(first ? Role::good : fall > 0 ? Role::bad : Role::muted);
  painter.setPen(Qt::NoPen);
  painter.setBrush(mix(theme.color(Role::surface), tone, 0.14));
  painter.drawRoundedRect(pill, 11, 11);
  if (first) paint_glyph(painter, QRectF(pill.left() + 7, pill.center().y() - 6, 12, 12), Glyph::check, tone);
  painter.setPen(mix(tone, theme.color(Role::text), 0.25));
  painter.drawText(pill.adjusted(first ? 21 : 0, 0, first ? -9 : 0, 0), Qt::AlignCenter, rank);

  QRect label = box.adjusted(0, 0, -width - 8, 0);
  if (!query_.text_query) {
    paint_picture(painter, QRectF(box.left(), box.top(), kPictureHead - 4, kPictureHead - 4), query_.picture, source_,
                  false);
    label.setLeft(label.left() + kPictureHead + 6);
  } else {
    paint_glyph(painter, QRectF(label.left(), label.center().y() - 8, 16, 16), Glyph::text, theme.color(Role::muted));
    label.setLeft(label.left() + 22);
  }
  painter.setFont(scaled(font(), 1.02, QFont::DemiBold));
  painter.setPen(theme.color(Role::text));
  paint_elided(painter, label, Qt::AlignVCenter | Qt::AlignLeft, query_.label);
}

void QueryCard::paintEvent(QPaintEvent*) {
  const Theme& theme = current_theme();
  QPainter painter(this);
  paint_card(painter, rect(), theme.color(Role::surface), theme.color(hasFocus() ? Role::accent : Role::border),
             kRadius, hasFocus() ? theme.focus_line() : theme.hairline());
  painter.setRenderHint(QPainter::Antialiasing);
  const QRect inner = rect().adjusted(kPad, kPad, -kPad, -kPad);
  paint_head(painter, QRect(inner.left(), inner.top(), inner.width(), query_.text_query ? kTextHead : kPictureHead));
  AnswerPaint how;
  how.pictures = query_.text_query;
  how.truth = query_.id;
  how.font = font();
  how.source = source_;
  const QRectF area = answers_box(false);
  paint_answers(painter, area, query_.answers, how);
  if (query_.earlier_answers.empty()) return;
  painter.setFont(tabular_font(scaled(font(), 0.82)));
  painter.setPen(theme.color(Role::muted));
  painter.drawText(QRectF(inner.left(), area.bottom() + 2, inner.width(), kCaption), Qt::AlignVCenter | Qt::AlignLeft,
                   query_.earlier_name.isEmpty()
                       ? tr("before: rank %1").arg(query_.earlier_rank.value_or(0))
                       : tr("%1: rank %2").arg(query_.earlier_name).arg(query_.earlier_rank.value_or(0)));
  how.pale = true;
  paint_answers(painter, answers_box(true), query_.earlier_answers, how);
}

bool QueryCard::event(QEvent* event) {
  if (event->type() == QEvent::ToolTip && query_.text_query) {
    const auto* help = static_cast<QHelpEvent*>(event);
    const int count = std::min<int>(kAnswersShown, static_cast<int>(query_.answers.size()));
    const auto cells = answer_cells(QRectF(kPad, answers_top(), width() - 2 * kPad, 1), count, true);
    for (int i = 0; i < count; ++i)
      if (cells[static_cast<std::size_t>(i)].contains(help->pos())) {
        QToolTip::showText(help->globalPos(), query_.answers[static_cast<std::size_t>(i)].label, this);
        return true;
      }
  }
  return QWidget::event(event);
}

void QueryCard::focusInEvent(QFocusEvent* event) {
  QWidget::focusInEvent(event);
  update();
}

void QueryCard::focusOutEvent(QFocusEvent* event) {
  QWidget::focusOutEvent(event);
  update();
}

}  // namespace athanor::widgets
