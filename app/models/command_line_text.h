// The command that trains a recipe, as text: "athanor-run train starter.toml --set train.steps=200". Pure; any thread.
#pragma once

#include <QString>
#include <QStringList>

#include <cstdint>
#include <optional>

namespace athanor::app {

struct TrainCommand {
  QString file{};      // of the recipe
  QStringList sets{};  // "train.steps=200"
  std::optional<std::int64_t> fork_step{};
  QString from{};   // folder of the run that is forked; empty: the one the file lies in
  QString fault{};  // not empty: it is no such command, and why
};
[[nodiscard]] TrainCommand parse_train_command(const QString& text);

// The words of a command as a shell takes them apart; nothing where a quotation does not end.
[[nodiscard]] std::optional<QStringList> shell_words(const QString& text);
// One word, quoted as far as a shell needs it.
[[nodiscard]] QString shell_word(const QString& text);
// A file below the person's home by the short name shells know for it, and back.
[[nodiscard]] QString shell_path(const QString& file);
[[nodiscard]] QString path_of_shell(const QString& word);

}  // namespace athanor::app
