// What a widget paints by itself, told to assistive programs: every part with a name, a value and a place, as children
// of the widget in the accessible tree. GUI thread only.
#pragma once

#include <QAccessible>
#include <QRect>
#include <QString>

#include <vector>

namespace athanor::widgets {

struct PaintedItem {
  QString name;
  QString value;
  QRect box;  // in the widget
  QAccessible::Role role = QAccessible::ListItem;
  bool current = false;  // the one that keys have gone to
};

// Implemented by a widget, whose constructor calls announce_painted_items().
class PaintedItems {
 public:
  virtual ~PaintedItems() = default;
  [[nodiscard]] virtual QAccessible::Role painted_role() const = 0;
  [[nodiscard]] virtual QString painted_value() const { return {}; }  // of the whole
  [[nodiscard]] virtual std::vector<PaintedItem> painted_items() const = 0;
};

// Makes Qt ask widgets for their painted items; once per process, further calls do nothing.
void announce_painted_items();

}  // namespace athanor::widgets
