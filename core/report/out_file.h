// A file that is written piece by piece and stands under its name only once all of it does. Throws Failure. Not for
// concurrent use.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace athanor::report {

class OutFile {
 public:
  explicit OutFile(const std::filesystem::path& file);
  // Takes away what was not finished.
  ~OutFile();
  OutFile(const OutFile&) = delete;
  OutFile& operator=(const OutFile&) = delete;

  void add(std::string_view text) {
    waiting_ += text;
    if (waiting_.size() >= kPiece) write();
  }
  void finish();

 private:
  static constexpr std::size_t kPiece = 1U << 20;
  void write();
  [[noreturn]] void refuse(int reason) const;

  std::filesystem::path file_, fresh_;
  int fd_ = -1;
  std::string waiting_;
};

}  // namespace athanor::report
