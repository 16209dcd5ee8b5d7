#include "app/settings/settings.h"

#include <QSettings>

#include <array>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

struct Row {
  QString name;
  QVariant fallback;
};

const Row& row(Setting key) {
  static const std::array<Row, static_cast<std::size_t>(Setting::count_)> kTable{{
      {u"look/theme"_s, u"system"_s},
      {u"look/text_size"_s, 100},
      {u"look/language"_s, u"system"_s},
      {u"look/times"_s, u"age"_s},
      {u"notices/run_ends"_s, true},
      {u"window/geometry"_s, QByteArray()},
      {u"window/layout"_s, QByteArray()},
      {u"window/layout_version"_s, 0},
      {u"window/page"_s, QString()},
      {u"runs/columns"_s, QByteArray()},
      {u"runs/hidden_columns"_s, QStringList()},
      {u"runs/details_open"_s, true},
      {u"runs/splitter"_s, QByteArray()},
      {u"experiment/splitter"_s, QByteArray()},
      {u"experiment/draft"_s, QString()},
      {u"live/smoothing"_s, 0.0},
      {u"live/axis"_s, u"step"_s},
      {u"live/logarithmic"_s, QStringList()},
      {u"compare/runs"_s, QStringList()},
      {u"compare/metrics"_s, QStringList()},
      {u"compare/view"_s, u"curves"_s},
      {u"compare/axis"_s, u"step"_s},
      {u"compare/splitter"_s, QByteArray()},
  }};
  return kTable[static_cast<std::size_t>(key)];
}

}  // namespace

Settings::Settings(const std::filesystem::path& file) {
  if (!file.empty()) file_ = std::make_unique<QSettings>(QString::fromStdString(file.string()), QSettings::IniFormat);
}

Settings::~Settings() = default;

QVariant Settings::value(Setting key) const {
  const QVariant& kept = memory_[static_cast<int>(key)];
  if (kept.isValid()) return kept;
  const Row& entry = row(key);
  if (!file_) return entry.fallback;
  QVariant stored = file_->value(entry.name, entry.fallback);
  // A value of another type is somebody's slip of the pen: the default stands in.
  return stored.convert(entry.fallback.metaType()) ? stored : entry.fallback;
}

void Settings::set(Setting key, const QVariant& value) {
  memory_[static_cast<int>(key)] = value;
  if (file_) file_->setValue(row(key).name, value);
}

void Settings::reset(Setting key) {
  memory_[static_cast<int>(key)] = {};
  if (file_) file_->remove(row(key).name);
}

bool Settings::is_writable() const {
  return !file_ || (file_->isWritable() && file_->status() != QSettings::AccessError);
}

void Settings::sync() {
  if (file_) file_->sync();
}

}  // namespace athanor::app
