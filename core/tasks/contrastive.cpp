#include "core/tasks/contrastive.h"

#include "core/eval/retrieval.h"
#include "core/ops/loss.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace athanor::tasks {
namespace {

constexpr std::int64_t kShownAnswers = 5;

template <class T>
std::span<const T> part_of(const std::vector<T>& values, const data::Rows& rows, std::int64_t width = 1) {
  return std::span(values).subspan(static_cast<std::size_t>(rows.first * width),
                                   static_cast<std::size_t>(rows.count * width));
}

Tensor upload_images(Context& context, const data::Batch& batch, const data::Rows& rows) {
  const std::int64_t px = batch.image_px;
  return context.upload(part_of(batch.images, rows, px * px * 3), {rows.count, px, px, 3});
}

Tensor upload_tokens(Context& context, const data::Batch& batch, const data::Rows& rows) {
  const std::int64_t width = batch.tokens_of(rows);
  const auto whole = part_of(batch.tokens, rows, batch.max_tokens);
  if (width == batch.max_tokens) return context.upload(whole, {rows.count, width});
  std::vector<std::int32_t> cut;
  for (std::int64_t row = 0; row < rows.count; ++row) {
    const auto text = whole.subspan(static_cast<std::size_t>(row * batch.max_tokens), static_cast<std::size_t>(width));
    cut.insert(cut.end(), text.begin(), text.end());
  }
  return context.upload(std::span<const std::int32_t>(cut), {rows.count, width});
}

Tensor upload_row(Context& context, std::span<const std::int32_t> values) {
  return context.upload(values, {static_cast<std::int64_t>(values.size())});
}

// out[q, g] = sum over d of queries[q, d] * gallery[g, d], added in order.
std::vector<float> similarities(const std::vector<float>& queries, const std::vector<float>& gallery,
                                std::int64_t dim) {
  const auto width = static_cast<std::size_t>(dim);
  const std::size_t rows = queries.size() / width;
  const std::size_t columns = gallery.size() / width;
  std::vector<float> out(rows * columns);
  for (std::size_t q = 0; q < rows; ++q) {
    for (std::size_t g = 0; g < columns; ++g) {
      float sum = 0;
      for (std::size_t d = 0; d < width; ++d) sum += queries[q * width + d] * gallery[g * width + d];
      out[q * columns + g] = sum;
    }
  }
  return out;
}

// Evaluating neither records nor drops; both settings come back afterwards.
class Judging {
 public:
  explicit Judging(Context& context) : context_(context), no_gradient_(context), training_(context.training()) {
    context_.set_training(false);
  }
  ~Judging() { context_.set_training(training_); }
  Judging(const Judging&) = delete;
  Judging& operator=(const Judging&) = delete;

 private:
  Context& context_;
  NoGradient no_gradient_;
  bool training_;
};

template <class T>
std::size_t position(const std::vector<T>& values, T wanted) {
  return static_cast<std::size_t>(std::ranges::find(values, wanted) - values.begin());
}

ops::ContrastiveLossOptions options_of(const Tensor& ids, const Variable& logit_bias) {
  const auto kind = logit_bias.present() ? kernels::ContrastiveKind::sigmoid : kernels::ContrastiveKind::softmax;
  return {.ids = ids, .kind = kind, .logit_bias = logit_bias};
}

}  // namespace

Variable contrast(Context& context, const models::TwoTowerOutput& out, const Tensor& ids) {
  return ops::contrastive_loss(context, out.image_BD, out.text_BD, out.logit_scale, options_of(ids, out.logit_bias));
}

Variable divided_contrast(Context& context, const models::TwoTower& model, const Task::Divided& parts) {
  return ops::divided_contrastive_loss(context,
                                       {.group = parts.group,
                                        .first = parts.first,
                                        .image = parts.own[0],
                                        .text = parts.own[1],
                                        .all_images = parts.all[0],
                                        .all_texts = parts.all[1]},
                                       model.logit_scale(), options_of(parts.all[2], model.logit_bias()));
}

Task::Inputs Contrastive::upload(Context& context, const data::Batch& batch, const data::Rows& rows) {
  return {upload_images(context, batch, rows), upload_tokens(context, batch, rows),
          upload_row(context, part_of(batch.lengths, rows)), upload_row(context, part_of(batch.concepts, rows))};
}

std::vector<Variable> Contrastive::features(Context& context, const Inputs& inputs) {
  return {parts_.model.encode_images(context, inputs[0]), parts_.model.encode_texts(context, inputs[1], inputs[2]),
          inputs[3]};
}

Variable Contrastive::criterion(Context& context, const std::vector<Variable>& features) {
  return contrast(context,
                  {.image_BD = features[0],
                   .text_BD = features[1],
                   .logit_scale = parts_.model.logit_scale(),
                   .logit_bias = parts_.model.logit_bias()},
                  features[2].value());
}

Figures Contrastive::state(const Context& context) const {
  const double scale = context.download(parts_.model.logit_scale()->value).front();
  Figures out{{"logit_scale", scale}, {"temperature", std::exp(-scale)}};
  if (const Parameter& bias = parts_.model.logit_bias())
    out.emplace_back("logit_bias", context.download(bias->value).front());
  return out;
}

