// Every action of the program, once: id, text, keys, where it applies, whether it can run now and why not. Menus,
// buttons, palette and the sheet of shortcuts are views of it. GUI thread only.
#pragma once

#include "widgets/common/glyph.h"
#include "widgets/palette/command_palette.h"

#include <QKeySequence>
#include <QObject>

#include <functional>
#include <map>
#include <vector>

class QAction;
class QWidget;

namespace athanor::app {

struct ActionSpec {
  QString id;       // "runs.delete"
  QString context;  // "Runs", as shown
  QString text;     // "Delete the selected runs"
  widgets::Glyph glyph = widgets::Glyph::chevron_right;
  QList<QKeySequence> keys;
  QString short_text;  // on buttons; empty: text
};

class ActionRegistry final : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;
  // The keys work while `home` or a child of it has the focus; a window's everywhere in it. Owned by `home`.
  QAction* add(QWidget* home, const ActionSpec& spec, std::function<void()> handler);
  [[nodiscard]] QAction* action(const QString& id) const;  // null: unknown
  // Other words for the same action, where what it does depends on what it would act upon.
  void set_words(const QString& id, const QString& text, const QString& short_text);
  // An empty reason enables.
  void set_reason(const QString& id, const QString& why_not);
  [[nodiscard]] QString reason(const QString& id) const;
  void run(const QString& id);
  [[nodiscard]] std::vector<widgets::Command> commands() const;
  // Ids that share a key with another in an overlapping place.
  [[nodiscard]] QStringList conflicts() const;

 private:
  struct Entry {
    ActionSpec spec;
    QAction* action = nullptr;
    QWidget* home = nullptr;
    QString why_not;
  };
  static void show_words(const Entry& entry);
  std::map<QString, Entry> entries_;
  std::vector<QString> order_;
};

}  // namespace athanor::app
