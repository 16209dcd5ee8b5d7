#include "core/comm/status_frame.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <utility>

namespace athanor::comm {
namespace {

using Text = std::array<char, 64>;

struct Part {
  std::int64_t section_age, returned_age;
  Text section;
};
struct CallPart {
  std::int64_t bytes, age;
  std::uint32_t sequence;
  std::int32_t peer;
  Op op;
  Text communicator;
};

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

Text text(const std::string& from) {
  Text to{};
  std::memcpy(to.data(), from.data(), std::min(from.size(), to.size() - 1));
  return to;
}
std::string text(const Text& from) { return {from.data(), ::strnlen(from.data(), from.size())}; }

template <class T>
void put(std::string& bytes, const T& part) {
  bytes.append(reinterpret_cast<const char*>(&part), sizeof part);
}
template <class T>
T take(std::string_view& bytes) {
  T part{};
  std::memcpy(&part, bytes.data(), sizeof part);
  bytes.remove_prefix(sizeof part);
  return part;
}

}  // namespace

std::string bytes_of(const Status& status) {
  const std::int64_t now = now_ns();
  std::string bytes;
  put(bytes, Part{now - status.section_ns, now - status.returned_ns, text(status.section)});
  for (const CallStatus& call : status.calls)
    put(bytes, CallPart{call.bytes, now - call.since_ns, call.sequence, call.peer, call.op, text(call.communicator)});
  return bytes;
}

Status status_of(std::string_view bytes) {
  if (bytes.size() < sizeof(Part) || (bytes.size() - sizeof(Part)) % sizeof(CallPart) != 0) return {};
  const std::int64_t now = now_ns();
  const Part part = take<Part>(bytes);
  Status status{true, false, now, text(part.section), now - part.section_age, now - part.returned_age, {}};
  while (!bytes.empty()) {
    const auto call = take<CallPart>(bytes);
    status.calls.push_back({call.op, text(call.communicator), call.sequence, call.bytes, call.peer, now - call.age});
  }
  return status;
}

}  // namespace athanor::comm
