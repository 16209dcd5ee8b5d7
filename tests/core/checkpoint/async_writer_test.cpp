#include "core/checkpoint/async_writer.h"

#include "core/checkpoint/checkpoint.h"
#include "tests/support/temporary_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <latch>
#include <optional>

namespace athanor::checkpoint {
namespace {

using testing::ElementsAre;
using testing_support::TemporaryFolder;
using Writer = AsyncWriter<Contents>;

void fill(Contents& contents, std::int64_t step) {
  contents.state.step = step;
  contents.parameters.resize(1);
  contents.parameters[0].name = "w";
  contents.parameters[0].shape = {3};
  contents.parameters[0].values.assign(3, static_cast<float>(step));
}

Writer::Write to(const std::filesystem::path& folder) {
  return [folder](const Contents& contents) { (void)value_or_throw(write(folder, contents, 10)); };
}

TEST(AsyncWriter, WritesWhatTheBufferHeldWhenItWasStarted) {
  TemporaryFolder folder;
  std::latch copied(1);
  Writer writer([&](const Contents& contents) {
    if (contents.state.step == 10) copied.wait();
    to(folder.path())(contents);
  });
  fill(writer.buffer(), 10);
  writer.start();
  fill(writer.buffer(), 20);  // while the first is still being written
  EXPECT_TRUE(steps(folder.path()).empty());
  copied.count_down();
  writer.start();
  EXPECT_EQ(why_not_whole(folder / "step-10"), "");  // the next save waits for the last
  writer.finish();
  EXPECT_THAT(steps(folder.path()), ElementsAre(10, 20));
  EXPECT_EQ(load_step(folder.path(), 10)->contents.parameters[0].values, std::vector<float>(3, 10.0F));
  EXPECT_EQ(load_step(folder.path(), 20)->contents.parameters[0].values, std::vector<float>(3, 20.0F));
}

TEST(AsyncWriter, UsesTheMemoryOfTwoBuffersAgain) {
  TemporaryFolder folder;
  Writer writer(to(folder.path()));
  std::vector<const float*> memory;
  writer.prepare([&memory](Contents& buffer) {
    fill(buffer, 1);
    memory.push_back(buffer.parameters[0].values.data());
  });
  for (const std::int64_t step : {10, 20, 30, 40}) {
    fill(writer.buffer(), step);
    EXPECT_EQ(writer.buffer().parameters[0].values.data(), memory[static_cast<std::size_t>(step / 10 + 1) % 2]);
    writer.start();
  }
  EXPECT_NE(memory[0], memory[1]);
}

// The folder cannot be made where a file is.
class Refused : public testing::Test {
 protected:
  Refused() {
    std::ofstream(folder_ / "file") << "no folder";
    fill(writer_.buffer(), 10);
    writer_.start();
  }
  TemporaryFolder folder_;
  Writer writer_{to(folder_ / "file")};
};

TEST_F(Refused, IsSaidAtTheEnd) {
  EXPECT_THROW(writer_.finish(), Failure);
  EXPECT_NO_THROW(writer_.finish());  // once
}

TEST_F(Refused, IsSaidAtTheNextSaveWhichIsNotBegun) {
  fill(writer_.buffer(), 20);
  EXPECT_THROW(writer_.start(), Failure);
  EXPECT_NO_THROW(writer_.finish());
}

TEST_F(Refused, IsSaidBetweenStepsAsSoonAsItIsKnown) {
  std::optional<Error> said;
  while (!said) {
    try {
      writer_.check();
    } catch (const Failure& failure) {
      said = failure.error();
    }
  }
  EXPECT_EQ(said->kind, ErrorKind::io);
}

TEST(AsyncWriter, WaitsForTheLastWriteBeforeItGoesAway) {
  TemporaryFolder folder;
  {
    Writer writer(to(folder.path()));
    fill(writer.buffer(), 10);
    writer.start();
  }
  EXPECT_EQ(why_not_whole(folder / "step-10"), "");
}

}  // namespace
}  // namespace athanor::checkpoint
