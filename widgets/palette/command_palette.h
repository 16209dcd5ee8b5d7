// Every command of the program in one searchable list over the window: type a few letters, Enter runs the best.
// Commands that cannot run now are shown with the reason. GUI thread only.
#pragma once

#include <QFrame>
#include <QPointer>

#include <functional>
#include <vector>

class QLineEdit;
class QListView;
class QStandardItemModel;

namespace athanor::widgets {

struct Command {
  QString id;
  QString text;
  QString context;   // "Runs"
  QString shortcut;  // as text
  QIcon icon;
  bool enabled = true;
  QString why_not;  // when not enabled
};

// The commands that fit, best first; all of them, enabled first, when nothing is typed.
[[nodiscard]] std::vector<Command> rank_commands(const std::vector<Command>& commands, const QString& typed);

class CommandPalette final : public QFrame {
  Q_OBJECT
 public:
  explicit CommandPalette(QWidget* window);
  void open(std::vector<Command> commands);
  [[nodiscard]] QLineEdit* line() const { return line_; }
  [[nodiscard]] int shown_rows() const;

 Q_SIGNALS:
  void chosen(const QString& id);

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void paintEvent(QPaintEvent* event) override;

 private:
  void filter(const QString& typed);
  void accept();
  void place();

  std::vector<Command> commands_;
  QLineEdit* line_ = nullptr;
  QListView* list_ = nullptr;
  QStandardItemModel* model_ = nullptr;
  QPointer<QWidget> focus_before_;
};

}  // namespace athanor::widgets
