#include "app/models/queue_words.h"

#include <QCoreApplication>
#include <QStringList>

namespace athanor::app {
namespace {

using agent::Why;

struct QueueWords {
  Q_DECLARE_TR_FUNCTIONS(QueueWords)
};

QString numbers(const std::vector<store::RunId>& runs) {
  QStringList texts;
  for (const store::RunId run : runs) texts << QString::number(run);
  return texts.join(QStringLiteral(", "));
}

QString reason(const agent::QueueEntry& entry) {
  const QString turn = QueueWords::tr("waits for its turn");  // lupdate takes the case's name for a keyword
  const int others = static_cast<int>(entry.waits_for.size());
  switch (entry.why) {
    case Why::starts: return QueueWords::tr("begins now");
    case Why::held: return QueueWords::tr("held");
    case Why::fault:
      return others == 0 ? QueueWords::tr("held, something went wrong")
                         : QueueWords::tr("held, what it follows went wrong");
    case Why::sweep_held: return QueueWords::tr("its sweep is held");
    case Why::after: return QueueWords::tr("after run(s) %1", nullptr, others).arg(numbers(entry.waits_for));
    case Why::later: return QueueWords::tr("tries again soon");
    case Why::queue_held: return QueueWords::tr("the queue is held");
    case Why::cores: return QueueWords::tr("waits for %n core(s)", nullptr, entry.room.cores);
    case Why::gpus: return QueueWords::tr("waits for %n GPU(s)", nullptr, entry.room.gpus);
    case Why::behind: return QueueWords::tr("behind run %1").arg(numbers(entry.waits_for));
    case Why::slots: break;
  }
  return turn;
}

}  // namespace

QString queue_words(const agent::QueueEntry& entry) {
  return QStringLiteral("%1: %2").arg(entry.position).arg(reason(entry));
}

QString queue_sentence(const agent::QueueEntry& entry) {
  QString text = QueueWords::tr("Place %1 of the queue, priority %2: %3")
                     .arg(entry.position)
                     .arg(entry.job.priority)
                     .arg(reason(entry));
  if (entry.why == Why::later)
    text += QLatin1Char('\n') +
            QueueWords::tr("The last attempt ended with: %1").arg(QString::fromStdString(entry.job.retry.fault));
  if (entry.why == Why::fault && !entry.job.hold_reason.empty())
    text += QLatin1Char('\n') + QString::fromStdString(entry.job.hold_reason);
  return text;
}

}  // namespace athanor::app
