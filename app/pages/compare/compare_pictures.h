// What two compared runs find for the same probe queries, one below the other, each as it was evaluated last. GUI
// thread only; what it is given is not owned.
#pragma once

#include "core/store/types.h"

#include <QWidget>

class QComboBox;

namespace athanor::widgets {
class RetrievalBoard;
}

namespace athanor::app {

class CompareController;
class PictureLoader;
class RunPictures;

class ComparePictures final : public QWidget {
  Q_OBJECT
 public:
  ComparePictures(CompareController* compare, PictureLoader* pictures, QWidget* parent);
  void set_watched(bool on);
  // The one looked at in the list is shown, against the baseline.
  void set_current(store::RunId run);
  [[nodiscard]] widgets::RetrievalBoard* board() const { return board_; }

 private:
  void build();
  void offer_runs();
  void ask();
  void show_boards();
  [[nodiscard]] QString folder_of(store::RunId run) const;  // as a beginning of keys

  CompareController* compare_;
  RunPictures* pictures_ = nullptr;
  QComboBox* shown_ = nullptr;
  QComboBox* against_ = nullptr;
  widgets::RetrievalBoard* board_ = nullptr;
  bool watched_ = false;
};

}  // namespace athanor::app
