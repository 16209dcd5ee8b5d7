#include "core/comm/message.h"

#include <fmt/format.h>

namespace athanor::comm {
namespace {

std::string words_of(const Stamp& stamp) {
  return fmt::format("call {}, {} of {} bytes of {}{} with a message of {}", stamp.sequence, to_string(stamp.op),
                     stamp.call_bytes, athanor::to_string(stamp.dtype),
                     stamp.op == Op::broadcast ? fmt::format(" from root {}", stamp.root) : "", stamp.message_bytes);
}

}  // namespace

std::string difference(int peer, const Stamp& found, int rank, const Stamp& wanted) {
  return fmt::format("rank {} is in {}, but rank {} is in {}", peer, words_of(found), rank, words_of(wanted));
}

}  // namespace athanor::comm
