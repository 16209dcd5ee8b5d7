#include "app/controllers/planner.h"

#include "app/feedback/notice.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>

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
  if (question == question_ && (busy_ || prediction_)) return;
  question_ = std::move(question);
  busy_ = true;
  pause_.start();
  Q_EMIT changed();
}

Planner::Refusal Planner::read_refusal(const QByteArray& json) {
  const QJsonObject said = QJsonDocument::fromJson(json).object();
  const QJsonObject error = said[u"error"].toObject();
  Refusal out;
  for (const QJsonValue& fault : said[u"faults"].toArray())
    out.faults.push_back(
        {fault[u"line"].toInt(), s(fault[u"field"].toString()), s(fault[u"reason"].toString()), {}, {}});
  if (out.faults.empty() && !error.isEmpty()) {
    const auto part = [&](QStringView key) { return s(error[key].toString()); };
    out.trouble = q(Error{ErrorKind::invalid_input, part(u"intention"), part(u"cause"), part(u"remedy")}.message());
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
    if (error == QProcess::FailedToStart) give_up(Trouble::no_start);
  });
  asked_ = question_;
  QStringList words = {QStringLiteral("plan"), QStringLiteral("-"), QStringLiteral("--json")};
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
    Refusal refusal = read_refusal(process_->readAllStandardOutput());
    const bool silent = refusal.faults.empty() && refusal.trouble.isEmpty();
    faults_ = std::move(refusal.faults);
    give_up(silent ? Trouble::sudden_end : Trouble::told, refusal.trouble);
    return;
  }
  auto read = recipe::prediction_from_json(process_->readAllStandardOutput().toStdString());
  if (!read) {
    give_up(Trouble::told, QString::fromStdString(read.error().message()));
    return;
  }
  prediction_ = std::move(*read);
  trouble_ = Trouble::none;
  busy_ = false;
  Q_EMIT changed();
}

void Planner::give_up(Trouble trouble, const QString& told) {
  busy_ = false;
  prediction_.reset();
  trouble_ = trouble;
  told_ = told;
  Q_EMIT changed();
}

QString Planner::trouble() const {
  switch (trouble_) {
    case Trouble::no_start:
      return tr("The plan needs %1, which could not be started.").arg(QFileInfo(program_).fileName());
    case Trouble::sudden_end: return tr("The plan ended unexpectedly.");
    case Trouble::told: return told_;
    case Trouble::none: break;
  }
  return {};
}

}  // namespace athanor::app
