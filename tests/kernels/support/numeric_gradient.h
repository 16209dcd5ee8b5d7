// Gradients by differences: an answer that no formula of ours has touched.
#pragma once

#include "tests/kernels/support/op_case.h"

#include <functional>
#include <string>
#include <vector>

namespace athanor::kernels::test {

// The gradient of sum(forward() * weight) with respect to every element of `input`, where forward() runs the reference
// on the current contents of memory and `outputs` are then read as doubles. Central differences with step and half the
// step, extrapolated (Richardson), so that the error falls with the fourth power of the step.
std::vector<double> numeric_gradient_of(const View& input, const std::function<void()>& forward, const View& output,
                                        const View& weight, double step = 0.03125);

// Reports the first element in which the gradient that an op wrote differs from the numeric one.
void expect_gradient(const std::string& name, const View& analytic, const std::vector<double>& numeric);

}  // namespace athanor::kernels::test
