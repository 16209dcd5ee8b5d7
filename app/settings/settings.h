// Everything the window remembers, in one typed table. Kept in <home>/settings.ini; keys of other versions survive.
// GUI thread only. A store that cannot be written keeps its values for this session and says so through is_writable().
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>
#include <QVariant>

#include <filesystem>
#include <memory>

class QSettings;

namespace athanor::app {

enum class Setting {
  theme,                // "system", "light", "dark", "contrast"
  text_size,            // int, per cent
  language,             // "system" or a code: "de"
  time_style,           // "age", "date"
  notify_ends,          // bool
  window_geometry,      // bytes
  window_layout,        // bytes, of the layout version
  layout_version,       // int
  last_page,            // page id
  runs_header,          // bytes: column order and widths
  runs_hidden_columns,  // list of column numbers
  runs_details_open,    // bool
  runs_splitter,        // bytes
  experiment_splitter,
  experiment_draft,  // recipe text of what was set up and not launched
  live_smoothing,    // double 0…1
  live_axis,         // what x means, as AxisButton::id
  log_y_metrics,     // list of metric groups drawn logarithmically
  compared_runs,     // list, see ComparedRuns::texts
  compared_metrics,  // list of names
  compare_view,      // which of the page's views
  compare_axis,      // what x means
  compare_splitter,
  count_  // not a setting
};

class Settings {
 public:
  // An empty path keeps everything in memory (tests, screenshots).
  explicit Settings(const std::filesystem::path& file);
  ~Settings();

  [[nodiscard]] QVariant value(Setting key) const;
  [[nodiscard]] QString text(Setting key) const { return value(key).toString(); }
  [[nodiscard]] QByteArray bytes(Setting key) const { return value(key).toByteArray(); }
  [[nodiscard]] bool flag(Setting key) const { return value(key).toBool(); }
  void set(Setting key, const QVariant& value);
  void reset(Setting key);
  [[nodiscard]] bool is_writable() const;
  void sync();

 private:
  std::unique_ptr<QSettings> file_;
  QVariant memory_[static_cast<int>(Setting::count_)];
};

}  // namespace athanor::app
