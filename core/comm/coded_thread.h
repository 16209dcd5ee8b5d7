// A second thread, which waits for peers while its owner computes; it begins with the first run_beside().
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace athanor::comm {

class CodedThread {
 public:
  using Work = std::function<void()>;

  CodedThread() = default;
  ~CodedThread();
  CodedThread(const CodedThread&) = delete;
  CodedThread& operator=(const CodedThread&) = delete;

  // Runs `here` on this thread and `beside` on the other, and returns when both are through. Throws what `here` has
  // thrown, or else what `beside` has.
  void run_beside(const Work& here, const Work& beside);

 private:
  void serve();
  void wait();

  std::mutex mutex_;
  std::condition_variable changed_;
  const Work* work_ = nullptr;  // given and not done
  std::exception_ptr failure_;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace athanor::comm
