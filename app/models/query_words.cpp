#include "app/models/query_words.h"

#include <QCoreApplication>

namespace athanor::app {
namespace {

struct QueryWords {
  Q_DECLARE_TR_FUNCTIONS(QueryWords)
};

QString names_of(const std::vector<std::string>& names) {
  QStringList out;
  for (const std::string& name : names) out << QString::fromStdString(name);
  return out.join(QStringLiteral(", "));
}

QString words_of(const QString& place, const query::Fault& fault) {
  switch (fault.kind) {
    case query::FaultKind::unknown_name: return QueryWords::tr("“%1” is no field, parameter or metric.").arg(place);
    case query::FaultKind::ambiguous_name:
      return QueryWords::tr("“%1” may be any of: %2.").arg(place, names_of(fault.candidates));
    case query::FaultKind::wrong_type:
      return QueryWords::tr("“%1” cannot be compared or computed with what stands beside it.").arg(place);
    case query::FaultKind::bad_pattern: return QueryWords::tr("“%1” is no regular expression.").arg(place);
    case query::FaultKind::bad_date: return QueryWords::tr("“%1” is in no calendar.").arg(place);
    case query::FaultKind::too_large: return QueryWords::tr("This is longer or deeper than a query may be.");
    case query::FaultKind::syntax: break;
  }
  return place.isEmpty() ? QueryWords::tr("Something is missing at the end.")
                         : QueryWords::tr("“%1” does not fit here.").arg(place);
}

}  // namespace

QString fault_words(const QString& typed, const query::Faults& faults) {
  if (faults.empty()) return {};
  const query::Fault& fault = faults.front();
  const QByteArray bytes = typed.toUtf8().sliced(
      static_cast<qsizetype>(std::min(fault.position, static_cast<std::size_t>(typed.toUtf8().size()))));
  const QString place = QString::fromUtf8(bytes.first(std::min(static_cast<qsizetype>(fault.length), bytes.size())));
  const QString words = words_of(place, fault);
  if (fault.nearest.empty()) return words;
  return words + u' ' + QueryWords::tr("Perhaps %1 is meant.").arg(QString::fromStdString(fault.nearest));
}

QString candidate_words(const query::Candidate& candidate) {
  if (candidate.origin == query::Origin::metric) return QueryWords::tr("metric");
  if (candidate.origin == query::Origin::parameter) return QueryWords::tr("field of the recipe");
  if (candidate.origin == query::Origin::field) return QueryWords::tr("of the run");
  if (candidate.kind == query::CandidateKind::function) return QueryWords::tr("over the whole curve");
  return {};
}

}  // namespace athanor::app
