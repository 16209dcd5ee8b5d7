// How busy a device was: a row of bars, newest at the right, each the mean of its stretch with the peak above it,
// beside the present value and a second line (memory). GUI thread only.
#pragma once

#include <QWidget>

#include <vector>

namespace athanor::widgets {

struct StripSample {
  double seconds = 0;
  double value = 0;  // 0…1
};

struct StripBar {
  double mean = 0, peak = 0;
  bool empty = true;
};

// Samples of [from, to) folded into `bars` equal stretches.
[[nodiscard]] std::vector<StripBar> fold_strip(const std::vector<StripSample>& samples, double from, double to,
                                               int bars);

class UtilisationStrip final : public QWidget {
  Q_OBJECT
 public:
  UtilisationStrip(const QString& name, int series_colour, QWidget* parent = nullptr);
  void set_samples(std::vector<StripSample> samples);
  void set_detail(const QString& detail);  // "1.2 of 7.8 GiB"
  [[nodiscard]] QSize sizeHint() const override;
  [[nodiscard]] QSize minimumSizeHint() const override;

 protected:
  void paintEvent(QPaintEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  QString name_;
  QString detail_;
  int colour_;
  std::vector<StripSample> samples_;
};

}  // namespace athanor::widgets
