// What a rank of a run has learnt, to and from checkpoints.
#pragma once

#include "core/assembly/assembly.h"
#include "core/assembly/holder.h"
#include "core/checkpoint/async_writer.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/shards.h"

#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>

namespace athanor::runner {

// Fills what this rank holds from a checkpoint of whatever layout. Number formats are the caller's, who is told their
// state. Throws Failure as Reader::open() and train::restore() do.
checkpoint::TrainingState restore_state(Assembly& assembly, const std::filesystem::path& folder);
// As it was when it was assembled, weights of another program included.
void begin_anew(Assembly& assembly, const recipe::Recipe& recipe);

// The checkpoints of a run whose ranks share its state: each copies what it holds, and all write together while the run
// goes on. The calls are made by all ranks, on the thread that takes the steps.
class SharedCheckpoints {
 public:
  // Called on the writing thread.
  using Told = std::function<void(std::int64_t step, const checkpoint::Written& written, double seconds)>;
  SharedCheckpoints(std::filesystem::path folder, std::int64_t keep, Told told = {});

  // `assembly` has its peers.
  void save(const Assembly& assembly, checkpoint::TrainingState state);
  // Throws what a write threw, if it has ended; never waits.
  void check();
  // Waits for the last write and throws what it threw.
  void finish();
  // Before the peers go: waits for the last write, which ends where one of them is lost. The step of a checkpoint that
  // was lost with them, negative where none was, which is no fault of its own; what else went wrong, check() and
  // finish() will tell.
  std::int64_t part() noexcept;

 private:
  void write(const checkpoint::ShardContents& contents);

  std::filesystem::path folder_;
  std::int64_t keep_;
  Told told_;
  comm::Communicator* ranks_ = nullptr;  // of the write under way
  std::int64_t step_ = -1;               // as well
  std::exception_ptr fault_;             // of a write before the peers went
  checkpoint::AsyncWriter<checkpoint::ShardContents> writer_;
};

// Parts on every way out of where it lives, before the peers go.
class Parting {
 public:
  explicit Parting(SharedCheckpoints& checkpoints) : checkpoints_(checkpoints) {}
  ~Parting() { (void)checkpoints_.part(); }
  Parting(const Parting&) = delete;
  Parting& operator=(const Parting&) = delete;

 private:
  SharedCheckpoints& checkpoints_;
};

}  // namespace athanor::runner
