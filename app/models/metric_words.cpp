#include "app/models/metric_words.h"

#include "app/feedback/notice.h"
#include "app/models/schema_words.h"
#include "core/recipe/recipe.h"
#include "widgets/common/numbers.h"

#include <nlohmann/json.hpp>

#include <QCoreApplication>

#include <array>
#include <cmath>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

struct MetricWords {
  Q_DECLARE_TR_FUNCTIONS(athanor::app::MetricWords)
};

struct Row {
  const char* name;
  const char* title;
  const char* unit;
  bool is_share, is_robust;
  Better better;
};

constexpr std::array kKnown = {
    Row{"train/loss", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Training loss"), "", false, false, Better::lower},
    Row{"eval/loss", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Evaluation loss"), "", false, false,
        Better::lower},
    Row{"eval/t2i_r1", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Text to picture, R@1"), "", true, false,
        Better::higher},
    Row{"eval/t2i_r10", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Text to picture, R@10"), "", true, false,
        Better::higher},
    Row{"eval/i2t_r1", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Picture to text, R@1"), "", true, false,
        Better::higher},
    Row{"eval/i2t_r10", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Picture to text, R@10"), "", true, false,
        Better::higher},
    Row{"train/learning_rate", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Learning rate"), "", false, false,
        Better::neither},
    Row{"train/gradient_norm", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Gradient norm"), "", false, true,
        Better::neither},
    Row{"train/temperature", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Temperature"), "", false, false,
        Better::neither},
    Row{"train/samples_per_s", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Throughput"),
        QT_TRANSLATE_NOOP("athanor::app::MetricWords", "samples/s"), false, true, Better::higher},
    Row{"train/step_ms", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Time of a step"), "ms", false, true,
        Better::lower},
    Row{"train/loss_scale", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Loss scale"), "", false, false,
        Better::neither},
    Row{"train/fp8_share", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Products in FP8"), "", true, false,
        Better::neither},
    Row{"train/lost_update_share", QT_TRANSLATE_NOOP("athanor::app::MetricWords", "Updates lost in rounding"), "", true,
        false, Better::lower},
};

// What an unknown name says of itself.
Better guessed(const std::string& name) {
  for (const char* word : {"loss", "error", "perplexity"})
    if (name.find(word) != std::string::npos) return Better::lower;
  for (const char* word : {"accuracy", "_r1", "_r5", "_r10", "recall", "_map"})
    if (name.find(word) != std::string::npos) return Better::higher;
  return Better::neither;
}

QString with_sign(double value, const QString& text) {
  return (value < 0 ? u"−"_s : value > 0 ? u"+"_s : u"±"_s) + text;
}

}  // namespace

MetricLook look_of_metric(const std::string& name) {
  for (const Row& row : kKnown)
    if (name == row.name)
      return {MetricWords::tr(row.title), *row.unit ? MetricWords::tr(row.unit) : QString(), row.is_share,
              row.is_robust, row.better};
  return {q(name), {}, false, false, guessed(name)};
}

QString metric_text(const MetricLook& look, double value) {
  if (std::isnan(value)) return u"–"_s;
  return look.is_share ? widgets::percent_text(value, 1) : widgets::number_text(value);
}

QString difference_text(const MetricLook& look, double value, double baseline) {
  const double by = value - baseline;
  if (!std::isfinite(by)) return {};
  if (look.is_share) return with_sign(by, MetricWords::tr("%1 pt").arg(std::abs(by) * 100, 0, 'f', 1));
  if (baseline == 0) return with_sign(by, widgets::number_text(std::abs(by)));
  const double share = by / std::abs(baseline);
  return with_sign(share, widgets::percent_text(std::abs(share), std::abs(share) < 0.1 ? 1 : 0));
}

int judged(const MetricLook& look, double value, double baseline) {
  if (!std::isfinite(value - baseline) || value == baseline || look.better == Better::neither) return 0;
  return (value < baseline) == (look.better == Better::lower) ? 1 : -1;
}

QString setting_text(const std::string& path, const store::SettingValue& value) {
  const recipe::Field* field = recipe::find_field(path);
  if (const auto* number = std::get_if<double>(&value)) {
    if (field && field->type == recipe::FieldType::boolean)
      return *number != 0 ? MetricWords::tr("on") : MetricWords::tr("off");
    if (field && field->type == recipe::FieldType::integer) return QString::number(std::llround(*number));
    return widgets::number_text(*number);
  }
  const std::string& text = std::get<std::string>(value);
  if (!field || field->type != recipe::FieldType::list) return q(text);
  const auto list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_array()) return q(text);
  QStringList texts;
  for (const auto& each : list)
    if (each.is_string()) texts << q(each.get<std::string>());
  return texts.join(u", "_s);
}

QString field_title(const std::string& path) {
  const recipe::Field* field = recipe::find_field(path);
  return field ? schema_text(field->label) : q(path);
}

}  // namespace athanor::app
