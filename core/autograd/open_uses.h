// How many gradients each parameter is still to be given in one backward pass. Calls its hooks after the last.
#pragma once

#include "core/autograd/variable.h"

#include <map>
#include <vector>

namespace athanor {

class OpenUses {
 public:
  void open(const Parameter& parameter) { ++open_[parameter.get()]; }
  // A gradient has come, or will not come at all. May call the parameter's hooks.
  void close(Context& context, const Parameter& parameter);

  // A part of the model that is yet to be recomputed may use any parameter: until its uses are known, no hook is
  // called.
  void hold() { ++holds_; }
  void release(Context& context);

 private:
  std::map<const ParameterState*, int> open_;
  int holds_ = 0;
  std::vector<Parameter> waiting_;  // for the last release(), in the order in which they were complete
};

}  // namespace athanor
