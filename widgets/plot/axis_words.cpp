#include "widgets/plot/axis_words.h"

#include "widgets/common/numbers.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

namespace athanor::widgets {
namespace {

struct AxisWords {
  Q_DECLARE_TR_FUNCTIONS(athanor::widgets::AxisWords)
};

}  // namespace

QString axis_name(XAxis axis) {
  switch (axis) {
    case XAxis::step: return AxisWords::tr("Step");
    case XAxis::samples: return AxisWords::tr("Samples");
    case XAxis::time: return AxisWords::tr("Time");
    case XAxis::wall_time: return AxisWords::tr("Date and time");
  }
  return {};
}

QString x_text(XAxis axis, double x) {
  switch (axis) {
    case XAxis::step:
    case XAxis::samples: return QString::number(x, 'f', 0);
    case XAxis::time: return duration_text(x);
    case XAxis::wall_time:
      return QLocale().toString(QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(x * 1000)), QLocale::ShortFormat);
  }
  return {};
}

QString x_sentence(XAxis axis, double x) {
  if (axis == XAxis::step) return AxisWords::tr("step %1").arg(x_text(axis, x));
  if (axis == XAxis::samples) return AxisWords::tr("%1 samples").arg(x_text(axis, x));
  return x_text(axis, x);
}

}  // namespace athanor::widgets
