// Forward and gradient of contrastive_loss over many pairs: in tiles, and dense, with all logits held.
//   contrastive_loss [--pairs 8192] [--width 256] [--threads 2] [--replicas 4]
// Prints "memory TILED DENSE" (bytes of workspace), then answers each line "tiled", "sigmoid", "dense" or "part", which
// is what one of several replicas does that divide the softmax, with one step's milliseconds, milliseconds of processor
// time per thread (which a busy machine blurs less) and loss.
#include "kernels/ops/loss/contrastive_loss.h"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cmath>
#include <ctime>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace athanor;

std::vector<float> unit_rows(std::int64_t rows, std::int64_t width, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(rows * width));
  for (auto row = values.begin(); row != values.end(); row += width) {
    double squares = 0;
    for (auto at = row; at != row + width; ++at) {
      *at = normal(random);
      squares += static_cast<double>(*at) * static_cast<double>(*at);
    }
    for (auto at = row; at != row + width; ++at) *at /= static_cast<float>(std::sqrt(squares));
  }
  return values;
}

template <class Args>
const kernels::Candidate<Args>& find(kernels::Candidates<Args> candidates, std::string_view ending) {
  for (const auto& candidate : candidates)
    if (std::string_view(candidate.name).ends_with(ending)) return candidate;
  throw std::runtime_error("no such candidate");
}

class Step {
 public:
  Step(std::int64_t pairs, std::int64_t width, int threads, int replicas)
      : shape_{pairs, width},
        of_one_(kernels::contrastive_part(pairs, {0, pairs / replicas})),
        image_(unit_rows(pairs, width, 1)),
        text_(unit_rows(pairs, width, 2)),
        dimage_(image_.size()),
        dtext_(image_.size()),
        row_lse_(static_cast<std::size_t>(pairs)),
        col_lse_(row_lse_.size()),
        terms_(row_lse_.size()) {
    exec_.threads = threads;
  }

  std::size_t workspace_bytes(std::string_view ending) {
    const auto& forward = find(kernels::contrastive_loss_candidates(), ending);
    const auto& gradient = find(kernels::contrastive_loss_grad_candidates(), ending);
    return std::max(forward.workspace_bytes(exec_, forward_args()), gradient.workspace_bytes(exec_, grad_args()));
  }

  struct Times {
    double wall_ms, processor_ms;
  };
  Times run(std::string_view ending, kernels::ContrastiveKind kind, bool in_part) {
    kind_ = kind;
    part_ = in_part ? of_one_ : kernels::ContrastivePart{};
    const auto& forward = find(kernels::contrastive_loss_candidates(), ending);
    const auto& gradient = find(kernels::contrastive_loss_grad_candidates(), ending);
    workspace_.resize(std::max(workspace_.size(), workspace_bytes(ending)));
    exec_.workspace = workspace_.data();
    exec_.workspace_bytes = workspace_.size();
    const auto begin = std::chrono::steady_clock::now();
    const std::clock_t clock = std::clock();
    forward.run(exec_, forward_args());
    gradient.run(exec_, grad_args());
    const double processor_ms = 1e3 * static_cast<double>(std::clock() - clock) / CLOCKS_PER_SEC;
    return {std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count(),
            processor_ms / exec_.threads};
  }
  [[nodiscard]] float loss() const { return loss_; }

 private:
  View view(std::vector<float>& values, const Shape& shape) { return View(values.data(), DType::f32, shape); }
  View number(float& value) { return View(&value, DType::f32, {1}); }
  kernels::ContrastiveLossArgs forward_args() {
    return {.image = view(image_, shape_),
            .text = view(text_, shape_),
            .logit_scale = number(logit_scale_),
            .kind = kind_,
            .part = part_,
            .loss = part_.count > 0 ? View() : number(loss_),
            .row_lse = view(row_lse_, {computed()}),
            .col_lse = view(col_lse_, {computed()}),
            .terms = part_.count > 0 ? view(terms_, {computed()}) : View()};
  }
  kernels::ContrastiveLossGradArgs grad_args() {
    return {.image = view(image_, shape_),
            .text = view(text_, shape_),
            .logit_scale = number(logit_scale_),
            .row_lse = view(row_lse_, {shape_[0]}),
            .col_lse = view(col_lse_, {shape_[0]}),
            .kind = kind_,
            .part = part_,
            .dimage = view(dimage_, {computed(), shape_[1]}),
            .dtext = view(dtext_, {computed(), shape_[1]}),
            .dlogit_scale = part_.count > 0 ? View() : number(dlogit_scale_),
            .scale_terms = part_.count > 0 ? view(terms_, {computed()}) : View()};
  }
  [[nodiscard]] std::int64_t computed() const { return part_.count > 0 ? part_.count : shape_[0]; }

  Shape shape_;
  kernels::ContrastivePart of_one_, part_;
  kernels::ContrastiveKind kind_ = kernels::ContrastiveKind::softmax;
  std::vector<float> image_, text_, dimage_, dtext_, row_lse_, col_lse_, terms_;
  float logit_scale_ = 2.6592f, loss_ = 0, dlogit_scale_ = 0;
  std::vector<std::byte> workspace_;
  Exec exec_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Times contrastive_loss over many pairs");
  std::int64_t pairs = 8192, width = 256;
  int threads = 2, replicas = 4;
  app.add_option("--pairs", pairs);
  app.add_option("--width", width);
  app.add_option("--threads", threads);
  app.add_option("--replicas", replicas);
  CLI11_PARSE(app, argc, argv);
  Step step(pairs, width, threads, replicas);
  std::cout << "memory " << step.workspace_bytes("_tiled") << ' ' << step.workspace_bytes("_row_blocks") << std::endl;
  std::string kind;
  while (std::cin >> kind) {
    const bool sigmoid = kind == "sigmoid";
    const auto times =
        step.run(kind == "dense" ? "_row_blocks" : "_tiled",
                 sigmoid ? athanor::kernels::ContrastiveKind::sigmoid : athanor::kernels::ContrastiveKind::softmax,
                 kind == "part");
    std::cout << times.wall_ms << ' ' << times.processor_ms << ' ' << step.loss() << std::endl;
  }
}
