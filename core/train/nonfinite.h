// Finds where numbers went wrong: the first launch of a step whose output is not finite, or the first parameter by
// name.
#pragma once

#include "core/autograd/variable.h"
#include "core/tensor/context.h"
#include "core/train/place.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace athanor::train {

// The path of the first parameter whose value (gradient) holds a number that is not finite; empty when there is none.
[[nodiscard]] std::string first_nonfinite_value(const Context& context, const std::vector<Parameter>& parameters);
[[nodiscard]] std::string first_nonfinite_gradient(const Context& context, const std::vector<Parameter>& parameters);

// The first number that is not finite.
struct NonfiniteOrigin {
  std::string op, array;    // "linear", "y"
  std::string pass;         // "forward pass"
  std::string place;        // "at text_tower.head", "after …"; may be empty
  std::int64_t launch = 0;  // of the pass, counted from 1
  Shape index;              // of the element in the array
  double value = 0;         // what it holds
  std::string input;        // the first input that held such a number already; empty: the op made it
  std::string input_path;   // its parameter's path; may be empty
  BatchRows rows = {};      // of the batch, where it is taken in parts
  // "nan first appears in y[3, 0] of linear at text_tower.head, launch 37 of the forward pass, which made it …"
  [[nodiscard]] std::string text() const;
};

// Reads every output of every launch, so a step takes several times as long: for looking at one step again. Installs
// itself in the context while it lives, and restores what was there.
class NonfiniteSearch final : public LaunchWatch {
 public:
  NonfiniteSearch(Context& context, const std::vector<Parameter>& parameters);
  ~NonfiniteSearch() override;
  NonfiniteSearch(const NonfiniteSearch&) = delete;
  NonfiniteSearch& operator=(const NonfiniteSearch&) = delete;

  void begin(std::string pass);  // "forward pass"; counts launches from 1 again
  void on_launch(const LaunchSeen& launch) override;
  [[nodiscard]] const std::optional<NonfiniteOrigin>& origin() const noexcept { return origin_; }

 private:
  Context& context_;
  LaunchWatch* before_;
  PlaceFinder places_;
  std::string pass_;
  std::int64_t launches_ = 0;
  std::optional<NonfiniteOrigin> origin_;
};

}  // namespace athanor::train
