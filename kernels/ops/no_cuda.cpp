// Stands in for every CUDA kernel in builds without them: each call says which option turns them on.
#include "kernels/base/error.h"
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

namespace athanor::kernels {

namespace {

[[noreturn]] void no_cuda(const char* op) {
  throw Failure(ErrorKind::unavailable, std::string("run ") + op + " on a CUDA device",
                "this build holds no CUDA kernels", "Configure with -DATH_CUDA=ON, or use the device cpu");
}

}  // namespace

void attention_cuda(const Exec&, const AttentionArgs&) { no_cuda("attention"); }
void attention_grad_cuda(const Exec&, const AttentionGradArgs&) { no_cuda("attention_grad"); }
void conv2d_cuda(const Exec&, const Conv2dArgs&) { no_cuda("conv2d"); }
void conv2d_grad_cuda(const Exec&, const Conv2dGradArgs&) { no_cuda("conv2d_grad"); }
void max_pool2d_cuda(const Exec&, const Pool2dArgs&) { no_cuda("max_pool2d"); }
void max_pool2d_grad_cuda(const Exec&, const MaxPool2dGradArgs&) { no_cuda("max_pool2d_grad"); }
void avg_pool2d_cuda(const Exec&, const Pool2dArgs&) { no_cuda("avg_pool2d"); }
void avg_pool2d_grad_cuda(const Exec&, const AvgPool2dGradArgs&) { no_cuda("avg_pool2d_grad"); }
void activation_cuda(const Exec&, const ActivationArgs&) { no_cuda("activation"); }
void activation_grad_cuda(const Exec&, const ActivationGradArgs&) { no_cuda("activation_grad"); }
void add_cuda(const Exec&, const AddArgs&) { no_cuda("add"); }
void axpby_cuda(const Exec&, const AxpbyArgs&) { no_cuda("axpby"); }
void fill_cuda(const Exec&, const FillArgs&) { no_cuda("fill"); }
void linear_cuda(const Exec&, const LinearArgs&) { no_cuda("linear"); }
void linear_grad_cuda(const Exec&, const LinearGradArgs&) { no_cuda("linear_grad"); }
void matmul_cuda(const Exec&, const MatmulArgs&) { no_cuda("matmul"); }
void embedding_cuda(const Exec&, const EmbeddingArgs&) { no_cuda("embedding"); }
void embedding_grad_cuda(const Exec&, const EmbeddingGradArgs&) { no_cuda("embedding_grad"); }
void copy_cuda(const Exec&, const CopyArgs&) { no_cuda("copy"); }
void contrastive_loss_cuda(const Exec&, const ContrastiveLossArgs&) { no_cuda("contrastive_loss"); }
void contrastive_loss_grad_cuda(const Exec&, const ContrastiveLossGradArgs&) { no_cuda("contrastive_loss_grad"); }
void group_norm_cuda(const Exec&, const GroupNormArgs&) { no_cuda("group_norm"); }
void group_norm_grad_cuda(const Exec&, const GroupNormGradArgs&) { no_cuda("group_norm_grad"); }
void l2_normalize_cuda(const Exec&, const L2NormalizeArgs&) { no_cuda("l2_normalize"); }
void l2_normalize_grad_cuda(const Exec&, const L2NormalizeGradArgs&) { no_cuda("l2_normalize_grad"); }
void layer_norm_cuda(const Exec&, const LayerNormArgs&) { no_cuda("layer_norm"); }
void layer_norm_grad_cuda(const Exec&, const LayerNormGradArgs&) { no_cuda("layer_norm_grad"); }
void rms_norm_cuda(const Exec&, const RmsNormArgs&) { no_cuda("rms_norm"); }
void rms_norm_grad_cuda(const Exec&, const RmsNormGradArgs&) { no_cuda("rms_norm_grad"); }
void adamw_cuda(const Exec&, const AdamWArgs&) { no_cuda("adamw"); }
void dropout_cuda(const Exec&, const DropoutArgs&) { no_cuda("dropout"); }
void fill_random_cuda(const Exec&, const FillRandomArgs&) { no_cuda("fill_random"); }
void gradient_stats_cuda(const Exec&, const GradientStatsArgs&) { no_cuda("gradient_stats"); }
void masked_mean_cuda(const Exec&, const MaskedMeanArgs&) { no_cuda("masked_mean"); }
void masked_mean_grad_cuda(const Exec&, const MaskedMeanGradArgs&) { no_cuda("masked_mean_grad"); }
void sum_leading_cuda(const Exec&, const SumLeadingArgs&) { no_cuda("sum_leading"); }

std::size_t attention_cuda_workspace_bytes(const AttentionArgs&) { no_cuda("attention"); }
std::size_t attention_grad_cuda_workspace_bytes(const AttentionGradArgs&) { no_cuda("attention_grad"); }
std::size_t conv2d_cuda_workspace_bytes(const Conv2dArgs&) { no_cuda("conv2d"); }
std::size_t conv2d_grad_cuda_workspace_bytes(const Conv2dGradArgs&) { no_cuda("conv2d_grad"); }
std::size_t linear_cuda_workspace_bytes(const LinearArgs&) { no_cuda("linear"); }
std::size_t linear_grad_cuda_workspace_bytes(const LinearGradArgs&) { no_cuda("linear_grad"); }
std::size_t embedding_grad_cuda_workspace_bytes(const EmbeddingGradArgs&) { no_cuda("embedding_grad"); }
std::size_t contrastive_loss_cuda_workspace_bytes(const ContrastiveLossArgs&) { no_cuda("contrastive_loss"); }
std::size_t contrastive_loss_grad_cuda_workspace_bytes(const ContrastiveLossGradArgs&) {
  no_cuda("contrastive_loss_grad");
}
std::size_t group_norm_grad_cuda_workspace_bytes(const GroupNormGradArgs&) { no_cuda("group_norm_grad"); }
std::size_t layer_norm_grad_cuda_workspace_bytes(const LayerNormGradArgs&) { no_cuda("layer_norm_grad"); }
std::size_t rms_norm_grad_cuda_workspace_bytes(const RmsNormGradArgs&) { no_cuda("rms_norm_grad"); }
std::size_t gradient_stats_cuda_workspace_bytes(const GradientStatsArgs&) { no_cuda("gradient_stats"); }
std::size_t sum_leading_cuda_workspace_bytes(const SumLeadingArgs&) { no_cuda("sum_leading"); }

}  // namespace athanor::kernels
