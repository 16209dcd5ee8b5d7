#include "app/models/command_line_text.h"

#include <QCoreApplication>
#include <QDir>
#include <QRegularExpression>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

struct CommandWords {
  Q_DECLARE_TR_FUNCTIONS(athanor::app::CommandWords)
};

// Takes a value behind an option, or after "=" in it.
std::optional<QString> value_behind(const QStringList& words, qsizetype& at, const QString& option) {
  if (words[at].startsWith(option + u'=')) return words[at].mid(option.size() + 1);
  if (words[at] != option) return std::nullopt;
  return ++at < words.size() ? words[at] : QString();
}

bool is_option(const QString& word, const QString& option) { return word == option || word.startsWith(option + u'='); }

// Takes the options of words from `at` on; the fault is left in the command.
void take_options(const QStringList& words, qsizetype at, TrainCommand& command) {
  for (; at < words.size() && command.fault.isEmpty(); ++at) {
    const QString word = words[at];
    if (is_option(word, u"--set"_s)) {
      const QString set = value_behind(words, at, u"--set"_s).value_or(QString());
      if (!set.contains(u'=')) command.fault = CommandWords::tr("--set needs a field and its value: train.steps=200");
      command.sets << set;
    } else if (is_option(word, u"--fork"_s)) {
      bool is_number = false;
      command.fork_step = value_behind(words, at, u"--fork"_s).value_or(QString()).toLongLong(&is_number);
      if (!is_number || *command.fork_step < 0) command.fault = CommandWords::tr("--fork needs a step");
    } else if (is_option(word, u"--from"_s)) {
      command.from = path_of_shell(value_behind(words, at, u"--from"_s).value_or(QString()));
      if (command.from.isEmpty()) command.fault = CommandWords::tr("--from needs the folder of a run");
    } else if (word.startsWith(u'-')) {
      command.fault = CommandWords::tr("“%1” cannot be said here: only --set, --fork and --from").arg(word);
    } else if (command.file.isEmpty()) {
      command.file = path_of_shell(word);
    } else {
      command.fault = CommandWords::tr("“%1” is one recipe too many").arg(word);
    }
  }
}

}  // namespace

std::optional<QStringList> shell_words(const QString& text) {
  QStringList words;
  QString word;
  bool has_word = false;
  for (qsizetype i = 0; i < text.size(); ++i) {
    const QChar c = text[i];
    if (c == u'\'' || c == u'"') {
      has_word = true;
      qsizetype end = i + 1;
      for (; end < text.size() && text[end] != c; ++end) {
        if (c == u'"' && text[end] == u'\\' && end + 1 < text.size()) ++end;
        word += text[end];
      }
      if (end >= text.size()) return std::nullopt;
      i = end;
    } else if (c == u'\\') {
      if (i + 1 >= text.size()) return std::nullopt;
      ++i;
      if (text[i] == u'\n') continue;  // the line goes on
      has_word = true;
      word += text[i];
    } else if (c.isSpace()) {
      if (has_word) words << word;
      word.clear();
      has_word = false;
    } else {
      has_word = true;
      word += c;
    }
  }
  if (has_word) words << word;
  return words;
}

QString shell_word(const QString& text) {
  static const QRegularExpression kPlain(u"^[A-Za-z0-9_./:=+,@%-]+\\z"_s);
  return kPlain.match(text).hasMatch() ? text : u'\'' + QString(text).replace(u'\'', u"'\\''"_s) + u'\'';
}

QString shell_path(const QString& file) {
  const QString home = QDir::homePath() + u'/';
  return home.size() > 1 && file.startsWith(home) ? u"~/"_s + shell_word(file.mid(home.size())) : shell_word(file);
}

QString path_of_shell(const QString& word) { return word.startsWith(u"~/") ? QDir::homePath() + word.mid(1) : word; }

TrainCommand parse_train_command(const QString& text) {
  TrainCommand command;
  const auto words = shell_words(text);
  if (!words) {
    command.fault = CommandWords::tr("a quotation does not end");
    return command;
  }
  if (words->size() < 2 || !words->at(0).endsWith(u"athanor-run"_s) || words->at(1) != u"train"_s) {
    command.fault = CommandWords::tr("it begins with: athanor-run train");
    return command;
  }
  take_options(*words, 2, command);
  if (command.fault.isEmpty() && command.file.isEmpty()) command.fault = CommandWords::tr("it names no recipe");
  return command;
}

}  // namespace athanor::app
