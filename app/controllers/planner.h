// Asks `athanor-run plan - --json` what a recipe will cost, a moment after the last change, never twice at once. A
// newer recipe ends the older question. GUI thread only.
#pragma once

#include "core/recipe/prediction.h"
#include "core/recipe/recipe.h"

#include <QObject>
#include <QTimer>

#include <memory>
#include <optional>
#include <vector>

class QProcess;

namespace athanor::app {

// What is asked: a recipe, alone or as a fork's.
struct PlanQuestion {
  QString recipe_toml;
  QString fork_of;  // the folder of the run that is forked; empty: nothing is
  qint64 fork_step = 0;

  bool operator==(const PlanQuestion&) const = default;
};

class Planner final : public QObject {
  Q_OBJECT
 public:
  // `program`: the athanor-run to ask.
  explicit Planner(QString program, QObject* parent = nullptr);
  ~Planner() override;

  // Debounced. Of a fork it is planned what is left to do, and judged whether the checkpoint fits the recipe.
  void plan(PlanQuestion question);
  [[nodiscard]] const std::optional<recipe::Prediction>& prediction() const { return prediction_; }
  [[nodiscard]] bool is_busy() const { return busy_; }
  [[nodiscard]] QString trouble() const;  // why there is no plan, in a sentence in the language in force
  // What the program found wrong, what only the machine can judge among it: a data set that is not there, a device
  // that is missing.
  [[nodiscard]] const std::vector<recipe::Fault>& faults() const { return faults_; }

  // Why the program made no plan: faults of the recipe, each at its field if it has one, or else a sentence.
  struct Refusal {
    std::vector<recipe::Fault> faults;
    QString trouble;
  };
  // {"error": {…}, "faults": [{line, field, reason}]}; both empty: it said neither.
  [[nodiscard]] static Refusal read_refusal(const QByteArray& json);

 Q_SIGNALS:
  void changed();

 private:
  void run();
  void finished(int exit_code);
  enum class Trouble { none, no_start, sudden_end, told };
  void give_up(Trouble trouble, const QString& told = {});

  QString program_;
  PlanQuestion question_;
  PlanQuestion asked_;  // of the process
  QTimer pause_;
  std::unique_ptr<QProcess> process_;
  std::optional<recipe::Prediction> prediction_;
  Trouble trouble_ = Trouble::none;
  QString told_;
  std::vector<recipe::Fault> faults_;
  bool busy_ = false;
};

}  // namespace athanor::app
