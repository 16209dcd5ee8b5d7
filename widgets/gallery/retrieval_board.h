// Fixed probe queries with their best answers, as cards: which evaluation, compared with which earlier one, in what
// order and which direction. Arrow keys move between cards. GUI thread only; the picture source is not owned.
#pragma once

#include "widgets/gallery/board_order.h"

#include <QWidget>

class QComboBox;
class QLabel;

namespace athanor::widgets {

class FlowLayout;
class PictureSource;
class QueryCard;

class RetrievalBoard final : public QWidget {
  Q_OBJECT
 public:
  explicit RetrievalBoard(PictureSource* source, QWidget* parent = nullptr);

  // Evaluations there are, by rising step. The newest is shown unless another was chosen.
  void set_steps(const std::vector<std::int64_t>& steps);
  [[nodiscard]] std::int64_t shown_step() const;     // -1: none
  [[nodiscard]] std::int64_t compared_step() const;  // -1: none
  // Queries of the step shown, with the earlier ones attached (compared()).
  void set_queries(std::vector<BoardQuery> queries);
  // What is shown and what it is compared with are chosen elsewhere.
  void choose_elsewhere();
  void set_empty_text(const QString& text);  // where there are no queries
  void set_order(BoardOrder order);
  void set_compared_step(std::int64_t step);
  [[nodiscard]] std::vector<BoardQuery> shown_queries() const;

 Q_SIGNALS:
  void steps_chosen(std::int64_t shown, std::int64_t compared);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void rebuild();
  void fill_compare();
  void summarise();

  PictureSource* source_;
  std::vector<std::int64_t> steps_;
  std::vector<BoardQuery> queries_;
  std::vector<QueryCard*> cards_;
  QComboBox* step_box_ = nullptr;
  QComboBox* compare_box_ = nullptr;
  QComboBox* order_box_ = nullptr;
  QComboBox* direction_box_ = nullptr;
  QLabel* summary_ = nullptr;
  QWidget* bar_ = nullptr;  // what is shown, chosen
  QLabel* empty_ = nullptr;
  QWidget* body_ = nullptr;
  FlowLayout* flow_ = nullptr;
  bool newest_ = true;
  bool chosen_elsewhere_ = false;
};

}  // namespace athanor::widgets
