// How cells of tables are painted beyond plain text. Each takes typed values from documented roles. GUI thread only.
#pragma once

#include "widgets/common/cell_roles.h"
#include "widgets/common/glyph.h"
#include "widgets/common/theme.h"

#include <QStyledItemDelegate>

namespace athanor::widgets {

// Background of the row, hovered or selected, and the focus mark; the same for every delegate.
void paint_cell_background(QPainter& painter, const QStyleOptionViewItem& option, const QModelIndex& index);

// Text with an optional glyph before it, a muted detail behind it, and optional chips.
class TextCell final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

// Right-aligned text with equally wide digits.
class NumberCell final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

// Right-aligned text above a thin progress bar.
class ProgressCell final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

class CurveCell final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

class ChipsCell final : public QStyledItemDelegate {
 public:
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace athanor::widgets
