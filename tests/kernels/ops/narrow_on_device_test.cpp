// Kernels that know f32 only, given narrow arrays on a device: the answers of the CPU's twins.
#include "kernels/base/number_format.h"
#include "kernels/ops/loss/contrastive_loss.h"
#include "kernels/ops/loss/cross_entropy.h"
#include "tests/kernels/support/device_hooks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace athanor::kernels::test {
namespace {

template <class T>
using Shared = std::vector<T, SharedAllocator<T>>;

struct Narrow {
  Shared<std::uint16_t> codes;
  Shape shape;

  Narrow(const Shape& dims, float scale, std::size_t step)
      : codes(static_cast<std::size_t>(dims.numel())), shape(dims) {
    for (std::size_t i = 0; i < codes.size(); ++i)
      codes[i] =
          static_cast<std::uint16_t>(BFloat16::encode(scale * std::sin(static_cast<float>(i * step % 97) + 0.3f)));
  }
  View view() { return View(codes.data(), DType::bf16, shape); }
  [[nodiscard]] double at(std::size_t i) const { return static_cast<double>(BFloat16::decode(codes[i])); }
};

template <class Args>
void run_on(DeviceKind kind, void (*op)(const Exec&, const Args&),
            std::size_t (*workspace_bytes)(const Exec&, const Args&), const Args& args) {
  Exec exec;
  exec.device.kind = kind;
  exec.workspace_bytes = (workspace_bytes ? workspace_bytes(exec, args) : 0) + widening_bytes(exec, args);
  Shared<std::byte> workspace(exec.workspace_bytes);
  exec.workspace = workspace.data();
  op(exec, args);
  if (kind == DeviceKind::cuda) wait_for_device();
}

void expect_near(const Narrow& got, const Narrow& want) {
  double largest = 0.0;
  for (std::size_t i = 0; i < want.codes.size(); ++i) {
    EXPECT_NEAR(got.at(i), want.at(i), std::abs(want.at(i)) / 64 + 1e-7) << i;
    largest = std::max(largest, std::abs(want.at(i)));
  }
  EXPECT_GT(largest, 0.0);
}

TEST(NarrowOnDevice, CrossEntropyGradAgreesWithTheTwin) {
  if (cuda_refusal() != nullptr) return;
  Narrow x({5, 33}, 3.0f, 7), device({5, 33}, 0.0f, 1), host({5, 33}, 0.0f, 1);
  Shared<std::int32_t> targets{1, 32, kIgnoredTarget, 0, 7};
  Shared<float> loss(1), row_max(5), row_log(5), counted(1);
  const auto view = [](Shared<float>& values) {
    return View(values.data(), DType::f32, {static_cast<std::int64_t>(values.size())});
  };
  std::vector<double> losses;
  for (const DeviceKind kind : {DeviceKind::cpu, DeviceKind::cuda}) {
    run_on<CrossEntropyArgs>(kind, cross_entropy, cross_entropy_workspace_bytes,
                             {.x = x.view(),
                              .targets = View(targets.data(), DType::i32, {5}),
                              .loss = view(loss),
                              .row_max = view(row_max),
                              .row_log = view(row_log),
                              .counted = view(counted)});
    losses.push_back(static_cast<double>(loss[0]));
    run_on<CrossEntropyGradArgs>(kind, cross_entropy_grad, nullptr,
                                 {.x = x.view(),
                                  .targets = View(targets.data(), DType::i32, {5}),
                                  .row_max = view(row_max),
                                  .row_log = view(row_log),
                                  .counted = view(counted),
                                  .dx = kind == DeviceKind::cuda ? device.view() : host.view()});
  }
  EXPECT_NEAR(losses[0], losses[1], 1e-5);
  EXPECT_GT(losses[0], 1.0);
  expect_near(device, host);
}

TEST(NarrowOnDevice, ContrastiveLossAgreesWithTheTwin) {
  if (cuda_refusal() != nullptr) return;
  Narrow image({40, 8}, 0.5f, 5), text({40, 8}, 0.5f, 11);
  Shared<float> scale{1.5f}, loss(1), row_lse(40), col_lse(40);
  std::vector<double> losses;
  for (const DeviceKind kind : {DeviceKind::cpu, DeviceKind::cuda}) {
    run_on<ContrastiveLossArgs>(kind, contrastive_loss, contrastive_loss_workspace_bytes,
                                {.image = image.view(),
                                 .text = text.view(),
                                 .logit_scale = View(scale.data(), DType::f32, {1}),
                                 .loss = View(loss.data(), DType::f32, {1}),
                                 .row_lse = View(row_lse.data(), DType::f32, {40}),
                                 .col_lse = View(col_lse.data(), DType::f32, {40})});
    losses.push_back(static_cast<double>(loss[0]));
  }
  EXPECT_NEAR(losses[0], losses[1], 1e-5);
  EXPECT_GT(losses[0], 1.0);
}

}  // namespace
}  // namespace athanor::kernels::test
