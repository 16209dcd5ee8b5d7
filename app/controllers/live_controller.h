// One run under observation, live or long over: its curves, device use, log, evaluations and probe queries, read again
// as the store grows, at most 25 times a second and only while somebody looks. GUI thread only; collaborators are not
// owned.
#pragma once

#include "app/bridge/agent_link.h"
#include "app/bridge/history_reader.h"
#include "app/controllers/timeline_controller.h"
#include "app/feedback/notice.h"
#include "app/stores/curves.h"
#include "app/stores/run_store.h"
#include "core/timeline/step_picture.h"

#include <QTimer>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace athanor::app {

class LiveController final : public QObject {
  Q_OBJECT
 public:
  LiveController(HistoryReader* reader, AgentLink* link, RunStore* runs, QObject* parent = nullptr);

  void open(store::RunId run);
  // All of the run once more, for pages that were made after it was opened.
  void read_anew();
  [[nodiscard]] store::RunId run_id() const { return run_; }
  [[nodiscard]] const store::Run* run() const;  // null: none chosen, or not read yet
  // Nothing is read while nobody looks; what was missed is read at once afterwards.
  void set_visible(bool visible);
  void set_smoothing(double weight);
  [[nodiscard]] double smoothing() const { return smoothing_; }
  void set_columns(int columns) { columns_ = columns; }
  void set_board_steps(std::int64_t shown, std::int64_t compared);  // -1: none

  [[nodiscard]] const std::map<std::string, std::vector<DrawnColumn>>& curves() const { return curves_; }
  [[nodiscard]] const std::vector<std::int64_t>& board_steps() const { return board_steps_; }
  // As they happened; a fault that several ranks saw is there once.
  [[nodiscard]] const std::vector<store::Occurrence>& occurrences() const { return occurrences_; }
  // The newest step that all ranks told whole; nothing while there is none.
  [[nodiscard]] const std::optional<timeline::StepPicture>& step_picture() const { return step_picture_; }
  // All steps of it.
  [[nodiscard]] TimelineController* timeline() const { return timeline_; }
  [[nodiscard]] const std::vector<journal::RetrievalSample>& board_shown() const { return board_shown_; }
  [[nodiscard]] const std::vector<journal::RetrievalSample>& board_compared() const { return board_compared_; }
  [[nodiscard]] double samples_per_step() const { return samples_per_step_; }  // of the data; 0: not known
  [[nodiscard]] bool is_loaded() const { return loaded_; }
  // Steps a fork can begin at, ascending: of the checkpoints the run still goes by, those its folder still holds.
  [[nodiscard]] const std::vector<std::int64_t>& checkpoint_steps() const { return checkpoint_steps_; }

 Q_SIGNALS:
  void run_changed();    // another run was opened
  void state_changed();  // status, step, name
  void curves_changed();
  void occurrences_changed();
  void step_picture_changed();
  void log_cleared();
  void log_arrived(const std::vector<athanor::store::LogEntry>& entries);
  void board_steps_changed();
  void board_changed();
  void first_loaded();  // everything was read once
  void notice(const athanor::app::Notice& notice);

 private:
  struct Curves {
    std::map<std::string, std::vector<DrawnColumn>> columns;
    double samples_per_step = 0;
  };
  void mark(agent::Change::What what);
  void mark_all();
  void flush();
  void read_curves();
  void read_log();
  void read_occurrences();
  void read_step_picture();
  void read_board_steps();
  void read_board();
  void finished(const char* part);

  HistoryReader* reader_;
  AgentLink* link_;
  RunStore* runs_;
  TimelineController* timeline_;
  store::RunId run_ = 0;
  int opening_ = 0;  // answers to questions of an earlier one come too late
  QTimer pulse_;
  std::set<int> dirty_;  // agent::Change::What
  std::set<std::string> in_flight_;
  std::set<std::string> to_load_;  // parts not read once yet
  std::map<std::string, std::vector<DrawnColumn>> curves_;
  std::vector<store::Occurrence> occurrences_;
  std::int64_t occurrence_id_ = 0;  // of the newest that was read
  std::optional<timeline::StepPicture> step_picture_;
  std::vector<std::int64_t> checkpoint_steps_;
  std::vector<std::int64_t> board_steps_;
  std::vector<journal::RetrievalSample> board_shown_, board_compared_;
  std::int64_t shown_step_ = -1, compared_step_ = -1;
  std::int64_t log_id_ = 0;
  int columns_ = 600;
  double samples_per_step_ = 0;
  double smoothing_ = 0;
  bool visible_ = false;
  bool loaded_ = false;
};

}  // namespace athanor::app
