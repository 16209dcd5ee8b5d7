// Shares of a whole against what is available: one bar in named parts, with a legend below. GUI thread only.
#pragma once

#include <QWidget>

#include <vector>

namespace athanor::widgets {

struct BarShare {
  QString label;
  double amount = 0;
  QString amount_text;
};

// Left edge and width of every share, in pixels of `width`, when `whole` fills it. Shares beyond the whole overflow:
// the bar is then scaled to their sum.
struct BarPart {
  double left = 0, width = 0;
};
[[nodiscard]] std::vector<BarPart> plan_bar(const std::vector<BarShare>& shares, double whole, double width);

class StackedBar final : public QWidget {
  Q_OBJECT
 public:
  explicit StackedBar(QWidget* parent = nullptr);
  // `whole` ≤ 0: only the shares are known.
  void set_shares(std::vector<BarShare> shares, double whole);
  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  [[nodiscard]] int legend_rows() const;
  std::vector<BarShare> shares_;
  double whole_ = 0;
};

}  // namespace athanor::widgets
