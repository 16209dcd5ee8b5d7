// For optimizers that know f32 parameters only.
#pragma once

#include "core/autograd/variable.h"
#include "kernels/base/error.h"

namespace athanor::optim {

inline void check_wide(const char* optimizer, const ParameterState& parameter) {
  if (parameter.value.dtype() == DType::f32) return;
  throw Failure(ErrorKind::invalid_input, std::string("train with ") + optimizer,
                parameter.path + " is a master in " + to_string(parameter.value.dtype()),
                "Set precision.master to fp32, or train.optimizer to adamw");
}

}  // namespace athanor::optim
