#include "tests/gpu/emulation/nccl.h"

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using athanor::emulation::device;

struct Receiver {
  void* data;
  std::size_t bytes;
  std::shared_ptr<bool> is_aborted;
  bool is_done = false;
};

// One side of a message; the sender copies once the receiver has come.
struct Message {
  bool is_sent;
  int peer;
  void* data;
  std::size_t bytes;
};

struct Group {
  int size = 0;
  std::set<int> come, ended;                                                      // ended: finalized or aborted
  std::map<std::pair<int, int>, std::vector<std::shared_ptr<Receiver>>> awaited;  // by sender and receiver
};

std::map<std::uint64_t, std::shared_ptr<Group>>& groups() {
  static std::map<std::uint64_t, std::shared_ptr<Group>> all;
  return all;
}

int broken_rank = -1;

}  // namespace

struct ncclComm {
  std::shared_ptr<Group> group;
  int rank = 0;
  std::shared_ptr<bool> is_aborted = std::make_shared<bool>(false);
  bool is_ending = false;
  int not_yet = 0;                   // so often it says that it is in progress
  std::function<void()> later = {};  // is done then
};

namespace {

constexpr int kNotYet = 3;

// What one call of ncclGroupEnd() queues.
class Exchange {
 public:
  Exchange(const ncclComm& end, const std::vector<Message>& messages)
      : group_(end.group), rank_(end.rank), is_aborted_(end.is_aborted) {
    for (const Message& message : messages) {
      if (message.is_sent)
        sent_.push_back(message);
      else
        received_.emplace_back(message.peer, receiver(message));
    }
  }

  bool advance() {
    if (*is_aborted_) return true;
    if (!std::exchange(has_begun_, true))
      for (const auto& [peer, receiver] : received_) group_->awaited[{peer, rank_}].push_back(receiver);
    std::erase_if(sent_, [this](const Message& message) { return give(message); });
    std::erase_if(received_, [](const auto& each) { return each.second->is_done; });
    return sent_.empty() && received_.empty();
  }

 private:
  [[nodiscard]] std::shared_ptr<Receiver> receiver(const Message& message) const {
    return std::make_shared<Receiver>(Receiver{message.data, message.bytes, is_aborted_});
  }
  bool give(const Message& message) {
    auto& awaited = group_->awaited[{rank_, message.peer}];
    std::erase_if(awaited, [](const auto& each) { return *each->is_aborted; });
    if (awaited.empty()) return false;
    Receiver& receiver = *awaited.front();
    if (receiver.bytes != message.bytes) throw std::logic_error("the two sides of a message differ in size");
    std::memcpy(receiver.data, message.data, message.bytes);
    receiver.is_done = true;
    athanor::emulation::nccl_counts().bytes += static_cast<long long>(message.bytes);
    awaited.erase(awaited.begin());
    return true;
  }

  std::shared_ptr<Group> group_;
  int rank_;
  std::shared_ptr<bool> is_aborted_;
  std::vector<Message> sent_;
  std::vector<std::pair<int, std::shared_ptr<Receiver>>> received_;
  bool has_begun_ = false;
};

struct Open {
  bool is_open = false;
  ncclComm_t end = nullptr;
  cudaStream_t stream = nullptr;
  std::vector<Message> messages;
};
thread_local Open open_group;

ncclResult_t add(const Message& message, ncclComm_t end, cudaStream_t stream) {
  const std::lock_guard lock(device());
  if (!open_group.is_open || end->not_yet > 0 || stream->device != athanor::emulation::current_device() ||
      message.peer < 0 || message.peer >= end->group->size || message.bytes == 0)
    return ncclInvalidUsage;
  open_group.end = end;
  open_group.stream = stream;
  open_group.messages.push_back(message);
  return ncclSuccess;
}

}  // namespace

ncclResult_t ncclGetVersion(int* version) {
  *version = 22809;
  return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  static std::uint64_t last = 0;
  const std::lock_guard lock(device());
  std::memset(id, 0, sizeof *id);
  ++last;
  std::memcpy(id, &last, sizeof last);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int size, ncclUniqueId id, int rank, ncclConfig_t* config) {
  if (config == nullptr || config->blocking != 0) return ncclInvalidUsage;
  const std::lock_guard lock(device());
  std::uint64_t name = 0;
  std::memcpy(&name, &id, sizeof name);
  std::shared_ptr<Group>& group = groups()[name];
  if (!group) group = std::make_shared<Group>();
  group->size = size;
  if (!group->come.insert(rank).second) return ncclInvalidUsage;
  *comm = new ncclComm{group, rank};
  ++athanor::emulation::nccl_counts().ends;
  return ncclInProgress;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* state) {
  const std::lock_guard lock(device());
  if (comm->not_yet > 0 && --comm->not_yet == 0 && comm->later) std::exchange(comm->later, {})();
  const std::size_t awaited = static_cast<std::size_t>(comm->group->size);
  const bool have_come = comm->group->come.size() == awaited;
  const bool may_end = !comm->is_ending || comm->group->ended.size() == awaited;
  *state = comm->rank == broken_rank                    ? ncclSystemError
           : comm->not_yet == 0 && have_come && may_end ? ncclSuccess
                                                        : ncclInProgress;
  return ncclSuccess;
}

// Waits for all other ends, as NCCL does on one host.
ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  const std::lock_guard lock(device());
  if (comm->not_yet > 0) return ncclInvalidUsage;
  comm->not_yet = kNotYet;
  comm->is_ending = true;
  comm->group->ended.insert(comm->rank);
  return ncclInProgress;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  const std::lock_guard lock(device());
  --athanor::emulation::nccl_counts().ends;
  delete comm;
  return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  const std::lock_guard lock(device());
  *comm->is_aborted = true;
  comm->group->ended.insert(comm->rank);
  ++athanor::emulation::nccl_counts().aborted;
  return ncclCommDestroy(comm);
}

const char* ncclGetErrorString(ncclResult_t result) {
  return result == ncclSystemError ? "unhandled system error" : "invalid usage";
}

const char* ncclGetLastError(ncclComm_t) { return broken_rank >= 0 ? "the network card is gone" : ""; }

ncclResult_t ncclGroupStart() {
  open_group = {};
  open_group.is_open = true;
  return ncclSuccess;
}

ncclResult_t ncclGroupEnd() {
  const Open group = std::exchange(open_group, {});
  if (group.messages.empty()) return ncclSuccess;
  const auto exchange = std::make_shared<Exchange>(*group.end, group.messages);
  const std::lock_guard lock(device());
  group.end->not_yet = kNotYet;
  group.end->later = [exchange, stream = group.stream] {
    athanor::emulation::put_patient(stream, [exchange] { return exchange->advance(); });
  };
  return ncclInProgress;
}

ncclResult_t ncclSend(const void* data, std::size_t count, ncclDataType_t, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return add({true, peer, const_cast<void*>(data), count}, comm, stream);
}

ncclResult_t ncclRecv(void* data, std::size_t count, ncclDataType_t, int peer, ncclComm_t comm, cudaStream_t stream) {
  return add({false, peer, data, count}, comm, stream);
}

namespace athanor::emulation {

NcclCounts& nccl_counts() {
  static NcclCounts all;
  return all;
}

void break_nccl_of(int rank) {
  const std::lock_guard lock(device());
  broken_rank = rank;
}

}  // namespace athanor::emulation
