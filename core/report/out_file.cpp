#include "core/report/out_file.h"

#include "core/base/files.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace athanor::report {
namespace fs = std::filesystem;

OutFile::OutFile(const fs::path& file) : file_(file), fresh_(file.string() + ".part") {
  fd_ = ::open(fresh_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd_ < 0) refuse(errno);
}

OutFile::~OutFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  std::error_code ignored;
  fs::remove(fresh_, ignored);
}

void OutFile::refuse(int reason) const { throw Failure(write_refusal("write " + file_.string(), reason)); }

void OutFile::write() {
  std::size_t done = 0;
  while (done < waiting_.size()) {
    const ssize_t got = ::write(fd_, waiting_.data() + done, waiting_.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) refuse(got == 0 ? ENOSPC : errno);
    done += static_cast<std::size_t>(got);
  }
  waiting_.clear();
}

void OutFile::finish() {
  write();
  if (::fsync(fd_) != 0) refuse(errno);
  std::error_code code;
  fs::rename(fresh_, file_, code);
  if (code) refuse(code.value());
  ::close(fd_);
  fd_ = -1;
}

}  // namespace athanor::report
