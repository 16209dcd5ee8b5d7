#include "core/observe/nvml.h"

#include <dlfcn.h>

namespace athanor::observe {

Nvml::Nvml(const std::string& library) : name_(library), file_(dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)) {}

Nvml::~Nvml() {
  if (shutdown_) shutdown_();
  if (file_) dlclose(file_);
}

void* Nvml::symbol(const char* name) const { return file_ ? dlsym(file_, name) : nullptr; }

std::string Nvml::begin() {
  if (!file_) return name_ + " cannot be opened";
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  if (!find(init, "nvmlInit_v2") || !find(shutdown, "nvmlShutdown")) return name_ + " lacks a function that is needed";
  if (const int code = init(); code != kNvmlSuccess) return name_ + " did not start, code " + std::to_string(code);
  shutdown_ = shutdown;
  return {};
}

}  // namespace athanor::observe
