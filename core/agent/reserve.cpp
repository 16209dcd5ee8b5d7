#include "core/agent/reserve.h"

#include "core/agent/descriptor.h"

#include <fcntl.h>

namespace athanor::agent {
namespace fs = std::filesystem;
namespace {

constexpr off_t kBytes = 512 << 10;
constexpr std::uintmax_t kPlenty = 8 * kBytes;  // or whatever fills the disk would get it first

}  // namespace

void Reserve::keep() {
  std::error_code code;
  if (fs::file_size(file_, code) == static_cast<std::uintmax_t>(kBytes)) return;
  const auto space = fs::space(file_.parent_path(), code);
  if (code || space.available < kPlenty) return;
  const Descriptor file(::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (file && ::posix_fallocate(file.get(), 0, kBytes) != 0) fs::remove(file_, code);
}

bool Reserve::release() {
  std::error_code code;
  const auto space = fs::space(file_.parent_path(), code);
  return !code && space.available < static_cast<std::uintmax_t>(kBytes) && fs::remove(file_, code);
}

}  // namespace athanor::agent
