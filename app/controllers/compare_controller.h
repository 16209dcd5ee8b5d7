// Several runs side by side: which ones, which metrics of them, and what their recipes set. Kept over restarts. What it
// knows of runs it reads once for each; curves are read by who draws them. GUI thread only; collaborators are not
// owned.
#pragma once

#include "app/bridge/agent_link.h"
#include "app/bridge/history_reader.h"
#include "app/feedback/notice.h"
#include "app/models/run_labels.h"
#include "app/models/run_matrix.h"
#include "app/stores/compared_runs.h"
#include "app/stores/figure_store.h"
#include "app/stores/run_store.h"

#include <QTimer>

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace athanor::app {

class Settings;

class CompareController final : public QObject {
  Q_OBJECT
 public:
  CompareController(HistoryReader* reader, AgentLink* link, RunStore* runs, FigureStore* figures, Settings* settings,
                    QObject* parent = nullptr);

  [[nodiscard]] ComparedRuns* compared() { return &compared_; }
  [[nodiscard]] RunStore* runs() const { return runs_; }
  [[nodiscard]] FigureStore* figures() const { return figures_; }

  // What the compared runs are called.
  [[nodiscard]] const RunLabels& labels() const { return labels_; }

  // Every metric that some of the runs have, and how many have it; by name.
  [[nodiscard]] const std::map<std::string, int>& metric_counts() const { return known_.metric_counts; }
  // Those to be shown, in order. Until somebody chose, the losses and what is evaluated of most runs.
  [[nodiscard]] const std::vector<std::string>& metrics() const { return metrics_; }
  void set_metrics(std::vector<std::string> metrics);

  using RecipeFields = std::map<std::string, store::SettingValue>;
  // What the recipe of a run sets, by path; null: not read yet.
  [[nodiscard]] const RecipeFields* fields(store::RunId run) const;
  // The chosen metrics and all fields of all compared runs, or of those that are shown.
  [[nodiscard]] RunMatrix matrix(bool only_shown = false) const;
  // What two of the runs answered to probe queries, each at its newest evaluation.
  struct Boards {
    store::RunId shown_run = 0, against_run = 0;
    std::vector<journal::RetrievalSample> shown, against;
  };
  void want_boards(store::RunId shown, store::RunId against);
  [[nodiscard]] const Boards& boards() const { return boards_; }
  [[nodiscard]] bool is_read() const { return is_read_; }

 Q_SIGNALS:
  void read();             // what is known of the runs: other runs than before, or more of them
  void boards_changed();   // those wanted have been read
  void metrics_changed();  // which are to be shown
  void grew(const std::vector<athanor::store::RunId>& runs);  // these have new samples
  void notice(const athanor::app::Notice& notice);

 private:
  struct Known {
    std::unordered_map<store::RunId, RecipeFields> fields;
    std::map<std::string, int> metric_counts;
    bool operator==(const Known&) const = default;
  };
  void keep();
  void leave_deleted();
  void read_runs();
  void take(Known known);
  void choose_metrics();
  void tell_grown(const std::vector<agent::Change>& changes);
  void note_grown(const std::vector<store::RunId>& runs);

  HistoryReader* reader_;
  RunStore* runs_;
  FigureStore* figures_;
  Settings* settings_;
  ComparedRuns compared_;
  Known known_;
  std::vector<std::string> metrics_;
  bool chosen_ = false;  // by somebody
  RunLabels labels_;
  Boards boards_;
  QTimer names_pause_;
  bool is_read_ = false;
};

}  // namespace athanor::app
