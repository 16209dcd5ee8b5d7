// What a form needs to know about one field, without knowing what it is for. Values travel as the text a person types,
// so that also wrong input can be shown and judged; whoever owns the form turns text into values and says what is
// wrong.
#pragma once

#include <QString>
#include <QStringList>

namespace athanor::widgets {

enum class FieldKind { boolean, integer, real, text, choice, list };

struct FieldSpec {
  QString id;       // "train.learning_rate"
  QString section;  // id of its section
  QString label;
  FieldKind kind = FieldKind::text;
  QString unit;
  QString fallback;     // the default, as text; booleans are "true" and "false", lists joined by list_separator
  QString range;        // "1 – 100 000", shown in the help; empty: none
  QStringList choices;  // choice: what may be chosen; list: what may be ticked, empty for free text
  QString help;
  bool advanced = false;
  bool multiline = false;
  QStringList choice_words = {};  // how each of the choices is shown; empty: as it is
};

struct SectionSpec {
  QString id;
  QString label;
  QString help;
};

inline constexpr QChar kListSeparator = u'\u001f';

// How a value is shown: a choice by its word, a list with commas.
[[nodiscard]] QString shown_value(const FieldSpec& field, const QString& text);

// Whether a field is found by what was typed into the form's search line: every word in label, id, help or section.
[[nodiscard]] bool field_matches(const FieldSpec& field, const QString& section_label, const QString& typed);

}  // namespace athanor::widgets