Contrastive::Embedded Contrastive::embed(Context& context) {
  Embedded out;
  out.dim = parts_.model.config().embedding_dim;
  std::set<std::int32_t> seen;
  std::size_t row = 0;
  for (std::int64_t index = 0; index < parts_.test.batches(); ++index) {
    const data::Batch batch = parts_.test.batch(index);
    const std::vector<Variable> features = encode(context, upload(context, batch, batch.all()));
    const auto pictures = context.download(features[0].value());
    const auto texts = context.download(features[1].value());
    out.pictures.insert(out.pictures.end(), pictures.begin(), pictures.end());
    out.captions.insert(out.captions.end(), texts.begin(), texts.end());
    for (std::size_t i = 0; i < batch.concepts.size(); ++i, ++row) {
      out.picture_ids.push_back(batch.concepts[i]);
      if (!seen.insert(batch.concepts[i]).second) continue;
      const auto begin = texts.begin() + static_cast<std::ptrdiff_t>(i) * out.dim;
      out.texts.insert(out.texts.end(), begin, begin + out.dim);
      out.text_ids.push_back(batch.concepts[i]);
      out.text_source.push_back(row);
    }
  }
  return out;
}

double Contrastive::test_loss(Context& context, const Embedded& embedded) {
  const auto pairs = static_cast<std::int64_t>(embedded.picture_ids.size());
  const std::int64_t size = std::min(parts_.batch_size, pairs);
  const auto rows = [&](const std::vector<float>& all, std::int64_t first) {
    std::vector<float> out;
    for (std::int64_t i = first; i < first + size; ++i) {
      const auto begin = all.begin() + i % pairs * embedded.dim;
      out.insert(out.end(), begin, begin + embedded.dim);
    }
    return context.upload(std::span<const float>(out), {size, embedded.dim});
  };
  double sum = 0;
  std::int64_t batches = 0;
  for (std::int64_t first = 0; first < pairs; first += size, ++batches) {
    std::vector<std::int32_t> ids;
    for (std::int64_t i = first; i < first + size; ++i) {
      ids.push_back(embedded.picture_ids[static_cast<std::size_t>(i % pairs)]);
    }
    const Variable loss =
        criterion(context, {rows(embedded.pictures, first), rows(embedded.captions, first), upload_row(context, ids)});
    sum += context.download(loss.value()).front();
  }
  return batches > 0 ? sum / static_cast<double>(batches) : 0;
}

Judgement Contrastive::judge(Context& context) {
  const Judging judging(context);
  const Embedded embedded = embed(context);
  const auto by_text = similarities(embedded.texts, embedded.pictures, embedded.dim);
  const auto by_picture = similarities(embedded.pictures, embedded.texts, embedded.dim);

  Judgement out{"test", {}, {}};
  out.metrics = eval::named(eval::summarise(eval::ranks(by_text, embedded.text_ids, embedded.picture_ids)), "t2i");
  const auto back =
      eval::named(eval::summarise(eval::ranks(by_picture, embedded.picture_ids, embedded.text_ids)), "i2t");
  out.metrics.insert(out.metrics.end(), back.begin(), back.end());
  out.metrics.emplace_back("loss", test_loss(context, embedded));
  for (const data::Probe& probe : parts_.probes) out.samples.push_back(text_probe(probe, embedded, by_text));
  for (const data::Probe& probe : parts_.probes) out.samples.push_back(image_probe(probe, embedded, by_picture));
  return out;
}

journal::RetrievalSample Contrastive::asked(const data::Probe& probe) const {
  journal::RetrievalSample out;
  out.query_id = probe.concept_id;
  out.query_label = probe.text;
  out.query_picture = picture_path(probe.picture);
  return out;
}

journal::RetrievalSample Contrastive::text_probe(const data::Probe& probe, const Embedded& embedded,
                                                 std::span<const float> scores) const {
  const std::size_t gallery = embedded.picture_ids.size();
  const auto row = scores.subspan(position(embedded.text_ids, probe.concept_id) * gallery, gallery);
  journal::RetrievalSample out = asked(probe);
  out.text_to_image = true;
  out.truth_rank = eval::ranks(row, std::span(&probe.concept_id, 1), embedded.picture_ids).front();
  out.gallery_size = static_cast<std::int64_t>(gallery);
  for (const std::int64_t hit : eval::best(row, kShownAnswers)) {
    const auto i = static_cast<std::size_t>(hit);
    out.top.push_back(
        {embedded.picture_ids[i], parts_.test.caption(i), picture_path(parts_.test.pictures()[i]), row[i]});
  }
  return out;
}

journal::RetrievalSample Contrastive::image_probe(const data::Probe& probe, const Embedded& embedded,
                                                  std::span<const float> scores) const {
  const std::size_t gallery = embedded.text_ids.size();
  const auto row = scores.subspan(position(parts_.test.pictures(), probe.picture) * gallery, gallery);
  journal::RetrievalSample out = asked(probe);
  out.text_to_image = false;
  out.truth_rank = eval::ranks(row, std::span(&probe.concept_id, 1), embedded.text_ids).front();
  out.gallery_size = static_cast<std::int64_t>(gallery);
  for (const std::int64_t hit : eval::best(row, kShownAnswers)) {
    const auto i = static_cast<std::size_t>(hit);
    const std::size_t source = embedded.text_source[i];
    out.top.push_back(
        {embedded.text_ids[i], parts_.test.caption(source), picture_path(parts_.test.pictures()[source]), row[i]});
  }
  return out;
}

std::string Contrastive::picture_path(std::size_t picture) const {
  return parts_.media ? parts_.media(picture) : std::string();
}

}  // namespace athanor::tasks
