#include "app/controllers/planner.h"

#include <QFileInfo>
#include <QProcess>
#include <QRegularExpression>

#include <algorithm>

namespace athanor::app {
namespace {
constexpr int kPauseMs = 150;
}

Planner::Planner(QString program, QObject* parent) : QObject(parent), program_(std::move(program)) {
  pause_.setSingleShot(true);
  pause_.setInterval(kPauseMs);
  connect(&pause_, &QTimer::timeout, this, [this] { run(); });
}

Planner::~Planner() {
  if (!process_) return;
  process_->disconnect(this);
  process_->kill();
  process_->waitForFinished(200);
}

void Planner::plan(const QString& recipe_toml, const QString& name) {
  if (recipe_toml == recipe_ && (busy_ || prediction_)) return;
  recipe_ = recipe_toml;
  name_ = name.simplified();
  name_.replace(QLatin1Char(':'), QLatin1Char('-'));  // a colon ends the name in what the program says
  busy_ = true;
  pause_.start();
  Q_EMIT changed();
}

void Planner::forget() {
  pause_.stop();
  if (process_) process_->kill();
  recipe_.clear();
  busy_ = false;
  prediction_.reset();
  trouble_.clear();
  faults_.clear();
  Q_EMIT changed();
}

std::vector<recipe::Fault> Planner::read_faults(const QString& text) {
  static const QRegularExpression kLine(
      QStringLiteral("^[^:\\n]*:(?:(\\d+):)? (?:([a-z_]+\\.[a-z0-9_]+): |(?=syntax error: ))(.+)$"),
      QRegularExpression::MultilineOption);
  std::vector<recipe::Fault> out;
  for (auto found = kLine.globalMatch(text); found.hasNext();) {
    const QRegularExpressionMatch match = found.next();
    out.push_back({match.captured(1).toInt(), match.captured(2).toStdString(), match.captured(3).toStdString()});
  }
  return out;
}

void Planner::run() {
  if (process_ && process_->state() != QProcess::NotRunning) {
    process_->kill();  // its end starts the newer question
    return;
  }
  process_ = std::make_unique<QProcess>();
  connect(process_.get(), &QProcess::finished, this, [this](int exit_code) { finished(exit_code); });
  connect(process_.get(), &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error == QProcess::FailedToStart)
      give_up(tr("The plan needs %1, which could not be started.").arg(QFileInfo(program_).fileName()));
  });
  const QByteArray recipe = recipe_.toUtf8();
  QStringList words = {QStringLiteral("plan"), QStringLiteral("-"), QStringLiteral("--json")};
  if (!name_.isEmpty()) words << QStringLiteral("--recipe-name=") + name_;
  process_->start(program_, words);
  process_->write(recipe);
  process_->closeWriteChannel();
  process_->setProperty("recipe", recipe_);
}

void Planner::finished(int exit_code) {
  const QString asked = process_->property("recipe").toString();
  faults_.clear();
  if (asked != recipe_) {
    if (busy_) pause_.start();
    return;
  }
  if (process_->exitStatus() != QProcess::NormalExit || exit_code != 0) {
    const QString text = QString::fromUtf8(process_->readAllStandardError()).trimmed();
    faults_ = read_faults(text);
    // With nothing but syntax errors there is no field to show them at.
    if (std::ranges::any_of(faults_, [](const recipe::Fault& fault) { return !fault.field.empty(); })) {
      give_up({});
      return;
    }
    faults_.clear();
    give_up(text.isEmpty() ? tr("The plan ended unexpectedly.") : text.section(QLatin1Char('\n'), -1));
    return;
  }
  auto read = recipe::prediction_from_json(process_->readAllStandardOutput().toStdString());
  if (!read) {
    give_up(QString::fromStdString(read.error().message()));
    return;
  }
  prediction_ = std::move(*read);
  trouble_.clear();
  busy_ = false;
  Q_EMIT changed();
}

void Planner::give_up(const QString& why) {
  busy_ = false;
  prediction_.reset();
  trouble_ = why;
  Q_EMIT changed();
}

}  // namespace athanor::app
