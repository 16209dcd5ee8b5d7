#include "app/controllers/run_files.h"

#include "app/bridge/job_thread.h"
#include "core/agent/importing.h"
#include "core/report/report.h"

#include <memory>

namespace athanor::app {
namespace {

// Of all paths together.
struct Imported {
  int added = 0, changed = 0, unchanged = 0, damaged = 0;
  std::vector<Error> failures;
};

void count(const agent::ImportReport& report, Imported& all) {
  for (const agent::ImportedRun& run : report.runs) {
    all.added += run.taken.what == agent::TakenIn::What::added ? 1 : 0;
    all.changed += run.taken.what == agent::TakenIn::What::changed ? 1 : 0;
    all.unchanged += run.taken.what == agent::TakenIn::What::unchanged ? 1 : 0;
    all.damaged += run.facts.lost.empty() ? 0 : 1;
  }
  all.failures.insert(all.failures.end(), report.failures.begin(), report.failures.end());
}

Imported import_all(const std::filesystem::path& home, const std::vector<std::string>& paths,
                    const std::stop_token& stop) {
  Imported all;
  const auto client = agent::Client::connect(home);
  if (!client) {
    all.failures.push_back(client.error());
    return all;
  }
  for (const std::string& path : paths) {
    const auto report = agent::import_runs(**client, home, path, imports::Format::automatic, {}, stop);
    if (report)
      count(*report, all);
    else
      all.failures.push_back(report.error());
  }
  return all;
}

}  // namespace

RunFiles::RunFiles(std::filesystem::path history, QObject* parent)
    : QObject(parent), history_(std::move(history)), jobs_(new JobThread(this)) {}

RunFiles::~RunFiles() = default;

void RunFiles::import_from(const QStringList& paths) {
  std::vector<std::string> plain;
  for (const QString& path : paths) plain.push_back(s(path));
  Q_EMIT notice({NoticeKind::info, tr("Importing runs"), tr("They come into the list one by one."), {}, {}});
  jobs_->post(
      this, {}, [this, home = history_.parent_path(), plain](const std::stop_token& stop) -> JobThread::Deliver {
        auto all = std::make_shared<Imported>(import_all(home, plain, stop));
        return [this, all] {
          for (const Error& error : all->failures) Q_EMIT notice(notice_of(error));
          if (all->added + all->changed + all->unchanged == 0) return;
          const QString rest = tr("%1 had grown and %2 were here before.").arg(all->changed).arg(all->unchanged);
          const QString damage = all->damaged == 0
                                     ? QString()
                                     : tr("Of %n run(s) something was damaged and is missing.", nullptr, all->damaged);
          Q_EMIT notice({all->damaged == 0 ? NoticeKind::good : NoticeKind::warning,
                         tr("Imported %n run(s)", nullptr, all->added),
                         rest,
                         damage,
                         {}});
        };
      });
}

void RunFiles::export_to(const std::vector<store::RunId>& runs, const QString& file) {
  jobs_->post(this, {}, [this, history = history_, runs, path = s(file)](const std::stop_token&) -> JobThread::Deliver {
    const auto write = [&]() -> Result<std::vector<std::filesystem::path>> {
      const auto form = report::form_of(path);
      if (!form) return tl::unexpected(form.error());
      const auto reader = store::Reader::open(history);
      if (!reader) return tl::unexpected(reader.error());
      return report::write_runs(**reader, runs, *form, path);
    };
    auto written = std::make_shared<Result<std::vector<std::filesystem::path>>>(write());
    return [this, written, count = static_cast<int>(runs.size())] {
      if (!*written) {
        Q_EMIT notice(notice_of(written->error()));
        return;
      }
      QStringList files;
      for (const std::filesystem::path& each : **written) files.push_back(q(each.string()));
      Q_EMIT notice(
          {NoticeKind::good, tr("Exported %n run(s)", nullptr, count), files.join(QLatin1String(", ")), {}, {}});
    };
  });
}

}  // namespace athanor::app
