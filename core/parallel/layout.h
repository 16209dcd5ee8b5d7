// A layout: how the work of a training run is shared between its ranks, and which layouts there cannot be. The rules
// are one table; whoever refuses a layout names the rules that it breaks and the nearest layout that breaks none.
// Values and pure functions of them; includes only std and core/base. Safe to call from any thread.
#pragma once

#include "core/parallel/mesh.h"
#include "core/parallel/shard_layout.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace athanor::parallel {

struct Layout {
  std::int64_t data = 1, tensor = 1, pipeline = 1;  // ranks along each axis
  std::int64_t micro_batches = 1;                   // of a batch, of all replicas together
  std::string schedule = "1f1b";                    // one of schedule_names(); of one stage all are the same
  Shard shard = Shard::none;
  std::string gradient_format = "fp32";
  bool sequence_parallel = false;  // the ranks of a tensor group share the tokens between the matrices that they cut

  bool operator==(const Layout&) const = default;
};

enum class LayoutField { data, micro_batches, pipeline, schedule, tensor, sequence_parallel, shard, gradient_format };
inline constexpr std::size_t kLayoutFieldCount = 8;
inline constexpr std::array<LayoutField, kLayoutFieldCount> kLayoutFields = {
    LayoutField::data,   LayoutField::micro_batches,     LayoutField::pipeline, LayoutField::schedule,
    LayoutField::tensor, LayoutField::sequence_parallel, LayoutField::shard,    LayoutField::gradient_format};
// "parallel.data", as a recipe calls it.
[[nodiscard]] const char* path_of(LayoutField field) noexcept;
// As it is typed in a recipe: "2", "zb-v", "true".
[[nodiscard]] std::string text_of(const Layout& layout, LayoutField field);
[[nodiscard]] bool same(const Layout& a, const Layout& b, LayoutField field);

[[nodiscard]] std::optional<Shard> shard_named(std::string_view name) noexcept;
[[nodiscard]] const char* to_string(Shard shard) noexcept;
// From nothing shared to everything.
[[nodiscard]] std::vector<std::string> shard_names();
// Those of generate.h, and the one that search.h finds.
[[nodiscard]] std::vector<std::string> schedule_names();
[[nodiscard]] bool is_schedule(std::string_view name) noexcept;
// The stages that a rank holds under a schedule.
[[nodiscard]] int chunks_of(std::string_view schedule) noexcept;

// What of a model decides how it can be cut. Numbers that are 0 are not known, and nothing is asked of them.
struct TowerFacts {
  std::string name;                                     // "image"
  std::int64_t layers = 0;                              // that may lie on different stages
  std::int64_t heads = 0, width = 0, feed_forward = 0;  // of its blocks; a tower without blocks has none
  std::int64_t tokens = 0;
};

struct LayoutFacts {
  std::vector<TowerFacts> towers;
  std::int64_t batch_size = 0;  // samples of a step
  std::string policy = "fp32";  // of number formats
  std::string optimizer = "adamw";
  std::string master = "fp32", moments = "fp32";  // formats of weights and of the optimizer's state
  bool adapts = false;                            // weights have low-rank adapters
  std::int64_t ranks = 0;                         // that there are; 0: as many as it takes
};

struct LayoutRule {
  const char* name;                                               // "micro_batches_shared"
  const char* holds_when;                                         // the rule in a sentence
  std::vector<LayoutField> fields;                                // of which it speaks, the one that is blamed first
  bool (*holds)(const Layout& layout, const LayoutFacts& facts);  // asked where every number is at least 1
  std::string (*reason)(const Layout& layout, const LayoutFacts& facts);  // "must divide data.batch_size (128)"
};
[[nodiscard]] std::span<const LayoutRule> layout_rules();

struct Violation {
  const LayoutRule* rule = nullptr;
  std::string reason;
};
// Every rule that is broken, in the table's order. Of a rule that speaks of a number below 1 only that is told.
[[nodiscard]] std::vector<Violation> judge(const Layout& layout, const LayoutFacts& facts);

// What may be chosen at all.
struct LayoutLimits {
  std::int64_t data = 256, tensor = 64, pipeline = 64, micro_batches = 65'536;  // the most of each
  std::vector<std::string> schedules{"1f1b"};
  std::vector<Shard> shards{Shard::none};
  std::vector<std::string> gradient_formats{"fp32"};
  bool sequence_parallel = false;  // whether it may be
  std::vector<LayoutField> fixed;  // what stays as it is
};

// The layout within the limits that breaks no rule and is least far from `wish`: each number counts by its ratio, each
// field that changes a little besides; micro-batches, which cost the least, count half. Found by going through all
// values that the rules leave, the nearest first, and leaving out whatever is already farther than the best. Nothing
// where the fields that are fixed allow none.
[[nodiscard]] std::optional<Layout> nearest_valid(const Layout& wish, const LayoutFacts& facts,
                                                  const LayoutLimits& limits);

// Every layout within the limits that breaks no rule; fields that are fixed are as in `base`.
[[nodiscard]] std::vector<Layout> valid_layouts(const Layout& base, const LayoutFacts& facts,
                                                const LayoutLimits& limits);

}  // namespace athanor::parallel
