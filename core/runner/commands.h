// The commands of athanor-run. Each returns the exit status and writes its result to stdout; what a person follows goes
// to the console. Failure and RecipeRefused pass through to main.
#pragma once

#include "core/assembly/recipe_input.h"
#include "core/ranks/meeting_place.h"
#include "core/runner/console.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace athanor::runner {

struct PrepareOptions {
  std::string dataset;
  bool force = false;
  bool json = false;
};
int run_prepare(const PrepareOptions& options, Console& console);

struct TrainOptions {
  RecipeInput recipe;                   // file empty: the run's own (with resume)
  std::filesystem::path run_directory;  // empty: a fresh one below <ATHANOR_HOME>/runs
  bool resume = false;
  std::int64_t until = 0;  // the step after which it stops with a checkpoint; 0: the recipe's last
  bool json = false;
  std::string faults;              // that the run is to suffer, see core/ranks/fault_plan.h; empty: none
  std::optional<RankPlace> place;  // nothing: this process starts the ranks, where the recipe asks for several
  std::chrono::steady_clock::time_point process_start;
};
int run_train(const TrainOptions& options, Console& console);

// Says what is wrong with a recipe, its data and its device, and predicts nothing.
struct CheckOptions {
  RecipeInput recipe;
  bool json = false;
};
int run_check(const CheckOptions& options, Console& console);

struct PlanOptions {
  RecipeInput recipe;
  bool quick = false;
  bool layouts = false;           // looks for the quickest layouts instead
  int ranks = 0;                  // that they may have; 0: what this machine has
  std::optional<double> fill;     // looks for the batch size that fills this share of the memory instead
  std::int64_t memory_bytes = 0;  // for both; 0: what there is
  bool json = false;
};
int run_plan(const PlanOptions& options, Console& console);

struct EvalOptions {
  std::string run;
  std::optional<std::int64_t> checkpoint;
  bool json = false;
};
int run_eval(const EvalOptions& options, Console& console);

// Writes the weights of a checkpoint, with adapters merged into them: all under their own dotted names, or the
// finetuned text encoder as a folder in the layout of the Hugging Face hub, or both.
struct ExportOptions {
  std::string run;
  std::filesystem::path weights;  // a safetensors file; empty: not wanted
  std::filesystem::path encoder;  // a folder; empty: not wanted
  std::optional<std::int64_t> checkpoint;
  bool json = false;
};
int run_export(const ExportOptions& options, Console& console);

struct ShowOptions {
  std::string run;
  bool fields = false;
  bool events = false;
  std::string metric;
  std::filesystem::path trace;  // a file for Perfetto or Chrome; empty: not wanted
  double trace_from_s = 0;      // only what reaches into this stretch, in seconds from the run's beginning
  std::optional<double> trace_to_s;
  bool json = false;
};
int run_show(const ShowOptions& options, Console& console);

struct DoctorOptions {
  RecipeInput gradients;  // file empty: the machine and installation are examined
  bool json = false;
};
int run_doctor(const DoctorOptions& options, Console& console);
// Holds the gradients of the recipe's model, on a few of its own pairs, against differences of its loss. Status 1 when
// one is wrong.
int run_gradient_doctor(const DoctorOptions& options, Console& console);

}  // namespace athanor::runner
