#include "core/models/vit/vit.h"

#include "core/ops/index.h"
#include "kernels/base/error.h"

namespace athanor::models {

namespace {

[[noreturn]] void refuse(const std::string& cause, const std::string& remedy) {
  throw Failure(ErrorKind::invalid_input, "build the vit model", cause, remedy);
}

const VitConfig& checked(const VitConfig& config) {
  if (config.patch_px < 1 || config.image_px < config.patch_px || config.image_px % config.patch_px != 0)
    refuse("pictures of " + std::to_string(config.image_px) + " px cannot be cut into patches of " +
               std::to_string(config.patch_px) + " px",
           "Make model.image_px a multiple of model.patch_px");
  if (config.heads < 1 || config.width % config.heads != 0)
    refuse("model.heads does not divide model.width", "Choose a divisor of " + std::to_string(config.width));
  return config;
}

}  // namespace

VitTower::VitTower(const nn::Scope& scope, const VitConfig& config)
    : config_(checked(config)),
      patches_(scope.child("patches"), {.in = config.channels,
                                        .out = config.width,
                                        .kernel = static_cast<int>(config.patch_px),
                                        .stride = static_cast<int>(config.patch_px),
                                        .padding = 0}),
      positions_(scope.child("positions"), config.patches(), config.width),
      blocks_(nn::make_blocks(
          scope.child("blocks"), config.depth,
          {.width = config.width, .heads = config.heads, .mlp_ratio = config.mlp_ratio, .dropout = config.dropout})),
      norm_(scope.child("norm"), config.width),
      head_(scope.child("head"), {.in = config.width, .out = config.outputs}) {}

Variable VitTower::patches(Context& context, const Variable& images_BHWC) const {
  const Shape needed{images_BHWC.dim(0), config_.image_px, config_.image_px, config_.channels};
  if (images_BHWC.rank() != 4 || images_BHWC.shape() != needed)
    throw Failure(ErrorKind::invalid_input, "encode pictures",
                  "they have shape " + to_string(images_BHWC.shape()) + ", the model reads " + to_string(needed));
  Variable x_BTC = ops::reshape(context, patches_.forward(context, images_BHWC),
                                {images_BHWC.dim(0), config_.patches(), config_.width});
  x_BTC = positions_.forward(context, x_BTC);
  return norm_.forward(context, nn::forward_blocks(context, blocks_, x_BTC, {}));
}

Variable VitTower::forward(Context& context, const Variable& images_BHWC) const {
  return head_.forward(context, ops::masked_mean(context, patches(context, images_BHWC)));
}

}  // namespace athanor::models
