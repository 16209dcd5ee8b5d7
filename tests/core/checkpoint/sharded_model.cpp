#include "tests/core/checkpoint/sharded_model.h"

#include "tests/core/checkpoint/thread_ranks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>

namespace athanor::checkpoint {
namespace {

const parallel::LogicalParameter& parameter_named(const std::string& name) {
  static const auto model = odd_model(1);
  return *std::ranges::find(model, name, &parallel::LogicalParameter::name);
}

// Calls visit(section, name, shape, box) for all that a rank holds.
template <class Visit>
void for_each_part(const parallel::RankShare& share, Visit&& visit) {
  for (const parallel::Held& held : share.parameters)
    visit(Section::model, held.name, parameter_named(held.name).shape, held.box);
  for (const parallel::Held& held : share.optimizer)
    for (const char* slot : kSlots)
      visit(Section::optimizer, held.name + "." + slot, parameter_named(held.name).shape, held.box);
}

}  // namespace

std::vector<parallel::LogicalParameter> odd_model(int stages) {
  std::vector<parallel::LogicalParameter> out = {
      {"table", {131, 7}, {0}, 0, 1, 1},      {"qkv", {45, 13}, {0}, 0, 3, 5},  // three heads of five
      {"out", {13, 15}, {0}, 1, 1, 5},        {"gain", {13}, {0}, std::nullopt, 1, 1},
      {"scale", {}, {0}, std::nullopt, 1, 1}, {"empty", {0, 3}, {0}, std::nullopt, 1, 1},
      {"conv", {5, 3, 3, 3}, {0}, 0, 1, 1},   {"cube", {3, 2, 70}, {0}, 2, 2, 1},
      {"head", {1, 257}, {0}, 1, 1, 1},
  };
  for (std::size_t i = 0; i < out.size(); ++i) out[i].stages = {static_cast<int>(i) % stages};
  if (stages > 1) out.front().stages = {0, stages - 1};
  return out;
}

parallel::ShardLayout OddLayout::shares() const {
  return value_or_throw(parallel::shard_layout(mesh, shard, odd_model(mesh.pipeline), 64));
}

std::string OddLayout::text() const {
  return parallel::to_text(mesh) + " shard=" + std::to_string(static_cast<int>(shard));
}

std::vector<OddLayout> odd_layouts(int most) {
  std::vector<OddLayout> out;
  for (int data = 1; data <= most; ++data)
    for (int tensor = 1; data * tensor <= most; ++tensor)
      for (int pipeline = 1; data * tensor * pipeline <= most; ++pipeline)
        for (const auto shard : {parallel::Shard::none, parallel::Shard::optimizer, parallel::Shard::parameters})
          if (data > 1 || shard == parallel::Shard::none) out.push_back({{data, tensor, pipeline}, shard});
  return out;
}

std::vector<std::uint32_t> numbers_of(const std::string& name, std::int64_t count, std::uint32_t seed) {
  std::vector<std::uint32_t> out(static_cast<std::size_t>(count));
  const auto base = static_cast<std::uint32_t>(std::hash<std::string>()(name)) + seed * 0x9E3779B9U;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = (base + static_cast<std::uint32_t>(i)) * 0x85EBCA6BU;
  return out;
}

std::vector<std::byte> part_of(const std::vector<std::uint32_t>& numbers, const std::vector<std::int64_t>& shape,
                               const Box& box) {
  std::vector<std::byte> out(static_cast<std::size_t>(volume(box.extent)) * sizeof(std::uint32_t));
  for (BoxRuns runs(box, whole_box(shape), box); !runs.done(); runs.next())
    std::memcpy(out.data() + runs.in_target() * 4, numbers.data() + runs.in_outer(),
                static_cast<std::size_t>(runs.length()) * 4);
  return out;
}

ShardContents contents_of(const parallel::RankShare& share, std::int64_t step, const std::string& key) {
  ShardContents out;
  out.state.step = out.state.data_position = step;
  out.state.seed = 7;
  const auto seed = static_cast<std::uint32_t>(step);
  for_each_part(share,
                [&](Section section, const std::string& name, const std::vector<std::int64_t>& shape, const Box& box) {
                  out.pieces.push_back(
                      {section, name, "F32", shape, box, part_of(numbers_of(name, volume(shape), seed), shape, box)});
                });
  if (key.empty()) return out;
  const std::string name = residual_name("qkv", key);
  out.pieces.push_back({Section::residual,
                        name,
                        "F32",
                        {5},
                        whole_box(std::vector<std::int64_t>{5}),
                        part_of(numbers_of(name, 5, seed), {5}, {{0}, {5}})});
  return out;
}

Request request_of(const parallel::RankShare& share, std::int64_t step) {
  Request out;
  for_each_part(
      share, [&](Section section, const std::string& name, const std::vector<std::int64_t>& shape, const Box& box) {
        out.expected.push_back(part_of(numbers_of(name, volume(shape), static_cast<std::uint32_t>(step)), shape, box));
        out.wanted.push_back({section, name, "F32", box, {}});
        out.memory.emplace_back(out.expected.back().size());
      });
  for (std::size_t i = 0; i < out.wanted.size(); ++i) out.wanted[i].into = out.memory[i];
  return out;
}

void save(const std::filesystem::path& folder, const OddLayout& layout, std::int64_t step, std::int64_t keep) {
  const parallel::ShardLayout shares = parallel::without_replicas(layout.shares());
  ThreadMeeting meeting(static_cast<int>(shares.size()));
  meeting.run([&](const Ranks& ranks) {
    const std::string key = layout.text() + "/" + std::to_string(ranks.rank);
    const auto written =
        write_shards(folder, contents_of(shares[static_cast<std::size_t>(ranks.rank)], step, key), keep, ranks);
    ASSERT_TRUE(written) << written.error().message();
  });
}

}  // namespace athanor::checkpoint
