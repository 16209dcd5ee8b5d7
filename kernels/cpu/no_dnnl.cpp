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

// Needs no memory, so that workspaces can still be sized; every use throws.
class AbsentPlan final : public ConvPlan {
 public:
  [[nodiscard]] std::size_t weights_bytes() const override { return 0; }
  [[nodiscard]] std::size_t scratch_bytes() const override { return 0; }
  void pack_weights(const float*, void*) const override { refuse(); }
  void unpack_weights(void*, float*) const override { refuse(); }
  void execute(float*, void*, float*, float*, void*) const override { refuse(); }

 private:
  [[noreturn]] static void refuse() { no_dnnl("run a convolution"); }
};

}  // namespace

void gemm(const GemmArgs&) { no_dnnl("multiply two matrices"); }

const ConvPlan& conv_plan(ConvPass, const ConvShape&) {
  static const AbsentPlan plan;
  return plan;
}

}  // namespace athanor::kernels::cpu
