// Keeps the run list true: reads it again when the agent or the store says so, at most four times a second, and fetches
// small curves for the rows in view. Carries every wish about runs to the agent. GUI thread only; nothing it is given
// is owned.
#pragma once

#include "app/bridge/agent_link.h"
#include "app/bridge/history_reader.h"
#include "app/controllers/alert_follower.h"
#include "app/controllers/run_files.h"
#include "app/feedback/notice.h"
#include "app/stores/curve_store.h"
#include "app/stores/figure_store.h"
#include "app/stores/queue_store.h"
#include "app/stores/run_store.h"

#include <QTimer>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace athanor::app {

class HistoryController final : public QObject {
  Q_OBJECT
 public:
  HistoryController(HistoryReader* reader, AgentLink* link, RunStore* runs, RunStore* deleted, CurveStore* curves,
                    FigureStore* figures, QueueStore* queue, QObject* parent = nullptr);
  // Runs that wait or go on need an agent; unless told otherwise, one is started when none answers.
  void set_agent_allowed(bool allowed) { agent_allowed_ = allowed; }
  void start();
  void refresh();    // soon
  void try_again();  // after trouble: opens the history anew

  // The rows on the screen want their curves.
  void want_curves(const std::vector<store::RunId>& runs);
  // All of them do, while the table is sorted by what is read with them.
  void want_all_curves(bool all);
  // So does the run that is watched; 0: none.
  void set_opened(store::RunId run);

  // Where words stand in what was written about runs, at most `most` places of each kind; told a moment later, unless
  // others are asked for meanwhile.
  void find(const QString& words, int most, std::function<void(const std::vector<store::Found>&)> done);

  void rename(store::RunId run, const QString& name);
  void set_tags(const std::vector<store::RunId>& runs, const QStringList& tags);
  void set_note(store::RunId run, const QString& note);
  void set_pinned(const std::vector<store::RunId>& runs, bool pinned);
  void erase(const std::vector<store::RunId>& runs);
  void restore(const std::vector<store::RunId>& runs);
  // What the folders of these runs take; told a moment later.
  void measure(const std::vector<store::RunId>& runs, std::function<void(std::int64_t bytes)> done);
  void empty(const std::vector<store::RunId>& runs);  // for ever
  void undo();
  void redo();
  void stop(store::RunId run);
  void resume(store::RunId run);
  // Places in the queue.
  void hold(const std::vector<store::RunId>& runs, bool held);
  void hold_queue(bool held);
  void move_to_front(const std::vector<store::RunId>& runs);
  void move_beside(store::RunId run, store::RunId other, bool before);
  void set_priority(const std::vector<store::RunId>& runs, int priority);
  // Faults that a run on several ranks is to suffer now; see agent::Client.
  void inject(store::RunId run, const QString& faults);

  [[nodiscard]] const QString& undo_text() const { return undo_text_; }  // empty: nothing to undo
  [[nodiscard]] const QString& redo_text() const { return redo_text_; }
  [[nodiscard]] RunStore* runs() const { return runs_; }
  [[nodiscard]] RunStore* deleted() const { return deleted_; }
  // Also a deleted one; null: there is none.
  [[nodiscard]] const store::Run* find(store::RunId run) const;
  [[nodiscard]] CurveStore* curves() const { return curves_; }
  [[nodiscard]] FigureStore* figures() const { return figures_; }
  [[nodiscard]] AlertFollower* alerts() const { return alerts_; }
  [[nodiscard]] QueueStore* queue() const { return queue_; }
  [[nodiscard]] AgentLink* link() const { return link_; }
  [[nodiscard]] RunFiles* files() const { return files_; }
  // Why the list cannot be read; an empty intention: it can.
  [[nodiscard]] const Notice& trouble() const { return trouble_; }
  [[nodiscard]] bool is_read() const { return read_; }  // the list was read once, or there is none to read

 Q_SIGNALS:
  void first_read();
  void notice(const athanor::app::Notice& notice);
  void undo_changed();
  void trouble_changed();

 private:
  void read_now();
  void read_curves();
  void read_figures();
  void read_metric_names();
  void read_queue();
  [[nodiscard]] bool concern_queue(const store::RunChanges& changes) const;
  // With the steps they have come to.
  [[nodiscard]] std::vector<std::pair<store::RunId, std::int64_t>> curves_to_read();
  void taken(Result<store::RunChanges> changes);
  void refused(const Error& error);
  void set_trouble(const Notice& trouble);
  void wish(const std::function<Result<void>(agent::Client&)>& job, const QString& done = {});
  [[nodiscard]] QString name_of(const std::vector<store::RunId>& runs) const;  // of a single one; else empty

  HistoryReader* reader_;
  AgentLink* link_;
  RunStore* runs_;
  RunStore* deleted_;
  CurveStore* curves_;
  FigureStore* figures_;
  QueueStore* queue_;
  AlertFollower* alerts_;
  RunFiles* files_;
  QTimer pause_;
  QTimer curve_pause_;
  QTimer figure_pause_;  // before figures are read again that runs have changed
  std::vector<store::RunId> wanted_;
  store::RunId opened_ = 0;
  bool all_wanted_ = false;
  bool reading_curves_ = false;
  std::map<store::RunId, std::int64_t> refused_at_;  // steps whose curve could not be read
  std::string known_history_;                        // what the stores were told, and up to which change of it
  std::int64_t known_ = 0;
  QString undo_text_, redo_text_;
  Notice trouble_;
  bool read_ = false;
  bool reading_ = false;
  bool again_ = false;
  bool reading_queue_ = false;
  bool queue_again_ = false;
  bool agent_allowed_ = true;
};

}  // namespace athanor::app
