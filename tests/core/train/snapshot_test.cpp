#include "core/train/snapshot.h"

#include "tests/core/train/tiny.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace athanor::train {
namespace {

using testing::HasSubstr;

checkpoint::Contents contents_of(const runner::Assembly& parts) {
  checkpoint::Contents out;
  capture(*parts.context, parts.model->named_parameters(), *parts.optimizer, {}, out);
  return out;
}

TEST(Snapshot, HoldsEveryParameterAndItsStateByName) {
  const runner::Assembly parts = tiny_assembly();
  const auto contents = contents_of(parts);
  EXPECT_EQ(contents.parameters.size(), parts.model->named_parameters().size());
  EXPECT_EQ(contents.optimizer.size(), 2 * contents.parameters.size());
  EXPECT_EQ(contents.parameters.front().name, parts.model->named_parameters().front()->path);
}

TEST(Snapshot, BringsValuesAndTheNumberOfUpdatesBack) {
  const runner::Assembly from = tiny_assembly();
  from.optimizer->set_step_count(17);
  recipe::Recipe recipe = tiny_recipe();
  recipe.set("run.seed", std::int64_t{99});
  const runner::Assembly to = tiny_assembly(recipe);
  const Parameter source = from.model->parameters().find("image_tower.head.weight");
  const Parameter target = to.model->parameters().find("image_tower.head.weight");
  ASSERT_NE(from.context->download(source->value), to.context->download(target->value));
  ASSERT_TRUE(restore(*to.context, contents_of(from), to.model->named_parameters(), to.optimizer.get()));
  EXPECT_EQ(from.context->download(source->value), to.context->download(target->value));
  EXPECT_EQ(to.optimizer->step_count(), 17);
}

TEST(Snapshot, WhatDoesNotFitIsNamedAndNothingChanges) {
  const runner::Assembly parts = tiny_assembly();
  const Parameter first = parts.model->named_parameters().front();
  const auto before = parts.context->download(first->value);
  const auto refusal_of = [&](const checkpoint::Contents& contents) {
    const auto restored = restore(*parts.context, contents, parts.model->named_parameters(), parts.optimizer.get());
    EXPECT_EQ(parts.context->download(first->value), before);
    return restored ? std::string() : restored.error().cause;
  };
  checkpoint::Contents contents = contents_of(parts);
  for (float& value : contents.parameters.front().values) value += 1;

  checkpoint::Contents missing = contents;
  missing.parameters.pop_back();
  EXPECT_THAT(refusal_of(missing), HasSubstr("it has no "));
  checkpoint::Contents reshaped = contents;
  reshaped.parameters.back().shape = {7, 7};
  EXPECT_THAT(refusal_of(reshaped), HasSubstr("[7, 7]"));
  checkpoint::Contents more = contents;
  more.parameters.push_back({"vision.extra", {1}, {0}});
  EXPECT_THAT(refusal_of(more), HasSubstr("the model has no vision.extra"));
  checkpoint::Contents state = contents;
  state.optimizer.pop_back();
  EXPECT_THAT(refusal_of(state), HasSubstr("it has no "));
}

}  // namespace
}  // namespace athanor::train
