// Numbers as people read them: short, aligned, with the digits that matter. Pure; any thread.
#pragma once

#include <QFont>
#include <QString>

#include <optional>

namespace athanor::widgets {

// Four significant digits, no needless zeros, powers of ten below 1e-4 and above 1e6: "0.3142", "12.5", "3.1e-5".
// NaN and infinities are named.
[[nodiscard]] QString number_text(double value);
// "1,249,793": grouped, and like every number here with the point that recipes and commands use, in any language.
[[nodiscard]] QString count_text(qint64 count);
// As number_text, with a unit and a decimal prefix above a thousand: "12.4 k", "3.1 k samples/s".
[[nodiscard]] QString si_text(double value, const QString& unit = {});
// "48 %"; fraction 0…1.
[[nodiscard]] QString percent_text(double fraction, int decimals = 0);
// Binary prefixes: "1.4 GiB".
[[nodiscard]] QString bytes_text(double bytes);
// "3 s", "4 min 12 s", "2 h 05 min", "3 d 4 h".
[[nodiscard]] QString duration_text(double seconds);
// Of what happens within a step: "12.5 ms", from nanoseconds to seconds, in the unit that suits it, or `scale` of those
// it stands beside.
[[nodiscard]] QString time_text(double seconds, std::optional<double> scale = {});

// With a large first letter.
[[nodiscard]] QString capitalised(QString text);

// With a large first letter and an end; nothing stays nothing.
[[nodiscard]] QString sentence(const QString& text);

// `base` when its digits are all equally wide, otherwise the same size of a family whose digits are.
[[nodiscard]] QFont tabular_font(const QFont& base);
[[nodiscard]] QFont monospace_font(double point_size);

}  // namespace athanor::widgets
