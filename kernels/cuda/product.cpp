#include "kernels/cuda/product.h"

#include "kernels/base/error.h"
#include "kernels/cuda/check.h"
#include "kernels/cuda/handle.h"
#include "kernels/cuda/product_plan.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace athanor::kernels::cuda {

namespace {

using LtHandle = Owned<cublasLtHandle_t, cublasLtDestroy>;
using MatmulDesc = Owned<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using MatrixLayout = Owned<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using Preference = Owned<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

struct Plan {
  MatrixLayout a, b, c, d;
  cublasLtMatmulAlgo_t algorithm{};
};

// A stored row-major [rows, columns] matrix is, for cuBLASLt, the column-major [columns, rows] one.
MatrixLayout layout(const char* op, std::int64_t rows, std::int64_t columns, std::int64_t stride) {
  MatrixLayout made;
  ATH_CUBLAS_CHECK(op, cublasLtMatrixLayoutCreate(made.receive(), CUDA_R_32F, static_cast<std::uint64_t>(columns),
                                                  static_cast<std::uint64_t>(rows), stride));
  return made;
}

template <class Value>
void set(const char* op, const MatmulDesc& desc, cublasLtMatmulDescAttributes_t attribute, const Value& value) {
  ATH_CUBLAS_CHECK(op, cublasLtMatmulDescSetAttribute(desc.get(), attribute, &value, sizeof(value)));
}

template <class Value>
void set(const char* op, const Preference& preference, cublasLtMatmulPreferenceAttributes_t attribute,
         const Value& value) {
  ATH_CUBLAS_CHECK(op, cublasLtMatmulPreferenceSetAttribute(preference.get(), attribute, &value, sizeof(value)));
}

// Read as column-major, the product is d^T = op(b)^T op(a)^T: b comes first.
MatmulDesc describe(const char* op, const PlanKey& key, const float* bias) {
  MatmulDesc desc;
  ATH_CUBLAS_CHECK(op, cublasLtMatmulDescCreate(desc.receive(), CUBLAS_COMPUTE_32F, CUDA_R_32F));
  set(op, desc, CUBLASLT_MATMUL_DESC_TRANSA, key.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(op, desc, CUBLASLT_MATMUL_DESC_TRANSB, key.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
  if (key.bias) {
    set(op, desc, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
    set(op, desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
  }
  return desc;
}

Preference preference_for(const char* op, const PlanKey& key) {
  Preference preference;
  ATH_CUBLAS_CHECK(op, cublasLtMatmulPreferenceCreate(preference.receive()));
  set(op, preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
      std::uint64_t{key.workspace ? kProductWorkspaceBytes : 0});
  // Partial sums meet in the workspace and are added in order, or there are none.
  set(op, preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
      std::uint32_t{key.workspace ? CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE : CUBLASLT_REDUCTION_SCHEME_NONE});
  for (const auto side : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                          CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
    set(op, preference, side, key.alignment_bytes);
  return preference;
}

std::string text_of(const PlanKey& key) {
  return "[" + std::to_string(key.m) + ", " + std::to_string(key.k) + "] by [" + std::to_string(key.k) + ", " +
         std::to_string(key.n) + "]";
}

// Finds the plan for one product and keeps it. Shared by all threads of the process.
class Planner {
 public:
  cublasLtHandle_t handle(const char* op, int device) {
    const std::lock_guard lock(mutex_);
    auto& handle = handles_[device];
    if (!handle.get()) ATH_CUBLAS_CHECK(op, cublasLtCreate(handle.receive()));
    return handle.get();
  }

  const Plan& plan(const char* op, cublasLtHandle_t handle, const PlanKey& key, const MatmulDesc& desc) {
    const std::lock_guard lock(mutex_);
    auto& kept = plans_[key];
    if (!kept) kept = make(op, handle, key, desc);
    return *kept;
  }

 private:
  static std::unique_ptr<Plan> make(const char* op, cublasLtHandle_t handle, const PlanKey& key,
                                    const MatmulDesc& desc) {
    auto plan = std::make_unique<Plan>();
    plan->a = layout(op, key.transpose_a ? key.k : key.m, key.transpose_a ? key.m : key.k, key.a_stride);
    plan->b = layout(op, key.transpose_b ? key.n : key.k, key.transpose_b ? key.k : key.n, key.b_stride);
    plan->c = layout(op, key.m, key.n, key.c_stride);
    plan->d = layout(op, key.m, key.n, key.d_stride);
    const auto preference = preference_for(op, key);
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    const auto code = cublasLtMatmulAlgoGetHeuristic(handle, desc.get(), plan->b.get(), plan->a.get(), plan->c.get(),
                                                     plan->d.get(), preference.get(), 1, &found, &count);
    if (code == CUBLAS_STATUS_NOT_SUPPORTED || (code == CUBLAS_STATUS_SUCCESS && count == 0))
      throw Failure(ErrorKind::internal, std::string("run ") + op + " on a CUDA device",
                    "cuBLASLt has no plan for the product " + text_of(key));
    ATH_CUBLAS_CHECK(op, code);
    plan->algorithm = found.algo;
    return plan;
  }

  std::mutex mutex_;
  std::map<int, LtHandle> handles_;
  std::map<PlanKey, std::unique_ptr<Plan>> plans_;
};

// Never destroyed: at the end of the process the driver may be gone before static objects are.
Planner& planner() {
  static auto* const kept = new Planner;
  return *kept;
}

}  // namespace

Product dense_product(std::int64_t m, std::int64_t n, std::int64_t k) noexcept {
  return {.m = m, .n = n, .k = k, .a_stride = k, .b_stride = n, .c_stride = n, .d_stride = n};
}

void product(const Exec& exec, const char* op, const Product& args) {
  if (args.m == 0 || args.n == 0) return;
  const PlanKey key = key_of(exec.device.index, args);
  auto* const handle = planner().handle(op, exec.device.index);
  const auto desc = describe(op, key, args.bias);
  const Plan& plan = planner().plan(op, handle, key, desc);
  const float* added = args.beta == 0.0f ? args.d : args.c;
  ATH_CUBLAS_CHECK(
      op, cublasLtMatmul(handle, desc.get(), &args.alpha, args.b, plan.b.get(), args.a, plan.a.get(), &args.beta, added,
                         plan.c.get(), args.d, plan.d.get(), &plan.algorithm, args.workspace,
                         args.workspace ? kProductWorkspaceBytes : 0, static_cast<cudaStream_t>(exec.stream)));
}

}  // namespace athanor::kernels::cuda
