#include "core/precision/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace athanor::precision {
namespace {

constexpr std::int64_t kFp8Multiple = 16;  // sizes that FP8 products on devices take
constexpr int kLeastBlocksBetween = 1;     // a stack keeps at least this many blocks free to go low

const std::set<std::string_view> kHeads = {"head", "lm_head", "classifier"};
const std::set<std::string_view> kPinned = {"patches", "patch_embedding", "router", "gate_router", "logit_scale"};

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('.') + 1); }

bool is_head(const nn::Site& site) { return kHeads.contains(last_part(site.path)); }

// "tower.blocks.3.mlp.up" lies in the stack "tower.blocks" at 3.
struct Place {
  std::string stack;
  int block = -1;
};
Place place_of(std::string_view path) {
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    const std::string_view rest = path.substr(dot + 1);
    const std::string_view word = rest.substr(0, rest.find('.'));
    int number = -1;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
    if (!word.empty() && read.ec == std::errc{} && read.ptr == word.data() + word.size())
      return {std::string(path.substr(0, dot)), number};
  }
  return {};
}

std::map<std::string, int> stack_depths(std::span<const std::shared_ptr<const nn::Site>> sites) {
  std::map<std::string, int> depths;
  for (const auto& site : sites)
    if (const Place place = place_of(site->path); place.block >= 0)
      depths[place.stack] = std::max(depths[place.stack], place.block + 1);
  return depths;
}

// Why a layer must not go below the stream; empty where it may.
std::string why_high(const nn::Site& site, const std::map<std::string, int>& depths, int key_blocks) {
  if (site.kind == nn::LayerKind::embedding) return "embeddings stay high";
  if (site.kind == nn::LayerKind::convolution) return "there is no FP8 convolution";
  if (is_head(site)) return "heads stay high";
  if (kPinned.contains(last_part(site.path))) return "key layers stay high";
  if (site.in % kFp8Multiple != 0 || site.out % kFp8Multiple != 0)
    return fmt::format("{} by {} is not in multiples of {}, which FP8 products need", site.out, site.in, kFp8Multiple);
  const Place place = place_of(site.path);
  if (place.block < 0) return {};
  const int depth = depths.at(place.stack);
  if (depth < 2 * key_blocks + kLeastBlocksBetween) return {};
  if (place.block < key_blocks) return "the first blocks stay high";
  return place.block >= depth - key_blocks ? "the last blocks stay high" : "";
}

PassFormat pass_format(Policy policy) {
  switch (policy) {
    case Policy::fp8_delayed: return PassFormat::f8_delayed;
    case Policy::fp8_current: return PassFormat::f8_tensor;
    case Policy::fp8_block: return PassFormat::f8_block;
    default: return PassFormat::stream;
  }
}

DType stream_of(Policy policy) {
  if (policy == Policy::fp32 || policy == Policy::tf32) return DType::f32;
  return policy == Policy::fp16 ? DType::f16 : DType::bf16;
}

// The policy that the device can carry out; tells why where it is another one.
Policy possible(Policy wish, const DeviceTraits& device, std::vector<Fallback>& fallbacks) {
  const auto fall = [&](Policy to, std::string reason) {
    fallbacks.push_back({"run", to_string(wish), to_string(to), std::move(reason)});
    return to;
  };
  const std::string capability = fmt::format("compute capability {}.{}", device.major, device.minor);
  if (wish == Policy::tf32 && !device.has_tf32())
    return fall(Policy::fp32, device.cuda ? capability + " has no TF32" : "TF32 exists on CUDA devices only");
  if ((is_fp8(wish) || wish == Policy::dynamic) && !device.has_fp8())
    return fall(device.has_bf16() ? Policy::bf16 : Policy::fp16, capability + " has no FP8");
  if (wish == Policy::bf16 && !device.has_bf16()) return fall(Policy::fp16, capability + " has no BF16");
  return wish;
}

}  // namespace

Resolution resolve(const Settings& settings, std::span<const std::shared_ptr<const nn::Site>> sites,
                   const DeviceTraits& device) {
  Resolution out;
  out.requested = settings.policy;
  out.actual = possible(settings.policy, device, out.fallbacks);
  out.stream = stream_of(out.actual);
  out.tf32 = out.actual == Policy::tf32;
  out.scales_loss = out.actual == Policy::fp16;
  if (out.actual == Policy::dynamic) out.times = settings.dynamic.times.origin;
  const auto depths = stack_depths(sites);
  const PassFormat wish = pass_format(out.actual);
  const bool goes_low = is_fp8(out.actual) || out.actual == Policy::dynamic;
  for (const auto& site : sites) {
    LayerFormats layer{.path = site->path, .kept_high = {}, .out = out.stream, .work = 0};
    layer.work = static_cast<double>(site->in) * static_cast<double>(site->out);
    if (is_head(*site)) layer.out = DType::f32;  // losses are computed from f32
    layer.kept_high = why_high(*site, depths, settings.key_blocks);
    if (goes_low && !layer.kept_high.empty())
      out.fallbacks.push_back({site->path, to_string(out.actual), to_string(out.stream), layer.kept_high});
    if (layer.kept_high.empty()) layer.pass = {wish, wish};
    out.layers.push_back(std::move(layer));
  }
  return out;
}

std::string Resolution::summary() const {
  std::string text =
      fmt::format("{}: activations {}, parameters and statistics f32", to_string(actual), to_string(stream));
  if (tf32) text += ", products tf32";
  if (scales_loss) text += ", loss scaled";
  const auto low = std::ranges::count_if(layers, [](const LayerFormats& layer) { return layer.kept_high.empty(); });
  if (is_fp8(actual)) text += fmt::format("; {} of {} layers multiply in {}", low, layers.size(), to_string(actual));
  if (actual == Policy::dynamic)
    text += fmt::format("; {} of {} layers are free to change, with the times of {}", low, layers.size(), times);
  return text;
}

}  // namespace athanor::precision
