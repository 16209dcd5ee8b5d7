#include "core/checkpoint/weight_names.h"

#include <array>

namespace athanor::checkpoint {
namespace {

constexpr auto kRules = std::to_array<NameRule>({
    {"embeddings.word_embeddings.weight", "embeddings.words.weight"},
    {"embeddings.position_embeddings.weight", "embeddings.positions.weight"},
    {"embeddings.token_type_embeddings.weight", "embeddings.types.weight"},
    {"embeddings.LayerNorm.weight", "embeddings.norm.gain"},
    {"embeddings.LayerNorm.bias", "embeddings.norm.bias"},
    {"encoder.layer.{}.attention.self.query.weight", "blocks.{}.attention.qkv.weight", 0, 3},
    {"encoder.layer.{}.attention.self.key.weight", "blocks.{}.attention.qkv.weight", 1, 3},
    {"encoder.layer.{}.attention.self.value.weight", "blocks.{}.attention.qkv.weight", 2, 3},
    {"encoder.layer.{}.attention.self.query.bias", "blocks.{}.attention.qkv.bias", 0, 3},
    {"encoder.layer.{}.attention.self.key.bias", "blocks.{}.attention.qkv.bias", 1, 3},
    {"encoder.layer.{}.attention.self.value.bias", "blocks.{}.attention.qkv.bias", 2, 3},
    {"encoder.layer.{}.attention.output.dense.weight", "blocks.{}.attention.out.weight"},
    {"encoder.layer.{}.attention.output.dense.bias", "blocks.{}.attention.out.bias"},
    {"encoder.layer.{}.attention.output.LayerNorm.weight", "blocks.{}.norm1.gain"},
    {"encoder.layer.{}.attention.output.LayerNorm.bias", "blocks.{}.norm1.bias"},
    {"encoder.layer.{}.intermediate.dense.weight", "blocks.{}.mlp.up.weight"},
    {"encoder.layer.{}.intermediate.dense.bias", "blocks.{}.mlp.up.bias"},
    {"encoder.layer.{}.output.dense.weight", "blocks.{}.mlp.down.weight"},
    {"encoder.layer.{}.output.dense.bias", "blocks.{}.mlp.down.bias"},
    {"encoder.layer.{}.output.LayerNorm.weight", "blocks.{}.norm2.gain"},
    {"encoder.layer.{}.output.LayerNorm.bias", "blocks.{}.norm2.bias"},
    // As the first releases of the library called them.
    {"embeddings.LayerNorm.gamma", "embeddings.norm.gain"},
    {"embeddings.LayerNorm.beta", "embeddings.norm.bias"},
    {"encoder.layer.{}.attention.output.LayerNorm.gamma", "blocks.{}.norm1.gain"},
    {"encoder.layer.{}.attention.output.LayerNorm.beta", "blocks.{}.norm1.bias"},
    {"encoder.layer.{}.output.LayerNorm.gamma", "blocks.{}.norm2.gain"},
    {"encoder.layer.{}.output.LayerNorm.beta", "blocks.{}.norm2.bias"},
});

constexpr auto kPrefixes = std::to_array<std::string_view>({"", "bert.", "model.", "0.auto_model."});

// The numbers 0, 1, 2 … of the positions; the layer over the first token and the heads of the first training, for
// which the mean over the words stands here.
constexpr auto kUnused = std::to_array<std::string_view>({"embeddings.position_ids", "pooler.*", "cls.*"});

constexpr NameTable kTable{"bert", kRules, kPrefixes, kUnused};

}  // namespace

const NameTable& bert_names() { return kTable; }

}  // namespace athanor::checkpoint
