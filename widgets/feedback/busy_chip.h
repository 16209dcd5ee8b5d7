// A small rounded word with a mark: a state, or something going on. GUI thread only.
#pragma once

#include "widgets/common/glyph.h"
#include "widgets/common/theme.h"

#include <QWidget>

#include <optional>

class QTimer;

namespace athanor::widgets {

class BusyChip final : public QWidget {
  Q_OBJECT
 public:
  explicit BusyChip(QWidget* parent = nullptr);
  // Without a glyph and busy, a slowly turning arc stands in its place.
  void set_state(const QString& text, Role tone, std::optional<Glyph> glyph, bool busy = false);
  [[nodiscard]] const QString& text() const { return text_; }
  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

 protected:
  void paintEvent(QPaintEvent* event) override;
  void showEvent(QShowEvent* event) override;
  void hideEvent(QHideEvent* event) override;

 private:
  QString text_;
  Role tone_ = Role::muted;
  std::optional<Glyph> glyph_;
  bool busy_ = false;
  int turn_ = 0;
  QTimer* timer_ = nullptr;
};

}  // namespace athanor::widgets
