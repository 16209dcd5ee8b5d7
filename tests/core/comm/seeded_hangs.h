// Groups of processes of which one does not do what the others wait for, and what the others then say of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace athanor::comm {

enum class HangKind : std::uint8_t {
  missing,  // it never comes to a call
  size,     // it comes with another size
  order,    // it comes to another call
  stopped,  // it is stopped by a signal
  loader    // it waits for data for ever
};
[[nodiscard]] const char* to_string(HangKind kind) noexcept;

struct SeededHang {
  HangKind kind = HangKind::missing;
  int ranks = 3;
  int rank = 0;  // that does it
  int step = 0;
};
// A function of the seed; all kinds come equally often.
[[nodiscard]] SeededHang hang_of(unsigned seed);

struct Diagnosis {
  std::string text;         // of the rank that said it first
  bool names_rank = false;  // and no other
  bool names_operation = false;
  bool names_cause = false;
  double late_s = 0;  // behind the deadline; of the last rank
  [[nodiscard]] bool is_right() const noexcept { return names_rank && names_operation && names_cause; }
};
[[nodiscard]] Diagnosis diagnose(const SeededHang& hang, std::chrono::milliseconds deadline);

}  // namespace athanor::comm
