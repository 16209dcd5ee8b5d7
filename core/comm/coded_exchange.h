// Sums over ranks that travel in fewer bytes: f32 in and out, a WireFormat on the wire.
//
// Each rank codes its numbers and sends each piece to its owner; the owner adds what all ranks sent, its own coded too,
// in f32 and in the order of combine.h; it codes the result and all ranks decode the same bytes: all end with the same
// bits. Numbers are coded twice whatever the number of ranks, so that the error does not grow with it, as it does where
// codes are added hop by hop (Wang et al. 2023, arXiv:2306.10209). In f32 the sum has the bits of
// Communicator::all_reduce.
//
// What coding takes away is kept in residuals and added at the next exchange of the same name, at the sender and at the
// owner (error feedback; Tang et al. 2019, arXiv:1905.05957): over many steps, what was given out and the residuals
// together are what was put in.
//
// Residuals of a step hold once all ranks can use its sum, and before any of them gets it: whoever has the sum of a
// step can count on every rank's residuals of that step, also of a rank that is lost right then (residual_store.h).
//
// Used by one thread at a time, with which it shares its communicator; all ranks make the same calls in the same order.
// Failures are the communicator's; after one, arrays may be half changed.
#pragma once

#include "core/comm/coded_layout.h"
#include "core/comm/coded_thread.h"
#include "core/comm/communicator.h"
#include "core/comm/residual_store.h"

#include <cstdint>
#include <filesystem>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::comm {

struct CodedOptions {
  WireFormat format = WireFormat::fp8;
  bool feeds_back = true;                // keeps residuals
  bool averages = true;                  // sums are divided by the number of ranks
  std::int64_t least_piece = 64 << 10;   // bytes in f32; an array with smaller pieces goes as f32
  std::filesystem::path residuals = {};  // where they are kept beyond this process, see residual_store.h; may be empty

  // The format in which an array of so many numbers travels between so many ranks.
  [[nodiscard]] WireFormat format_for(std::int64_t count, int ranks) const noexcept {
    return ranks == 1 || 4 * count < least_piece * ranks ? WireFormat::f32 : format;  // alone, nothing travels
  }
};

// What has become of the arrays that were reduced.
struct CodedTally {
  std::int64_t coded = 0;    // calls in the format that was asked for
  std::int64_t small = 0;    // calls in f32 for being small
  std::int64_t refused = 0;  // calls that changed nothing
  std::int64_t coded_numbers = 0, small_numbers = 0;
  std::set<std::string, std::less<>> small_names;
};

class CodedExchange {
 public:
  // An array of f32 and the name by which its residual is found.
  struct Named {
    std::string_view name;
    View data;
  };

  // Uses the communicator, which stays the caller's and outlives this, by a thread of its own while a call lasts.
  explicit CodedExchange(Communicator& ranks, CodedOptions options = {});

  [[nodiscard]] WireFormat format_for(std::int64_t count) const noexcept { return options_.format_for(count, size_); }
  // The part of an array that this rank owns.
  [[nodiscard]] Piece piece(std::int64_t count) const noexcept { return piece_of(count, size_, rank_); }

  // Reduces arrays in place, with the same results as one after the other but in as few messages as their numbers fill.
  // Of each whether it was: false, on every rank alike and with nothing of it changed, where some rank's numbers are
  // not finite, or so large that sums might not be.
  [[nodiscard]] std::vector<bool> all_reduce(std::span<const Named> arrays);
  [[nodiscard]] bool all_reduce(std::string_view name, const View& data);
  // Reduces `data` and gives this rank its piece of the result in f32; `data` stays.
  [[nodiscard]] bool reduce_scatter(std::string_view name, const View& data, const View& piece);
  // Puts the pieces of all ranks together in f32 or bf16; every rank, the owner too, gets what was sent. `piece` may be
  // the rank's piece of `data`.
  void all_gather(const View& piece, const View& data, WireFormat format);

  // What follows belongs to this step, and is in this unit: a power of two, as a loss scale is, by which the numbers
  // are larger than they mean. Where nothing is said, each exchange of an array is a step of its own, in the unit 1.
  void begin_step(std::int64_t step, float unit = 1) noexcept {
    step_ = step;
    unit_ = unit;
  }

  // For checkpoints, in the unit 1. Residuals belong to the rank and to the number of ranks they were made with: where
  // the group changes, they are reset. One that does not fit is a Failure(invalid_input) when its array is next
  // reduced.
  [[nodiscard]] Residuals residuals(std::int64_t step = std::numeric_limits<std::int64_t>::max()) const {
    return residuals_.residuals(step);
  }
  void restore(const Residuals& residuals, std::int64_t step = 0) { residuals_.restore(residuals, step); }
  void reset() { residuals_.clear(); }
  // Forgets what later steps have kept. How many arrays have something kept; negative where one has lost it.
  [[nodiscard]] std::int64_t go_back(std::int64_t step) { return residuals_.go_back(step) ? residuals_.count() : -1; }

  // Why some of what it keeps ends with this process although it was to outlive it; empty where it does not.
  [[nodiscard]] const std::string& trouble() const noexcept { return residuals_.trouble(); }
  [[nodiscard]] const CodedTally& tally() const noexcept { return tally_; }
  // What it keeps between calls, residuals among it; known beforehand by coded_room() and ResidualStore::bytes_of().
  [[nodiscard]] std::int64_t held_bytes() const noexcept;

  // Of its communicator.
  [[nodiscard]] Traffic traffic() const noexcept { return ranks_.traffic(); }

 private:
  struct Call;

  [[nodiscard]] Call begin(std::span<const CodedArray> formats, std::span<const Named> arrays);
  [[nodiscard]] Call begin_reduction(std::span<const Named> arrays, bool keeps_owner);
  void note(const Call& call, std::size_t array, bool is_sound);
  // Makes, carries and uses each segment in turn. The caller's thread makes one while another thread carries the one
  // before, and uses that once it is there: link and core are busy at the same time.
  template <class Make, class Carry, class Use>
  void for_segments(const Call& call, Make make, Carry carry, Use use);
  // Until the sums of this rank's pieces are in sums_; of each array whether all ranks' numbers can be used.
  [[nodiscard]] std::vector<bool> collect(const Call& call, bool codes_sums);
  // From then on this step's residuals hold, of arrays that can be used.
  void finish_residuals(const Call& call, const std::vector<bool>& is_sound);
  // sums_ of all ranks to the numbers of all ranks.
  void give_out(const Call& call, const std::vector<bool>& is_sound);
  // Of a segment, in the order of their use.
  void encode(const Call& call, int segment);
  void exchange(const Call& call, int segment, std::vector<bool>& is_sound);
  void add(const Call& call, int segment);
  [[nodiscard]] float* sums_of(const Call& call, const CodedLayout::Slice& slice);
  void encode_sums(const Call& call, int segment);
  void gather(const Call& call, int segment);
  void decode(const Call& call, int segment, const std::vector<bool>& is_sound);

  Communicator& ranks_;
  int size_, rank_;
  CodedOptions options_;
  ResidualStore residuals_;
  std::int64_t step_ = 0;
  float unit_ = 1;
  CodedTally tally_;
  CodedThread thread_;
  std::vector<float> rows_;                 // scratch: a chunk of each rank's
  std::vector<std::byte> sent_, received_;  // messages of all segments
  std::vector<float> sums_;                 // over ranks, of the pieces that this one owns, one after the other
};

}  // namespace athanor::comm
