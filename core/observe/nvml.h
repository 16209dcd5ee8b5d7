// The driver's management library (NVML), opened for as long as this lives. Internal to core/observe.
#pragma once

#include <string>

namespace athanor::observe {

inline constexpr int kNvmlSuccess = 0;

class Nvml {
 public:
  explicit Nvml(const std::string& library);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  template <class Function>
  [[nodiscard]] bool find(Function& function, const char* name) const {
    function = reinterpret_cast<Function>(symbol(name));
    return function != nullptr;
  }
  // Why it cannot be used; empty where it can.
  [[nodiscard]] std::string begin();

 private:
  [[nodiscard]] void* symbol(const char* name) const;

  std::string name_;
  void* file_ = nullptr;
  int (*shutdown_)() = nullptr;  // once it has begun
};

}  // namespace athanor::observe
