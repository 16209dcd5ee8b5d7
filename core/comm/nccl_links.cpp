#include "core/comm/gpu_links.h"
#include "core/comm/transport.h"

#include <fmt/format.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <nccl.h>
#include <thread>
#include <utility>

namespace athanor::comm {
namespace {

constexpr std::chrono::seconds kFarewell{5};

static_assert(sizeof(ncclUniqueId) == sizeof(GpuLinks::Id));

// What was called, what came of it, and what NCCL says of it in words.
[[noreturn]] void raise(const char* expression, ncclResult_t result, ncclComm_t link) {
  int version = 0;
  static_cast<void>(ncclGetVersion(&version));
  const char* const reason = ncclGetLastError(link);
  throw Failure(
      ErrorKind::communication, "exchange numbers between GPUs",
      fmt::format("{} gave \"{}\" in NCCL {}.{}.{}{}{}", expression, ncclGetErrorString(result), version / 10000,
                  version / 100 % 100, version % 100, reason && *reason ? ": " : "", reason ? reason : ""),
      "run with NCCL_DEBUG=INFO to see more, or set train.device to cpu");
}

// In progress is no fault of calls that do not wait.
#define ATH_NCCL_CHECK(link, ...)                                                                                 \
  do {                                                                                                            \
    if (const ncclResult_t ath_result = (__VA_ARGS__); ath_result != ncclSuccess && ath_result != ncclInProgress) \
      raise(#__VA_ARGS__, ath_result, link);                                                                      \
  } while (false)

// Calls between its ends are one: they neither wait for each other nor go alone.
class Together {
 public:
  Together() { ATH_NCCL_CHECK(nullptr, ncclGroupStart()); }
  ~Together() {
    if (!is_ended_) static_cast<void>(ncclGroupEnd());
  }
  Together(const Together&) = delete;
  Together& operator=(const Together&) = delete;
  void end(ncclComm_t link) {
    is_ended_ = true;
    ATH_NCCL_CHECK(link, ncclGroupEnd());
  }

 private:
  bool is_ended_ = false;
};

class NcclLink final : public GpuLink {
 public:
  NcclLink(int device, const ncclUniqueId& id, int size, int rank) : stream_(make_cuda_stream(device)) {
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    ATH_NCCL_CHECK(nullptr, ncclCommInitRankConfig(&link_, size, id, rank, &config));
  }
  // The others may read what this end shares until they, too, have come to the end.
  ~NcclLink() override {
    if (link_ == nullptr) return;
    const auto latest = std::chrono::steady_clock::now() + kFarewell;
    ncclResult_t state = ncclCommFinalize(link_);
    while (state == ncclInProgress && std::chrono::steady_clock::now() < latest) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (ncclCommGetAsyncError(link_, &state) != ncclSuccess) break;
    }
    if (state == ncclSuccess)
      static_cast<void>(ncclCommDestroy(link_));
    else
      give_up();
  }

  Stream& stream() noexcept override { return *stream_; }

  bool is_ready() override {
    ncclResult_t state = ncclSuccess;
    ATH_NCCL_CHECK(link_, ncclCommGetAsyncError(link_, &state));
    if (state == ncclInProgress) return false;
    if (state != ncclSuccess) raise("what was queued", state, link_);
    return true;
  }

  void carry(std::span<const Outgoing> out, std::span<const Incoming> in) override {
    const auto stream = static_cast<cudaStream_t>(stream_->handle());
    Together together;
    for (const auto& [to, bytes] : out)
      if (!bytes.empty()) ATH_NCCL_CHECK(link_, ncclSend(bytes.data(), bytes.size(), ncclUint8, to, link_, stream));
    for (const auto& [from, bytes] : in)
      if (!bytes.empty()) ATH_NCCL_CHECK(link_, ncclRecv(bytes.data(), bytes.size(), ncclUint8, from, link_, stream));
    together.end(link_);
  }

  void give_up() noexcept override {
    if (link_ != nullptr) static_cast<void>(ncclCommAbort(std::exchange(link_, nullptr)));
  }

 private:
  std::shared_ptr<Stream> stream_;
  ncclComm_t link_ = nullptr;
};

// This start of this host: names alone are not unique.
std::string host() {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  return boot;
}

class NcclLinks final : public GpuLinks {
 public:
  NcclLinks(int device, std::string bus_id) : device_(device), bus_id_(std::move(bus_id)) {}

  std::string place() const override { return host() + " " + bus_id_; }
  int device() const noexcept override { return device_; }
  Id make_id() override {
    ncclUniqueId id;
    ATH_NCCL_CHECK(nullptr, ncclGetUniqueId(&id));
    Id out;
    std::memcpy(out.data(), &id, sizeof id);
    return out;
  }
  std::unique_ptr<GpuLink> connect(const Id& id, int size, int rank) override {
    ncclUniqueId name;
    std::memcpy(&name, id.data(), sizeof name);
    return std::make_unique<NcclLink>(device_, name, size, rank);
  }

 private:
  int device_;
  std::string bus_id_;
};

}  // namespace

std::unique_ptr<GpuLinks> nccl_links(int device, std::string bus_id) {
  return std::make_unique<NcclLinks>(device, std::move(bus_id));
}

std::string why_no_nccl() { return {}; }

}  // namespace athanor::comm
