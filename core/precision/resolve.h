// From what is asked to what will be done: requested policy x layers of the model x device, once per run.
#pragma once

#include "core/nn/site.h"
#include "core/precision/policy.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace athanor::precision {

// What the device can multiply natively. On a CPU every narrow format is an exact numeric twin: the numbers of a device
// that has it, at the speed of f32.
struct DeviceTraits {
  bool cuda = false;
  int major = 0, minor = 0;  // compute capability

  [[nodiscard]] bool has_tf32() const noexcept { return cuda && major >= 8; }
  [[nodiscard]] bool has_bf16() const noexcept { return !cuda || major >= 8; }
  [[nodiscard]] bool has_fp8() const noexcept { return !cuda || major > 8 || (major == 8 && minor >= 9); }
};

struct LayerFormats {
  std::string path;
  std::string kept_high;  // why it never goes below the stream; empty where it may
  PassFormats pass{PassFormat::stream, PassFormat::stream};
  DType out = DType::f32;  // what the model goes on with
  double work = 0;         // multiply-adds per row of the activations
};

// Something that is not done as asked.
struct Fallback {
  std::string where;  // "run", or the path of a layer
  std::string requested, actual, reason;
};

struct Resolution {
  Policy requested = Policy::fp32, actual = Policy::fp32;
  DType stream = DType::f32;
  bool tf32 = false;
  bool scales_loss = false;
  std::vector<LayerFormats> layers;  // by Site::index
  std::vector<Fallback> fallbacks;
  std::string times;  // dynamic: whose times decide what a format saves

  // "bf16 stream; 12 of 20 products fp8-block forward and backward"
  [[nodiscard]] std::string summary() const;
};

[[nodiscard]] Resolution resolve(const Settings& settings, std::span<const std::shared_ptr<const nn::Site>> sites,
                                 const DeviceTraits& device);

}  // namespace athanor::precision
