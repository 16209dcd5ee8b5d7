// Reads history.db on a thread of its own. Requests are functions of a Reader; their results come back on the GUI
// thread (see JobThread for guards and keys). Without notices from the agent it watches the store itself. GUI thread
// only.
#pragma once

#include "app/bridge/job_thread.h"
#include "core/base/result.h"
#include "core/store/reader.h"

#include <filesystem>
#include <memory>
#include <optional>

namespace athanor::app {

class HistoryReader final : public QObject {
  Q_OBJECT
 public:
  explicit HistoryReader(std::filesystem::path file, QObject* parent = nullptr);
  ~HistoryReader() override;

  template <class T>
  void ask(QObject* guard, const QString& key, std::function<Result<T>(store::Reader&)> job,
           std::function<void(Result<T>)> done) {
    thread_->post(guard, key,
                  [this, ask = std::move(job), tell = std::move(done)](const std::stop_token&) -> JobThread::Deliver {
                    auto result = std::make_shared<Result<T>>(with_reader<T>(ask));
                    return [result, tell] { tell(std::move(*result)); };
                  });
  }
  // Opens the file anew at the next question: another may have taken its place.
  void reopen();
  // Whether to look for commits every 100 ms.
  void set_watching(bool on);
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 Q_SIGNALS:
  void committed();  // something in the store changed

 private:
  template <class T>
  Result<T> with_reader(const std::function<Result<T>(store::Reader&)>& job) {
    if (auto opened = open(); !opened) return tl::unexpected<Error>(opened.error());
    return job(*reader_);
  }
  // What lies at a path now: a history that is built anew takes the old one's place under the same name.
  struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    bool operator==(const Identity&) const = default;
  };
  [[nodiscard]] std::optional<Identity> identity() const;  // nothing: no such file
  Result<void> open();                                     // job thread; anew when another file has taken the place
  JobThread::Deliver look();

  std::filesystem::path file_;
  std::unique_ptr<store::Reader> reader_;  // job thread
  Identity opened_;                        // job thread; of the file reader_ reads
  std::int64_t seen_version_ = -1;         // job thread
  JobThread* thread_ = nullptr;
};

}  // namespace athanor::app
