// The CUDA kernel of each op as one more candidate, so that every case runs on it too where a device (or its emulation)
// is there. Found by the type of the arguments and, where ops share one, by the name of the reference.
#pragma once

#include "kernels/ops/attention/attention.h"
#include "kernels/ops/conv/conv2d.h"
#include "kernels/ops/conv/pool2d.h"
#include "kernels/ops/elementwise/activation.h"
#include "kernels/ops/elementwise/add.h"
#include "kernels/ops/elementwise/axpby.h"
#include "kernels/ops/elementwise/fill.h"
#include "kernels/ops/gemm/linear.h"
#include "kernels/ops/gemm/matmul.h"
#include "kernels/ops/index/embedding.h"
#include "kernels/ops/layout/copy.h"
#include "kernels/ops/loss/contrastive_loss.h"
#include "kernels/ops/norm/group_norm.h"
#include "kernels/ops/norm/l2_normalize.h"
#include "kernels/ops/norm/layer_norm.h"
#include "kernels/ops/norm/rms_norm.h"
#include "kernels/ops/optim/adamw.h"
#include "kernels/ops/random/dropout.h"
#include "kernels/ops/random/fill_random.h"
#include "kernels/ops/reduce/gradient_stats.h"
#include "kernels/ops/reduce/masked_mean.h"
#include "kernels/ops/reduce/sum_leading.h"
#include "tests/kernels/support/device_hooks.h"

#include <string_view>
#include <type_traits>
#include <vector>

namespace athanor::kernels::test {

// What runs on a CUDA device carries this in its name.
[[nodiscard]] inline bool is_cuda(std::string_view candidate) { return candidate.ends_with("_cuda"); }

template <class Args, void (*kKernel)(const Exec&, const Args&)>
Candidate<Args> cuda_candidate(const char* name) {
  return {name, [](const Exec&, const Args&) { return cuda_refusal(); },
          [](const Exec& exec, const Args& args) {
            Exec on_device = exec;
            on_device.device.kind = DeviceKind::cuda;
            kKernel(on_device, args);
            wait_for_device();
          }};
}

template <class Args>
std::vector<Candidate<Args>> cuda_candidates() {
#define ATH_TWIN(type, op) \
  if constexpr (std::is_same_v<Args, type>) return {cuda_candidate<type, op##_cuda>(#op "_cuda")}
  ATH_TWIN(AttentionArgs, attention);
  ATH_TWIN(AttentionGradArgs, attention_grad);
  ATH_TWIN(Conv2dArgs, conv2d);
  ATH_TWIN(Conv2dGradArgs, conv2d_grad);
  ATH_TWIN(MaxPool2dGradArgs, max_pool2d_grad);
  ATH_TWIN(AvgPool2dGradArgs, avg_pool2d_grad);
  ATH_TWIN(ActivationArgs, activation);
  ATH_TWIN(ActivationGradArgs, activation_grad);
  ATH_TWIN(AddArgs, add);
  ATH_TWIN(AxpbyArgs, axpby);
  ATH_TWIN(FillArgs, fill);
  ATH_TWIN(LinearArgs, linear);
  ATH_TWIN(LinearGradArgs, linear_grad);
  ATH_TWIN(MatmulArgs, matmul);
  ATH_TWIN(EmbeddingArgs, embedding);
  ATH_TWIN(EmbeddingGradArgs, embedding_grad);
  ATH_TWIN(CopyArgs, copy);
  ATH_TWIN(ContrastiveLossArgs, contrastive_loss);
  ATH_TWIN(ContrastiveLossGradArgs, contrastive_loss_grad);
  ATH_TWIN(GroupNormArgs, group_norm);
  ATH_TWIN(GroupNormGradArgs, group_norm_grad);
  ATH_TWIN(L2NormalizeArgs, l2_normalize);
  ATH_TWIN(L2NormalizeGradArgs, l2_normalize_grad);
  ATH_TWIN(LayerNormArgs, layer_norm);
  ATH_TWIN(LayerNormGradArgs, layer_norm_grad);
  ATH_TWIN(RmsNormArgs, rms_norm);
  ATH_TWIN(RmsNormGradArgs, rms_norm_grad);
  ATH_TWIN(AdamWArgs, adamw);
  ATH_TWIN(DropoutArgs, dropout);
  ATH_TWIN(FillRandomArgs, fill_random);
  ATH_TWIN(GradientStatsArgs, gradient_stats);
  ATH_TWIN(MaskedMeanArgs, masked_mean);
  ATH_TWIN(MaskedMeanGradArgs, masked_mean_grad);
  ATH_TWIN(SumLeadingArgs, sum_leading);
#undef ATH_TWIN
  if constexpr (std::is_same_v<Args, Pool2dArgs>)
    return {cuda_candidate<Pool2dArgs, max_pool2d_cuda>("max_pool2d_cuda"),
            cuda_candidate<Pool2dArgs, avg_pool2d_cuda>("avg_pool2d_cuda")};
  return {};
}

// The op's candidates, before them its CUDA kernel.
template <class Args>
std::vector<Candidate<Args>> with_cuda(Candidates<Args> candidates) {
  std::vector<Candidate<Args>> all;
  const std::string_view reference = candidates.back().name;
  for (const Candidate<Args>& twin : cuda_candidates<Args>()) {
    const std::string_view op = std::string_view(twin.name).substr(0, std::string_view(twin.name).size() - 5);
    if (reference.substr(0, reference.find("_cpu_")) == op) all.push_back(twin);
  }
  all.insert(all.end(), candidates.begin(), candidates.end());
  return all;
}

}  // namespace athanor::kernels::test
