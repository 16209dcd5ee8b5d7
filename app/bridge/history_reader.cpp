#include "app/bridge/history_reader.h"

#include <sys/stat.h>

namespace athanor::app {
namespace {
constexpr std::int64_t kUnseen = -1;
}

HistoryReader::HistoryReader(std::filesystem::path file, QObject* parent) : QObject(parent), file_(std::move(file)) {
  thread_ = new JobThread(this);
  thread_->set_idle(std::chrono::milliseconds(100), [this](const std::stop_token&) { return look(); });
}

HistoryReader::~HistoryReader() {
  delete thread_;  // joined before the reader goes
  thread_ = nullptr;
}

void HistoryReader::set_watching(bool on) { thread_->set_idle_enabled(on); }

void HistoryReader::reopen() {
  thread_->post(this, {}, [this](const std::stop_token&) -> JobThread::Deliver {
    reader_.reset();
    return {};
  });
}

std::optional<HistoryReader::Identity> HistoryReader::identity() const {
  struct stat about {};
  if (::stat(file_.c_str(), &about) != 0) return std::nullopt;
  return Identity{about.st_dev, about.st_ino};
}

Result<void> HistoryReader::open() {
  const std::optional<Identity> there = identity();
  // While one file makes room for the other the old one is still good to read.
  if (reader_ && (!there || *there == opened_)) return {};
  reader_.reset();
  if (!there) return fail(ErrorKind::io, "open the history", "it does not exist yet");
  auto opened = store::Reader::open(file_);
  if (!opened) return tl::unexpected<Error>(opened.error());
  reader_ = std::move(*opened);
  // From before the opening: a file that came in between is found at the next look.
  opened_ = *there;
  seen_version_ = kUnseen;
  return {};
}

JobThread::Deliver HistoryReader::look() {
  if (!open()) return {};
  const std::int64_t version = reader_->data_version();
  if (version == seen_version_) return {};
  seen_version_ = version;
  return [this] { Q_EMIT committed(); };
}

}  // namespace athanor::app
