// Beside the table: the selected run with its tags, note and facts. Edits go to the controller when typing pauses or
// the field is left. GUI thread only; the controller is not owned.
#pragma once

#include "core/store/types.h"

#include <QFrame>
#include <QTimer>

#include <vector>

class QLabel;
class QLineEdit;
class QPlainTextEdit;

namespace athanor::widgets {
class BusyChip;
}

namespace athanor::app {

class FactList;
class HistoryController;

class RunDetails final : public QFrame {
  Q_OBJECT
 public:
  RunDetails(HistoryController* history, QWidget* parent);
  void show_runs(const std::vector<store::RunId>& runs);
  void focus_tags();
  void focus_note();
  void focus_name();

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QWidget* build_several();
  void refresh();
  void keep_note();
  void keep_tags();
  void keep_name();
  void keep_common_tags();
  [[nodiscard]] QStringList common_tags() const;

  HistoryController* history_;
  std::vector<store::RunId> runs_;
  store::RunId shown_ = 0;  // whose name and tags are in the fields
  store::RunId note_of_ = 0;
  bool note_touched_ = false;
  QTimer note_pause_;
  QLineEdit* name_ = nullptr;
  widgets::BusyChip* chip_ = nullptr;
  QLabel* cause_ = nullptr;
  QLineEdit* tags_ = nullptr;
  QPlainTextEdit* note_ = nullptr;
  FactList* facts_ = nullptr;
  QWidget* several_ = nullptr;
  QLabel* many_ = nullptr;
  QWidget* common_ = nullptr;
  QLineEdit* common_tags_ = nullptr;  // of several runs
  QWidget* single_ = nullptr;
};

}  // namespace athanor::app
