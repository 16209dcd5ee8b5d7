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
  bool exists = false;
};

cudaDataType_t type_of(DType format) {
  switch (format) {
    case DType::f16: return CUDA_R_16F;
    case DType::bf16: return CUDA_R_16BF;
    case DType::f8_e4m3: return CUDA_R_8F_E4M3;
    case DType::f8_e5m2: return CUDA_R_8F_E5M2;
    default: return CUDA_R_32F;
  }
}

// A stored row-major [rows, columns] matrix is, for cuBLASLt, the column-major [columns, rows] one.
struct Stored {
  DType format;
  std::int64_t rows, columns, stride, step;
};

MatrixLayout layout(const char* op, const Stored& matrix, std::int64_t batch) {
  MatrixLayout made;
  ATH_CUBLAS_CHECK(
      op, cublasLtMatrixLayoutCreate(made.receive(), type_of(matrix.format), static_cast<std::uint64_t>(matrix.columns),
                                     static_cast<std::uint64_t>(matrix.rows), matrix.stride));
  if (batch == 1) return made;
  const auto count = static_cast<std::int32_t>(batch);
  ATH_CUBLAS_CHECK(
      op, cublasLtMatrixLayoutSetAttribute(made.get(), CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count));
  ATH_CUBLAS_CHECK(op, cublasLtMatrixLayoutSetAttribute(made.get(), CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET,
                                                        &matrix.step, sizeof matrix.step));
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

cublasLtEpilogue_t epilogue_of(const PlanKey& key) {
  switch (key.activation) {
    case Activation::relu: return key.bias ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_RELU;
    case Activation::gelu_tanh:
      if (key.preactivation) return key.bias ? CUBLASLT_EPILOGUE_GELU_AUX_BIAS : CUBLASLT_EPILOGUE_GELU_AUX;
      return key.bias ? CUBLASLT_EPILOGUE_GELU_BIAS : CUBLASLT_EPILOGUE_GELU;
    default: return key.bias ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
  }
}

void describe_epilogue(const char* op, const MatmulDesc& desc, const PlanKey& key, const Product& args) {
  set(op, desc, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue_of(key));
  if (key.bias) set(op, desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, args.bias);
  if (key.bias && is_fp8(key.a_format))
    set(op, desc, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, static_cast<std::int32_t>(type_of(bias_format(args))));
  if (!key.preactivation) return;
  set(op, desc, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER, args.preactivation);
  set(op, desc, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, key.d_stride);
  if (key.batch > 1) set(op, desc, CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE, key.d_step);
}

std::int32_t scale_mode(Scaling scaling) {
  switch (scaling) {
    case Scaling::row: return CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F;
    case Scaling::stretch: return CUBLASLT_MATMUL_MATRIX_SCALE_VEC128_32F;
    case Scaling::square: return CUBLASLT_MATMUL_MATRIX_SCALE_BLK128x128_32F;
    default: return CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F;
  }
}

// Read as column-major, the product is d^T = op(b)^T op(a)^T: b comes first.
MatmulDesc describe(const char* op, const PlanKey& key, const Product& args) {
  MatmulDesc desc;
  const auto compute = key.tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  ATH_CUBLAS_CHECK(op, cublasLtMatmulDescCreate(desc.receive(), compute, CUDA_R_32F));
  set(op, desc, CUBLASLT_MATMUL_DESC_TRANSA, key.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(op, desc, CUBLASLT_MATMUL_DESC_TRANSB, key.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
  describe_epilogue(op, desc, key, args);
  if (key.a_scaling == Scaling::none) return desc;
  set(op, desc, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, args.b_scales);
  set(op, desc, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, args.a_scales);
  set(op, desc, CUBLASLT_MATMUL_DESC_A_SCALE_MODE, scale_mode(key.b_scaling));
  set(op, desc, CUBLASLT_MATMUL_DESC_B_SCALE_MODE, scale_mode(key.a_scaling));
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

std::string text_of(const Product& p) {
  const auto matrix = [](std::int64_t rows, std::int64_t columns, DType format) {
    return std::string("[") + std::to_string(rows) + ", " + std::to_string(columns) + "] " + to_string(format);
  };
  return matrix(p.m, p.k, p.a_format) + " by " + matrix(p.k, p.n, p.b_format) + " in " + to_string(p.d_format);
}

// Finds the plan for one product and keeps it, also that there is none. Shared by all threads of the process.
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
    const auto stored = [](DType format, bool transposed, std::int64_t rows, std::int64_t columns, std::int64_t stride,
                           std::int64_t step) {
      return transposed ? Stored{format, columns, rows, stride, step} : Stored{format, rows, columns, stride, step};
    };
    plan->a = layout(op, stored(key.a_format, key.transpose_a, key.m, key.k, key.a_stride, key.a_step), key.batch);
    plan->b = layout(op, stored(key.b_format, key.transpose_b, key.k, key.n, key.b_stride, key.b_step), key.batch);
    plan->c = layout(op, stored(key.d_format, false, key.m, key.n, key.c_stride, key.d_step), key.batch);
    plan->d = layout(op, stored(key.d_format, false, key.m, key.n, key.d_stride, key.d_step), key.batch);
    const auto preference = preference_for(op, key);
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    const auto code = cublasLtMatmulAlgoGetHeuristic(handle, desc.get(), plan->b.get(), plan->a.get(), plan->c.get(),
                                                     plan->d.get(), preference.get(), 1, &found, &count);
    if (code != CUBLAS_STATUS_NOT_SUPPORTED) ATH_CUBLAS_CHECK(op, code);
    plan->exists = code == CUBLAS_STATUS_SUCCESS && count > 0;
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

bool try_product(const Exec& exec, const char* op, const Product& args) {
  if (args.m == 0 || args.n == 0 || args.batch == 0) return true;
  const PlanKey key = key_of(exec, args);
  auto* const handle = planner().handle(op, exec.device.index);
  const auto desc = describe(op, key, args);
  const Plan& plan = planner().plan(op, handle, key, desc);
  if (!plan.exists) return false;
  const void* added = args.beta == 0.0f ? args.d : args.c;
  ATH_CUBLAS_CHECK(
      op, cublasLtMatmul(handle, desc.get(), &args.alpha, args.b, plan.b.get(), args.a, plan.a.get(), &args.beta, added,
                         plan.c.get(), args.d, plan.d.get(), &plan.algorithm, args.workspace,
                         args.workspace ? kProductWorkspaceBytes : 0, static_cast<cudaStream_t>(exec.stream)));
  return true;
}

void product(const Exec& exec, const char* op, const Product& args) {
  if (!try_product(exec, op, args))
    throw Failure(ErrorKind::internal, std::string("run ") + op + " on a CUDA device",
                  "cuBLASLt has no plan for the product " + text_of(args));
}

}  // namespace athanor::kernels::cuda
