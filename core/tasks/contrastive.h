// Pictures and texts drawn together, all other pairs of a batch pushed apart; judged by retrieval in both directions on
// pictures of a style that is never trained on. Loss: core/ops/loss.h; ranks: core/eval/retrieval.h.
//   text -> image   every concept's name asks among all test pictures
//   image -> text   every test picture asks among all names
//   loss            the training loss over the test set in batches of the training size; the last is filled up from the
//                   beginning, for the loss of an undecided model is the logarithm of the batch
#pragma once

#include "core/data/dataset.h"
#include "core/data/probe.h"
#include "core/models/two_tower/two_tower.h"
#include "core/tasks/task.h"

#include <functional>
#include <memory>

namespace athanor::tasks {

// The loss [1] of a batch, ids i32 [B] by concept: each picture picks its text among all and the other way round
// (softmax), or, of a model whose logits have a bias, every pair is judged alone (sigmoid; Zhai et al. 2023,
// arXiv:2303.15343).
[[nodiscard]] Variable contrast(Context& context, const models::TwoTowerOutput& out, const Tensor& ids);
// The same where replicas divide it, of features as Contrastive::features() gives them.
[[nodiscard]] Variable divided_contrast(Context& context, const models::TwoTower& model, const Task::Divided& parts);

struct ContrastiveParts {
  const models::TwoTower& model;  // outlives the task
  std::shared_ptr<const data::Dataset> dataset;
  data::EvaluationSet test;
  std::int64_t batch_size = 1;      // of training
  std::vector<data::Probe> probes;  // of the test set
  // Path under which a picture can be shown, relative to the run directory; may be empty.
  std::function<std::string(std::size_t picture)> media;
};

class Contrastive final : public Task {
 public:
  explicit Contrastive(ContrastiveParts parts) : parts_(std::move(parts)) {}
  // What it was made of, for another with another model.
  [[nodiscard]] ContrastiveParts release() && { return std::move(parts_); }

  // images, tokens, lengths, concepts
  [[nodiscard]] Inputs upload(Context& context, const data::Batch& batch, const data::Rows& rows) override;
  // images, texts, concepts
  [[nodiscard]] std::vector<Variable> features(Context& context, const Inputs& inputs) override;
  [[nodiscard]] std::vector<models::ChainLayer> layers() const override { return parts_.model.layers(); }
  static constexpr std::size_t kStreams = 2;
  [[nodiscard]] std::size_t streams() const override { return kStreams; }
  [[nodiscard]] std::vector<Variable> features_of(const models::Streams& streams, const Inputs& inputs) override {
    return {streams[0], streams[1], inputs[3]};
  }
  [[nodiscard]] Variable criterion(Context& context, const std::vector<Variable>& features) override;
  [[nodiscard]] bool divides(const Context& context, std::int64_t rows) const override {
    return ops::divides_contrastive_loss(context, rows);
  }
  [[nodiscard]] Variable divided_criterion(Context& context, const Divided& parts) override {
    return divided_contrast(context, parts_.model, parts);
  }
  // "logit_scale", "temperature", which is exp(-logit_scale), and "logit_bias" where there is one.
  [[nodiscard]] Figures state(const Context& context) const override;
  [[nodiscard]] Judgement judge(Context& context) override;

 private:
  // Unit vectors of the test set on the host: pictures [P, D], one text per concept [C, D].
  struct Embedded {
    std::int64_t dim = 0;
    std::vector<float> pictures, texts;
    std::vector<float> captions;                      // the text of each picture [P, D]
    std::vector<std::int32_t> picture_ids, text_ids;  // concepts
    std::vector<std::size_t> text_source;             // the test picture whose caption the text is
  };
  [[nodiscard]] Embedded embed(Context& context);
  [[nodiscard]] double test_loss(Context& context, const Embedded& embedded);
  [[nodiscard]] journal::RetrievalSample asked(const data::Probe& probe) const;
  [[nodiscard]] journal::RetrievalSample text_probe(const data::Probe& probe, const Embedded& embedded,
                                                    std::span<const float> scores) const;
  [[nodiscard]] journal::RetrievalSample image_probe(const data::Probe& probe, const Embedded& embedded,
                                                     std::span<const float> scores) const;
  [[nodiscard]] std::string picture_path(std::size_t picture) const;

  ContrastiveParts parts_;
};

}  // namespace athanor::tasks
