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

void Planner::plan(PlanQuestion question) {
  question.name = question.name.simplified();
  question.name.replace(QLatin1Char(':'), QLatin1Char('-'));  // a colon ends the name in what the program says
  if (question == question_ && (busy_ || prediction_)) return;
  question_ = std::move(question);
  busy_ = true;
  pause_.start();
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
  asked_ = question_;
  QStringList words = {QStringLiteral("plan"), QStringLiteral("-"), QStringLiteral("--json")};
  if (!asked_.name.isEmpty()) words << QStringLiteral("--recipe-name=") + asked_.name;
  if (!asked_.fork_of.isEmpty())
    words << QStringLiteral("--fork") << QString::number(asked_.fork_step) << QStringLiteral("--from")
          << asked_.fork_of;
  process_->start(program_, words);
  process_->write(asked_.recipe_toml.toUtf8());
  process_->closeWriteChannel();
}

void Planner::finished(int exit_code) {
  faults_.clear();
  if (asked_ != question_) {
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
