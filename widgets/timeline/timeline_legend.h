// What the colours and patterns of a timeline mean, as many lines as the width asks for. GUI thread only.
#pragma once

#include "widgets/parts/painted_items.h"
#include "widgets/timeline/timeline_values.h"

#include <QWidget>

namespace athanor::widgets {

class TimelineLegend final : public QWidget, public PaintedItems {
  Q_OBJECT
 public:
  explicit TimelineLegend(QWidget* parent = nullptr);
  // `pale`, `full`: what low, faint bars and full ones are; empty: there is but one sort. `unknown`: what gaps are;
  // empty: there are none.
  void set_kinds(std::vector<TimelineKind> kinds, const QString& pale = {}, const QString& full = {},
                 const QString& unknown = {});

  [[nodiscard]] bool hasHeightForWidth() const override { return true; }
  [[nodiscard]] int heightForWidth(int width) const override;
  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override;
  [[nodiscard]] QAccessible::Role painted_role() const override { return QAccessible::List; }
  [[nodiscard]] std::vector<PaintedItem> painted_items() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  struct Entry {
    TimelineKind kind;
    QString text;
    bool pale = false;
    bool unknown = false;
  };
  [[nodiscard]] std::vector<QSize> sizes() const;
  std::vector<Entry> entries_;
};

}  // namespace athanor::widgets
