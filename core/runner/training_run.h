// One training run in its folder, from the first event of its journal to the last.
#pragma once

#include "core/assembly/assembly.h"
#include "core/assembly/run_directory.h"
#include "core/checkpoint/async_writer.h"
#include "core/checkpoint/checkpoint.h"
#include "core/forecast/forecast.h"
#include "core/journal/writer.h"
#include "core/ranks/fault_injector.h"
#include "core/ranks/run_state.h"
#include "core/ranks/work_watch.h"
#include "core/runner/commands.h"
#include "core/runner/run_report.h"

#include <memory>
#include <mutex>

namespace athanor::runner {

class RankLink;

// Where a run begins: nothing, its own last checkpoint, or another run's.
struct Beginning {
  std::optional<checkpoint::Found> checkpoint;
  std::string from;                 // "checkpoint step-400", "fork of <run> at step 400"; empty for a fresh run
  std::string parent;               // folder of the run that was forked; empty when the checkpoint is the run's own
  journal::Recovery recovery = {};  // what led here, where that was the loss of a rank
  bool resumed = false;             // this folder holds an earlier session of the run
  // Of rank 0 of several: where to begin when no other rank is left to learn from, or ranks share the state.
  std::function<Beginning()> otherwise = {};
  std::int64_t told = -1;  // the last step of which the journal has figures
};

class TrainingRun {
 public:
  TrainingRun(RunDirectory directory, SoundRecipe sound, Beginning beginning, Console& console,
              const TrainOptions& options);
  ~TrainingRun();
  TrainingRun(const TrainingRun&) = delete;
  TrainingRun& operator=(const TrainingRun&) = delete;

  // Returns the exit status. Whatever goes wrong, of whatever type, is journaled as `failed` and thrown on as a
  // Failure.
  int run();
  // {"run": …, "state": …, "step": …, "metrics": {…}}
  [[nodiscard]] std::string result_json() const;
  // "the run <folder> is finished after step 400 all the same": what stands when the result cannot be printed
  [[nodiscard]] std::string ended() const;

 private:
  int carry_out();
  train::Outcome train();
  // What a trainer of `assembly`, which outlives them, calls.
  [[nodiscard]] train::Ports ports_of(const Assembly& assembly);
  void begin_journal();
  void write_papers();
  [[nodiscard]] Forecast predict(RankLink* link) const;
  void tell_forecast(const Forecast& forecast);
  void begin_again(const journal::Recovery& begun);
  void restore(Assembly& assembly);
  void restore_precision(Assembly& assembly, const std::string& state);
  void restore_residuals(bool is_shared);
  void tell_precision(const Assembly& assembly);
  // Copies what is to be saved; it is written while the run goes on.
  void save(const Assembly& assembly, std::int64_t step);
  void write(const checkpoint::Contents& contents);                                          // on the writer's thread
  void tell_written(std::int64_t step, const checkpoint::Written& written, double seconds);  // as well
  // A run that failed ends only after its last checkpoint all the same.
  void finish_writing() noexcept;
  void tell_state(journal::RunState state, const std::string& cause);
  // Once, when the run was asked to stop. From the sampler's thread as well, while the trainer runs.
  [[nodiscard]] Result<void> say_stopping();
  void tell_failure(const Error& error);
  void tell_straggler(journal::StragglerSeen seen);
  [[nodiscard]] std::string media(std::size_t picture);

  RunDirectory directory_;
  SoundRecipe sound_;
  Beginning beginning_;
  Console& console_;
  std::chrono::steady_clock::time_point process_start_;
  std::int64_t until_;              // the step after which it stops; 0: the last
  std::optional<RankPlace> place_;  // of rank 0; nothing where there is but one
  std::unique_ptr<FaultInjector> injector_;
  std::unique_ptr<journal::Writer> journal_;
  std::unique_ptr<RunReport> report_;
  std::string recipe_digest_;
  std::mutex stopping_mutex_;
  std::string state_ = "preparing";  // while a sampler lives: under the mutex
  std::int64_t done_ = 0;
  bool fault_told_ = false;
  std::filesystem::path source_;  // the checkpoint that was restored; empty: none
  bool is_fresh_ = true;          // what is learnt is as it was assembled
  bool saves_first_ = false;
  checkpoint::AsyncWriter<checkpoint::Contents> writer_{
      [this](const checkpoint::Contents& contents) { write(contents); }};
  SharedCheckpoints shared_;  // where ranks share the state
  WorkWatch watch_;
};

}  // namespace athanor::runner
