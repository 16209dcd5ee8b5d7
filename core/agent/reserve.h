// Room on the disk that is kept for the last word on a run: what fills the disk is often the run itself, and a history
// that cannot be written would show it as going on for ever.
#pragma once

#include <filesystem>

namespace athanor::agent {

class Reserve {
 public:
  explicit Reserve(std::filesystem::path file) : file_(std::move(file)) {}

  // Makes the file where the disk has plenty of room left; quiet where it has not.
  void keep();
  // Gives its room back where the disk has little left. False when there was none to give.
  bool release();

 private:
  std::filesystem::path file_;
};

}  // namespace athanor::agent
