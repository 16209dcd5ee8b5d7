// Which runs stand side by side, how each is told from the others, and what the others are measured against. Plain
// data. GUI thread only.
#pragma once

#include "core/store/types.h"

#include <QObject>
#include <QStringList>

#include <unordered_map>
#include <vector>

namespace athanor::app {

struct ComparedRun {
  store::RunId run = 0;
  int colour = 0;  // index for Theme::series; kept while the run is compared
  bool visible = true;
};

class ComparedRuns final : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;

  [[nodiscard]] const std::vector<ComparedRun>& all() const { return all_; }
  [[nodiscard]] std::vector<store::RunId> ids() const;
  [[nodiscard]] const ComparedRun* find(store::RunId run) const;     // null: it is not compared
  [[nodiscard]] store::RunId baseline() const { return baseline_; }  // 0: none

  // Those compared before keep their look.
  void set(const std::vector<store::RunId>& runs);
  void add(const std::vector<store::RunId>& runs);
  void remove(const std::vector<store::RunId>& runs);
  void set_baseline(store::RunId run);  // 0, or one that is not compared: none
  void set_visible(const std::vector<store::RunId>& runs, bool visible);

  // As texts to be kept: "17 2 hidden"; the baseline's says so.
  [[nodiscard]] QStringList texts() const;
  void restore(const QStringList& texts);

 Q_SIGNALS:
  void runs_changed();   // which they are
  void looks_changed();  // also when they are others

 private:
  void number();

  std::vector<ComparedRun> all_;
  std::unordered_map<store::RunId, std::size_t> places_;
  store::RunId baseline_ = 0;
};

}  // namespace athanor::app
