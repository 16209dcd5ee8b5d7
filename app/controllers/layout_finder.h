// Asks `athanor-run plan - --layouts --json` which layouts of a recipe would be quickest here, once for each find(). A
// newer question ends the older one. GUI thread only.
#pragma once

#include <QObject>
#include <QStringList>

#include <memory>
#include <vector>

class QProcess;

namespace athanor::app {

struct FoundLayout {
  QStringList set;  // "parallel.data=2"; none: the recipe's own
  int ranks = 1;
  double step_seconds = 0;   // predicted
  double bubble = 0;         // simulated
  double memory_bytes = 0;   // of all ranks
  double bytes_on_wire = 0;  // in a step, of the rank that sends most
};

class LayoutFinder final : public QObject {
  Q_OBJECT
 public:
  // `program`: the athanor-run to ask.
  explicit LayoutFinder(QString program, QObject* parent = nullptr);
  ~LayoutFinder() override;

  void find(const QString& recipe_toml);
  // What was found is of a recipe that is no more.
  void forget();
  [[nodiscard]] bool is_busy() const { return process_ != nullptr; }
  [[nodiscard]] const std::vector<FoundLayout>& found() const { return found_; }  // the quickest first
  [[nodiscard]] QString trouble() const;  // why there are none, in a sentence in the language in force

  [[nodiscard]] static std::vector<FoundLayout> read(const QByteArray& json);

 Q_SIGNALS:
  void changed();

 private:
  void stop();
  void finished(int exit_code);
  enum class Trouble { none, no_start, no_room, sudden_end, told };
  void end(Trouble trouble, const QString& told = {});

  QString program_;
  std::unique_ptr<QProcess> process_;  // while it is at work
  std::vector<FoundLayout> found_;
  Trouble trouble_ = Trouble::none;
  QString told_;
};

}  // namespace athanor::app
