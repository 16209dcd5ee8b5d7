// Roles that the cell delegates of widgets/tables read from any item model. A model's own roles start above
// last_cell_role.
#pragma once

#include <Qt>

namespace athanor::widgets {

enum CellRole {
  progress_role = Qt::UserRole + 200,  // double 0…1; invalid: no bar
  curve_role,                          // QList<double>
  tone_role,                           // int of Role
  glyph_role,                          // int of Glyph; invalid: none
  chips_role,                          // QStringList
  detail_role,                         // QString, muted second text
  last_cell_role
};

}  // namespace athanor::widgets
