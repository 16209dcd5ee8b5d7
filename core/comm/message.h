// Messages between two ranks, and what every one of them says of the call it belongs to.
#pragma once

#include "core/comm/communicator.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace athanor::comm {

// Travels before each message. Both sides of a call must agree on it: a difference is a fault of the program (another
// operation, another size) and is told as one instead of being waited for.
struct Stamp {
  std::uint32_t sequence = 0;
  Op op = Op::none;
  DType dtype = DType::u8;
  Reduce reduce = Reduce::sum;
  std::uint8_t root = 0;            // of a broadcast, modulo 256
  std::uint64_t call_bytes = 0;     // of the whole call, as one rank sees it; alike on all
  std::uint64_t message_bytes = 0;  // of this message

  [[nodiscard]] bool operator==(const Stamp&) const = default;
};
static_assert(sizeof(Stamp) == 24);

// "rank 1 is in call 3, all_gather of … , but rank 0 is in call 3, all_reduce of …"
[[nodiscard]] std::string difference(int peer, const Stamp& found, int rank, const Stamp& wanted);

struct Outgoing {
  int to = 0;
  std::span<const std::byte> bytes;
};
struct Incoming {
  int from = 0;
  std::span<std::byte> bytes;
};

}  // namespace athanor::comm
