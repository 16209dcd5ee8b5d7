// The history: every run in one searchable table, with what can be done to it. GUI thread only; what it is given is not
// owned.
#pragma once

#include "app/pages/page.h"
#include "app/pages/runs/run_table.h"
#include "core/store/types.h"
#include "widgets/tables/suggestion_list.h"

#include <initializer_list>
#include <vector>

class QLabel;
class QLayout;
class QSplitter;
class QStackedWidget;
class QToolButton;

namespace athanor::widgets {
class EmptyPage;
class SearchLine;
}  // namespace athanor::widgets

namespace athanor::app {

class ActionRegistry;
class FileActions;
class HistoryController;
class QueueActions;
class RunDetails;
class RunStore;
class RunTableModel;
class Settings;

class RunsPage final : public Page {
  Q_OBJECT
 public:
  RunsPage(HistoryController* history, ActionRegistry* actions, Settings* settings, QWidget* parent);
  ~RunsPage() override;
  [[nodiscard]] bool is_ready() const override;
  void entered() override;
  void take_over(const Page& before) override;
  void keep_layout();
  [[nodiscard]] RunTable* table() const { return shown().table; }
  [[nodiscard]] widgets::SearchLine* search_line() const { return search_; }
  [[nodiscard]] std::vector<store::RunId> selected() const;
  void select(store::RunId run);

 Q_SIGNALS:
  void open_requested(qint64 run);
  void new_requested();
  void new_from_requested(qint64 run);
  void fork_requested(qint64 run);
  void compare_requested(const std::vector<athanor::store::RunId>& runs);

 private:
  // The runs that are there, or the deleted ones, as a table of their own.
  struct View {
    const RunStore* runs = nullptr;
    RunTableModel* model = nullptr;
    RunTable* table = nullptr;
  };
  View make_view(const RunStore* runs, std::initializer_list<const char*> actions);
  [[nodiscard]] const View& shown() const { return shows_deleted() ? deleted_ : present_; }
  [[nodiscard]] bool shows_deleted() const;
  QLayout* build_header();
  QLabel* make_fault_line();
  [[nodiscard]] widgets::Suggestions suggestions(const QString& typed, int caret) const;
  QWidget* build_bin_bar();
  void switch_view();
  void ask_to_empty();
  [[nodiscard]] QString count_words(int shown, int all) const;
  void add_actions();
  void update_actions();
  void update_state();
  void select_row(int row);
  void selection_changed();
  void want_visible_curves();
  [[nodiscard]] const store::Run* current() const;

  HistoryController* history_;
  ActionRegistry* actions_;
  Settings* settings_;
  View present_, deleted_;
  QStackedWidget* tables_ = nullptr;
  QToolButton* bin_chip_ = nullptr;
  QWidget* bin_bar_ = nullptr;
  widgets::SearchLine* search_ = nullptr;
  QLabel* count_ = nullptr;
  QLabel* fault_ = nullptr;  // what is wrong with the query
  QSplitter* splitter_ = nullptr;
  QStackedWidget* stack_ = nullptr;
  widgets::EmptyPage* empty_ = nullptr;
  RunDetails* details_ = nullptr;
  QueueActions* queue_ = nullptr;
  FileActions* files_ = nullptr;
};

}  // namespace athanor::app
