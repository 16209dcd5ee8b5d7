#include "core/base/files.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace athanor {
namespace fs = std::filesystem;
namespace {

constexpr const char* kElsewhere = "allow this user to write there, or set ATHANOR_HOME to another folder";

tl::unexpected<Error> system_failure(const char* verb, const fs::path& path, int code) {
  return tl::unexpected(write_refusal(std::string(verb) + " " + path.string(), code));
}

tl::unexpected<Error> not_read(const fs::path& path, int code) {
  return fail(ErrorKind::io, "read " + path.string(), std::generic_category().message(code),
              code == EACCES || code == EPERM ? "allow this user to read it" : "");
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int close() {
    const int result = ::close(fd_);
    fd_ = -1;
    return result;
  }

 private:
  int fd_;
};

// A name beside `path` that no other process or thread uses at the same time.
fs::path beside(const fs::path& path, const char* suffix) {
  static std::atomic<unsigned> counter{0};
  fs::path result = path;
  result += "." + std::to_string(::getpid()) + "-" + std::to_string(counter++) + suffix;
  return result;
}

// For file systems that cannot exchange two names.
Result<void> replace_in_two_steps(const fs::path& fresh, const fs::path& target) {
  const fs::path old = beside(target, ".old");
  if (::rename(target.c_str(), old.c_str()) != 0) return system_failure("replace", target, errno);
  if (::rename(fresh.c_str(), target.c_str()) != 0) {
    const int code = errno;
    if (::rename(old.c_str(), target.c_str()) != 0) return system_failure("restore", target, errno);
    return system_failure("replace", target, code);
  }
  std::error_code ignored;
  fs::remove_all(old, ignored);
  return flush_folder(target.has_parent_path() ? target.parent_path() : fs::path("."));
}

}  // namespace

Error write_refusal(std::string intention, int code) {
  Error error{ErrorKind::io, std::move(intention), std::generic_category().message(code), ""};
  if (code == ENOSPC || code == EDQUOT || code == EFBIG) error.remedy = "free some disk space";
  if (code == EACCES || code == EPERM || code == EROFS) {
    error.kind = ErrorKind::unavailable;
    error.remedy = kElsewhere;
  }
  return error;
}

Result<void> make_folders(const fs::path& folder) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (!code) return {};
  Error error = write_refusal("make the folder " + folder.string(), code.value());
  if (code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory ||
      code == std::errc::file_exists) {
    error.kind = ErrorKind::unavailable;
    error.remedy = kElsewhere;
  }
  return tl::unexpected(std::move(error));
}

Result<std::string> read_file(const fs::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return not_read(path, errno);
  std::string bytes;
  std::error_code ignored;
  if (const auto size = fs::file_size(path, ignored); !ignored) bytes.reserve(size + 1);
  char chunk[1 << 16];
  for (;;) {
    const ssize_t count = ::read(file.get(), chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return not_read(path, errno);
    if (count == 0) return bytes;
    bytes.append(chunk, static_cast<std::size_t>(count));
  }
}

std::int64_t folder_bytes(const fs::path& folder) {
  std::int64_t bytes = 0;
  std::error_code code, ignored;
  for (auto entry = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied, code);
       !code && entry != fs::recursive_directory_iterator(); entry.increment(code)) {
    if (entry->is_symlink(ignored) || !entry->is_regular_file(ignored)) continue;
    const auto size = entry->file_size(ignored);
    if (!ignored) bytes += static_cast<std::int64_t>(size);
  }
  return bytes;
}

Result<void> write_file_flushed(const fs::path& path, std::string_view bytes) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (file.get() < 0) return system_failure("write", path, errno);
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_failure("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fsync(file.get()) != 0 || file.close() != 0) return system_failure("write", path, errno);
  return {};
}

Result<void> write_file_atomically(const fs::path& path, std::string_view bytes) {
  const fs::path temporary = beside(path, ".part");
  if (auto written = write_file_flushed(temporary, bytes); !written) {
    ::unlink(temporary.c_str());
    return written;
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int code = errno;
    ::unlink(temporary.c_str());
    return system_failure("replace", path, code);
  }
  return flush_folder(path.has_parent_path() ? path.parent_path() : fs::path("."));
}

Result<void> flush_folder(const fs::path& folder) {
  const Descriptor handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.get() < 0) return system_failure("flush the folder", folder, errno);
  // Some network file systems cannot flush folders and say EINVAL; there is nothing more to do then.
  if (::fsync(handle.get()) != 0 && errno != EINVAL) return system_failure("flush the folder", folder, errno);
  return {};
}

Result<void> replace_folder(const fs::path& fresh, const fs::path& target) {
  if (auto flushed = flush_folder(fresh); !flushed) return flushed;
  const fs::path parent = target.has_parent_path() ? target.parent_path() : fs::path(".");
  // Both names change hands in one step, so at no moment is there no folder at `target`.
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) {
    auto flushed = flush_folder(parent);
    std::error_code ignored;
    fs::remove_all(fresh, ignored);
    return flushed;
  }
  if (errno != ENOENT) return replace_in_two_steps(fresh, target);
  if (::rename(fresh.c_str(), target.c_str()) != 0) return system_failure("create", target, errno);
  return flush_folder(parent);
}

}  // namespace athanor
