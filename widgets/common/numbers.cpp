#include "widgets/common/numbers.h"

#include <QCoreApplication>
#include <QFontDatabase>
#include <QFontMetricsF>
#include <QLocale>

#include <array>
#include <cmath>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;

QString trimmed(QString text) {
  if (text.contains(u'.') && !text.contains(u'e')) {
    while (text.endsWith(u'0')) text.chop(1);
    if (text.endsWith(u'.')) text.chop(1);
  }
  return text;
}

QString significant(double value, int digits) {
  const double size = std::abs(value);
  const int before = size < 1 ? 1 : static_cast<int>(std::floor(std::log10(size))) + 1;
  const int leading = size > 0 && size < 1 ? static_cast<int>(-std::floor(std::log10(size))) - 1 : 0;
  return trimmed(QString::number(value, 'f', std::max(0, digits - (size < 1 ? -leading : before))));
}

QString not_finite(double value) {
  if (std::isnan(value)) return QCoreApplication::translate("Numbers", "not a number");
  return value > 0 ? QStringLiteral("∞") : QStringLiteral("−∞");
}

}  // namespace

QString number_text(double value) {
  if (!std::isfinite(value)) return not_finite(value);
  const double size = std::abs(value);
  if (size == 0) return u"0"_s;
  if (size < 1e-4 || size >= 1e7) {
    QString text = QString::number(value, 'e', 2);
    const qsizetype e = text.indexOf(u'e');
    const int exponent = text.mid(e + 1).toInt();
    return trimmed(text.left(e)) + u'e' + QString::number(exponent);
  }
  return significant(value, 4);
}

QString count_text(qint64 count) { return QLocale(QLocale::English).toString(count); }

QString si_text(double value, const QString& unit) {
  if (!std::isfinite(value)) return not_finite(value);
  static constexpr std::array<const char16_t*, 5> kPrefixes{u"", u"k", u"M", u"G", u"T"};
  std::size_t step = 0;
  double scaled = value;
  while (std::abs(scaled) >= 1000 && step + 1 < kPrefixes.size()) {
    scaled /= 1000;
    ++step;
  }
  QString text = step == 0 ? number_text(scaled) : significant(scaled, 3);
  const QString tail = QString::fromUtf16(kPrefixes[step]) + (unit.isEmpty() || step == 0 ? unit : u' ' + unit);
  return tail.isEmpty() ? text : text + u'\u00a0' + tail;
}

QString percent_text(double fraction, int decimals) {
  if (!std::isfinite(fraction)) return not_finite(fraction);
  return QString::number(fraction * 100, 'f', decimals) + u"\u00a0%"_s;
}

QString bytes_text(double bytes) {
  static constexpr std::array<const char16_t*, 6> kUnits{u"B", u"KiB", u"MiB", u"GiB", u"TiB", u"PiB"};
  std::size_t step = 0;
  while (std::abs(bytes) >= 1024 && step + 1 < kUnits.size()) {
    bytes /= 1024;
    ++step;
  }
  return significant(bytes, 3) + u'\u00a0' + QString::fromUtf16(kUnits[step]);
}

QString duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return QStringLiteral("–");
  if (seconds < 9.95) return significant(seconds, 2) + u"\u00a0s"_s;
  const auto whole = static_cast<long long>(std::llround(seconds));
  const auto two = [](long long n) { return QStringLiteral("%1").arg(n, 2, 10, QLatin1Char('0')); };
  if (whole < 60) return QString::number(whole) + u"\u00a0s"_s;
  if (whole < 3600) return QString::number(whole / 60) + u"\u00a0min\u00a0"_s + two(whole % 60) + u"\u00a0s"_s;
  if (whole < 86400) return QString::number(whole / 3600) + u"\u00a0h\u00a0"_s + two(whole / 60 % 60) + u"\u00a0min"_s;
  return QString::number(whole / 86400) + u"\u00a0d\u00a0"_s + QString::number(whole / 3600 % 24) + u"\u00a0h"_s;
}

QString time_text(double seconds, std::optional<double> scale) {
  const double size = std::abs(scale.value_or(seconds));
  if (size > 0 && size < 1e-6) return number_text(std::round(seconds * 1e10) / 10) + u"\u00a0ns"_s;
  if (size > 0 && size < 1e-3) return number_text(std::round(seconds * 1e8) / 100) + u"\u00a0µs"_s;
  if (size > 0 && size < 1) return number_text(std::round(seconds * 1e5) / 100) + u"\u00a0ms"_s;
  return number_text(std::round(seconds * 1e4) / 1e4) + u"\u00a0s"_s;
}

QString capitalised(QString text) {
  if (!text.isEmpty()) text[0] = text[0].toUpper();
  return text;
}

QString sentence(const QString& text) {
  QString out = capitalised(text.trimmed());
  if (!out.isEmpty() && !out.endsWith(u'.') && !out.endsWith(u'?') && !out.endsWith(u'!')) out += u'.';
  return out;
}

QFont tabular_font(const QFont& base) {
  const auto equal_digits = [](const QFont& font) {
    const QFontMetricsF metrics(font);
    const double zero = metrics.horizontalAdvance(u'0');
    for (char16_t c = u'1'; c <= u'9'; ++c)
      if (std::abs(metrics.horizontalAdvance(QChar(c)) - zero) > 0.01) return false;
    return true;
  };
  if (equal_digits(base)) return base;
  for (const auto* family : {"Noto Sans", "DejaVu Sans", "Liberation Sans"}) {
    QFont font = base;
    font.setFamilies({QString::fromLatin1(family)});
    if (equal_digits(font)) return font;
  }
  return base;
}

QFont monospace_font(double point_size) {
  QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
  font.setStyleHint(QFont::Monospace);
  font.setPointSizeF(point_size);
  return font;
}

}  // namespace athanor::widgets
