// Stands in for oneDNN in builds of the kernels alone on machines without it: the references remain.
#include "kernels/base/error.h"
#include "kernels/cpu/dnnl_conv.h"
#include "kernels/cpu/gemm.h"

namespace athanor::kernels::cpu {

namespace {

[[noreturn]] void no_dnnl(const char* intention) {
  throw Failure(ErrorKind::unavailable, intention, "this build holds no oneDNN",
                "Install libdnnl-dev and configure again, or call the reference");
}

}  // namespace

void gemm(const GemmArgs&) {
  no_dnnl("multiply two matrices");
}

const ConvPlan& conv_plan(ConvPass, const ConvShape&) {
  no_dnnl("plan a convolution");
}

}  // namespace athanor::kernels::cpu
