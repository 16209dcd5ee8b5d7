#include "app/bootstrap/command_line.h"

#include "app/language/language_switch.h"

#include <QCommandLineParser>
#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <string_view>

namespace athanor::app {
namespace {
using namespace Qt::Literals::StringLiterals;
}

bool needs_no_display(int count, char** words) {
  constexpr std::array<std::string_view, 6> kAnswers{"--screenshot", "-h", "--help", "--help-all", "-v", "--version"};
  return std::any_of(words + std::min(count, 1), words + count, [&](std::string_view word) {
    return std::ranges::find(kAnswers, word.substr(0, word.find('='))) != kAnswers.end();
  });
}

bool has_display(int count, char** words) {
  const bool names_platform = std::any_of(
      words, words + count, [](std::string_view word) { return word == "-platform" || word == "--platform"; });
  return names_platform || std::ranges::any_of(std::array{"QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY"},
                                               [](const char* name) { return !qEnvironmentVariableIsEmpty(name); });
}

CommandLine read_command_line(const QCoreApplication& application) {
  QCommandLineParser parser;
  parser.setApplicationDescription(QCoreApplication::translate("CommandLine", "The workbench window of Athanor."));
  parser.addHelpOption();
  parser.addVersionOption();
  const auto option = [&](const QString& name, const QString& help, const QString& value = {}) {
    parser.addOption({name, help, value});
  };
  option(u"screenshot"_s, QCoreApplication::translate("CommandLine", "Render one page into a PNG file and leave."),
         u"file"_s);
  option(u"page"_s,
         QCoreApplication::translate("CommandLine", "Page to show: runs, experiment, live, compare or preferences."),
         u"name"_s);
  option(u"theme"_s, QCoreApplication::translate("CommandLine", "Look for this session: light, dark or contrast."),
         u"look"_s);
  option(u"language"_s, QCoreApplication::translate("CommandLine", "Language for this session: en, de or zh."),
         u"code"_s);
  option(u"run"_s, QCoreApplication::translate("CommandLine", "Number of the run to open."), u"id"_s);
  option(u"compare"_s,
         QCoreApplication::translate("CommandLine", "Numbers of runs to lay side by side, the baseline first: 3,1,2."),
         u"ids"_s);
  option(u"size"_s, QCoreApplication::translate("CommandLine", "Size of the window, for example 1360x860."), u"WxH"_s);
  option(u"recipe"_s, QCoreApplication::translate("CommandLine", "Recipe file to start a new experiment from."),
         u"file"_s);
  option(u"scroll"_s,
         QCoreApplication::translate("CommandLine", "Part of the live page to show: timeline, board or bottom."),
         u"part"_s);
  option(u"view"_s,
         QCoreApplication::translate("CommandLine",
                                     "View of the compare page: curves, differences, relations, pictures or lineage."),
         u"view"_s);
  option(u"do"_s, QCoreApplication::translate("CommandLine", "Action to run before the page is rendered, by its id."),
         u"action"_s);
  option(u"recipe-text"_s, QCoreApplication::translate("CommandLine", "Show the recipe as text."));
  option(u"startup-time"_s,
         QCoreApplication::translate(
             "CommandLine",
             "Print the milliseconds from the start of the process to the first interactive frame, and leave."));
  option(u"trace-latency"_s, QCoreApplication::translate(
                                 "CommandLine", "Print for every drawn sample how long it took from being measured."));
  QCommandLineOption developer(u"developer"_s);
  developer.setFlags(QCommandLineOption::HiddenFromHelp);
  parser.addOption(developer);
  parser.process(application);
  CommandLine out;
  out.screenshot = parser.value(u"screenshot"_s);
  out.page = parser.value(u"page"_s);
  out.theme = parser.value(u"theme"_s);
  out.language = parser.value(u"language"_s);
  out.recipe = parser.value(u"recipe"_s);
  out.scroll = parser.value(u"scroll"_s);
  out.view = parser.value(u"view"_s);
  out.action = parser.value(u"do"_s);
  out.recipe_text = parser.isSet(u"recipe-text"_s);
  out.startup_time = parser.isSet(u"startup-time"_s);
  out.trace_latency = parser.isSet(u"trace-latency"_s);
  out.developer = parser.isSet(developer);
  bool good = true;
  if (parser.isSet(u"run"_s)) out.run = parser.value(u"run"_s).toLongLong(&good);
  if (!good) out.fault = QCoreApplication::translate("CommandLine", "--run: must be the number of a run");
  for (const QString& each : parser.value(u"compare"_s).split(u',', Qt::SkipEmptyParts)) {
    bool is_number = false;
    out.compare << each.toLongLong(&is_number);
    if (!is_number) out.fault = QCoreApplication::translate("CommandLine", "--compare: must look like 3,1,2");
  }
  if (parser.isSet(u"size"_s)) {
    const QStringList parts = parser.value(u"size"_s).split(u'x');
    out.size = parts.size() == 2 ? QSize(parts[0].toInt(), parts[1].toInt()) : QSize();
    if (out.size->width() < 320 || out.size->height() < 240)
      out.fault = QCoreApplication::translate("CommandLine", "--size: must look like 1360x860, at least 320x240");
  }
  const QStringList pages{u"runs"_s, u"experiment"_s, u"live"_s, u"compare"_s, u"preferences"_s};
  if (!out.page.isEmpty() && !pages.contains(out.page))
    out.fault =
        QCoreApplication::translate("CommandLine", "--page: must be runs, experiment, live, compare or preferences");
  const QStringList views{u"curves"_s, u"differences"_s, u"relations"_s, u"pictures"_s, u"lineage"_s};
  if (!out.view.isEmpty() && !views.contains(out.view))
    out.fault = QCoreApplication::translate("CommandLine",
                                            "--view: must be curves, differences, relations, pictures or lineage");
  if (!out.theme.isEmpty() && !QStringList{u"light"_s, u"dark"_s, u"contrast"_s}.contains(out.theme))
    out.fault = QCoreApplication::translate("CommandLine", "--theme: must be light, dark or contrast");
  if (!out.language.isEmpty() && !is_language(out.language))
    out.fault = QCoreApplication::translate("CommandLine", "--language: must be en, de or zh");
  return out;
}

}  // namespace athanor::app
