#include "app/controllers/layout_finder.h"

#include "app/controllers/planner.h"

#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>

#include <utility>

namespace athanor::app {

LayoutFinder::LayoutFinder(QString program, QObject* parent) : QObject(parent), program_(std::move(program)) {}

LayoutFinder::~LayoutFinder() { stop(); }

void LayoutFinder::stop() {
  if (!process_) return;
  process_->disconnect(this);
  process_->kill();
  process_->waitForFinished(200);
  process_.reset();
}

std::vector<FoundLayout> LayoutFinder::read(const QByteArray& json) {
  std::vector<FoundLayout> out;
  const QJsonObject said = QJsonDocument::fromJson(json).object();
  for (const QJsonValue& layout : said[u"layouts"].toArray()) {
    FoundLayout& found = out.emplace_back();
    for (const QJsonValue& assignment : layout[u"set"].toArray()) found.set << assignment.toString();
    found.ranks = layout[u"ranks"].toInt();
    found.step_seconds = layout[u"step_seconds"].toDouble();
    found.bubble = layout[u"bubble"].toDouble();
    found.memory_bytes = layout[u"memory_bytes"].toDouble();
    found.bytes_on_wire = layout[u"bytes_on_wire_per_step"].toDouble();
  }
  return out;
}

void LayoutFinder::find(const QString& recipe_toml) {
  stop();
  found_.clear();
  trouble_ = Trouble::none;
  process_ = std::make_unique<QProcess>();
  connect(process_.get(), &QProcess::finished, this, [this](int exit_code) { finished(exit_code); });
  connect(process_.get(), &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error == QProcess::FailedToStart) end(Trouble::no_start);
  });
  process_->start(program_,
                  {QStringLiteral("plan"), QStringLiteral("-"), QStringLiteral("--layouts"), QStringLiteral("--json")});
  process_->write(recipe_toml.toUtf8());
  process_->closeWriteChannel();
  Q_EMIT changed();
}

void LayoutFinder::forget() {
  if (!process_ && found_.empty() && trouble_ == Trouble::none) return;
  stop();
  found_.clear();
  trouble_ = Trouble::none;
  Q_EMIT changed();
}

void LayoutFinder::finished(int exit_code) {
  const QByteArray said = process_->readAllStandardOutput();
  if (process_->exitStatus() == QProcess::NormalExit && exit_code == 0) {
    found_ = read(said);
    return end(found_.empty() ? Trouble::no_room : Trouble::none);
  }
  const QString why = Planner::read_refusal(said).trouble;
  end(why.isEmpty() ? Trouble::sudden_end : Trouble::told, why);
}

QString LayoutFinder::trouble() const {
  switch (trouble_) {
    case Trouble::no_start:
      return tr("Layouts need %1, which could not be started.").arg(QFileInfo(program_).fileName());
    case Trouble::no_room: return tr("No layout fits into the memory of this machine.");
    case Trouble::sudden_end: return tr("The search ended unexpectedly.");
    case Trouble::told: return told_;
    case Trouble::none: break;
  }
  return {};
}

void LayoutFinder::end(Trouble trouble, const QString& told) {
  trouble_ = trouble;
  told_ = told;
  process_.release()->deleteLater();  // it is the one that says so
  Q_EMIT changed();
}

}  // namespace athanor::app
