#include "widgets/plot/axis_tickers.h"

#include "widgets/common/numbers.h"

#include <cmath>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;
constexpr double kDay = 86'400;

// Short numbers with SI prefixes ("12 k") and no rounding noise.
class ValueTicker final : public QCPAxisTicker {
 protected:
  QString getTickLabel(double tick, const QLocale&, QChar, int) override {
    return si_text(std::abs(tick) < 1e-12 ? 0 : tick);
  }
};

class PercentTicker final : public QCPAxisTicker {
 protected:
  QString getTickLabel(double tick, const QLocale&, QChar, int) override {
    const double tenths = std::round(tick * 1000);
    return percent_text(tenths == 0 ? 0 : tenths / 1000, std::fmod(tenths, 10) == 0 ? 0 : 1);
  }
};

class LogTicker final : public QCPAxisTickerLog {
 protected:
  QString getTickLabel(double tick, const QLocale&, QChar, int) override { return si_text(tick); }
};

class LogPercentTicker final : public QCPAxisTickerLog {
 protected:
  QString getTickLabel(double tick, const QLocale&, QChar, int) override {
    return percent_text(tick, tick < 0.001 ? 2 : tick < 0.01 ? 1 : 0);
  }
};

class SecondsTicker final : public QCPAxisTicker {
 protected:
  double getTickStep(const QCPRange& range) override {
    for (const double step :
         {1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0, kDay})
      if (range.size() / step <= tickCount()) return step;
    return QCPAxisTicker::getTickStep(range);
  }
  QString getTickLabel(double tick, const QLocale&, QChar, int) override {
    const auto seconds = static_cast<long long>(std::llround(tick));
    const auto two = [](long long n) { return QStringLiteral("%1").arg(n, 2, 10, QLatin1Char('0')); };
    if (seconds < 3600) return QString::number(seconds / 60) + u':' + two(seconds % 60);
    return QString::number(seconds / 3600) + u':' + two(seconds / 60 % 60) + u':' + two(seconds % 60);
  }
};

class LogSecondsTicker final : public QCPAxisTickerLog {
 protected:
  QString getTickLabel(double tick, const QLocale&, QChar, int) override {
    return tick < 1 ? time_text(tick) : duration_text(tick);
  }
};

// Hours and minutes, the day where one begins, in local time.
class WallTimeTicker final : public QCPAxisTickerDateTime {
 protected:
  double getTickStep(const QCPRange& range) override { return step_ = QCPAxisTickerDateTime::getTickStep(range); }
  QString getTickLabel(double tick, const QLocale& locale, QChar, int) override {
    const QDateTime time = keyToDateTime(tick).toLocalTime();
    const bool day_begins = time.time().msecsSinceStartOfDay() < 1000;
    if (step_ >= kDay || day_begins) return locale.toString(time.date(), u"d MMM"_s);
    return time.toString(step_ >= 60 ? u"HH:mm"_s : u"HH:mm:ss"_s);
  }

 private:
  double step_ = 1;
};

template <typename Ticker>
QSharedPointer<QCPAxisTicker> with_count(int count) {
  auto ticker = QSharedPointer<Ticker>::create();
  ticker->setTickCount(count);
  return ticker;
}

}  // namespace

QSharedPointer<QCPAxisTicker> x_ticker(XAxis axis, bool logarithmic, bool narrow) {
  const int count = narrow ? 4 : 6;
  if (axis == XAxis::wall_time) return with_count<WallTimeTicker>(count);
  if (axis == XAxis::time) return logarithmic ? with_count<LogSecondsTicker>(count) : with_count<SecondsTicker>(count);
  return logarithmic ? with_count<LogTicker>(count) : with_count<ValueTicker>(count);
}

QSharedPointer<QCPAxisTicker> value_ticker(bool logarithmic, bool percent) {
  constexpr int kCount = 4;
  if (percent) return logarithmic ? with_count<LogPercentTicker>(kCount) : with_count<PercentTicker>(kCount);
  return logarithmic ? with_count<LogTicker>(kCount) : with_count<ValueTicker>(kCount);
}

}  // namespace athanor::widgets
