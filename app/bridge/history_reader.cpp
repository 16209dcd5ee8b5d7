#include "app/bridge/history_reader.h"

namespace athanor::app {

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

Result<void> HistoryReader::open() {
  if (reader_) return {};
  std::error_code code;
  if (!std::filesystem::exists(file_, code)) return fail(ErrorKind::io, "open the history", "it does not exist yet");
  auto opened = store::Reader::open(file_);
  if (!opened) return tl::unexpected<Error>(opened.error());
  reader_ = std::move(*opened);
  seen_version_ = reader_->data_version();
  return {};
}

JobThread::Deliver HistoryReader::look() {
  const bool fresh = reader_ == nullptr;
  if (!open()) return {};
  const std::int64_t version = reader_->data_version();
  if (!fresh && version == seen_version_) return {};
  seen_version_ = version;
  return [this] { Q_EMIT committed(); };
}

}  // namespace athanor::app
