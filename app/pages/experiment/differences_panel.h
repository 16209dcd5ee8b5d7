// What is set up beside another recipe: field by field, what stands there and what here, each to be gone to or taken
// over. GUI thread only.
#pragma once

#include "app/controllers/experiment_controller.h"

#include <QWidget>

class QGridLayout;
class QLabel;

namespace athanor::app {

class DifferencesPanel final : public QWidget {
  Q_OBJECT
 public:
  explicit DifferencesPanel(QWidget* parent);
  // Hides itself where nothing stands beside.
  void show_differences(const ExperimentController& experiment);
  [[nodiscard]] QStringList lines() const { return lines_; }  // as shown

 Q_SIGNALS:
  void field_chosen(const QString& path);
  void taken(const QString& path);
  void ended();

 private:
  void add_row(const ExperimentController::Difference& difference);

  QLabel* heading_ = nullptr;
  QLabel* none_ = nullptr;
  QWidget* rows_ = nullptr;
  QGridLayout* grid_ = nullptr;
  QStringList lines_;
};

}  // namespace athanor::app
