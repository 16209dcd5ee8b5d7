#include "kernels/base/error.h"
#include "tests/core/engine/support.h"

namespace athanor {
namespace {

using test::failure_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TensorTest : public ::testing::Test {
 protected:
  Context context_{ContextOptions{}};
  const std::vector<float> six_{0, 1, 2, 3, 4, 5};
};

TEST_F(TensorTest, IsAbsentUntilItIsMade) {
  const Tensor tensor;
  EXPECT_FALSE(tensor.present());
  EXPECT_FALSE(tensor.view().present());
  EXPECT_EQ(tensor.numel(), 0);
  EXPECT_EQ(to_string(tensor), "absent");
}

TEST_F(TensorTest, ViewsShareTheirMemory) {
  const Tensor x = context_.upload(six_, {2, 3});
  const Tensor row = x.narrow(0, 1, 1);
  EXPECT_THAT(context_.download(row), ElementsAre(3, 4, 5));
  row.host<float>()[0] = 30;
  EXPECT_EQ(x.reshape({6}).host<float>()[3], 30);
  EXPECT_FALSE(x.unique());
}

TEST_F(TensorTest, TransposesByStridesAndCopiesToContiguousMemory) {
  const Tensor x = context_.upload(six_, {2, 3});
  const Tensor t = x.transpose(0, 1);
  EXPECT_EQ(t.shape(), (Shape{3, 2}));
  EXPECT_FALSE(t.contiguous());
  const Tensor y = context_.clone(t);
  EXPECT_TRUE(y.contiguous());
  EXPECT_THAT(context_.download(y), ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST_F(TensorTest, CopiesIntoPartOfAnother) {
  const Tensor y = context_.full({2, 3}, 9);
  context_.copy(context_.upload(std::vector<float>{1, 2}, {2, 1}), y.narrow(1, 1, 1));
  EXPECT_THAT(context_.download(y), ElementsAre(9, 1, 9, 9, 2, 9));
}

TEST_F(TensorTest, RefusesViewsThatDoNotFit) {
  const Tensor x = context_.upload(six_, {2, 3});
  EXPECT_THAT(failure_text([&] { return x.reshape({4}); }), HasSubstr("[4] has another number of elements"));
  EXPECT_THAT(failure_text([&] { return x.transpose(0, 1).reshape({6}); }), HasSubstr("side by side"));
  EXPECT_THAT(failure_text([&] { return x.narrow(1, 2, 2); }), HasSubstr("dim 1 does not reach from 2 to 4"));
  EXPECT_THAT(failure_text([&] { return x.narrow(2, 0, 1); }), HasSubstr("no dim 2"));
  EXPECT_THAT(failure_text([&] { return x.transpose(0, 5); }), HasSubstr("no dims 0 and 5"));
  EXPECT_THAT(failure_text([&] { return x.host<std::int32_t>(); }), HasSubstr("holds f32, not i32"));
  EXPECT_THAT(failure_text([&] { return x.item(); }), HasSubstr("it has 6"));
  EXPECT_THAT(failure_text([&] { return context_.upload(six_, {7}); }), HasSubstr("6 elements were given"));
}

TEST_F(TensorTest, PrintsShapePlaceAndNumbers) {
  EXPECT_EQ(to_string(context_.upload(six_, {2, 3}), 4), "f32 [2, 3] on cpu: 0 1 2 3 …");
  EXPECT_EQ(to_string(test::ids(context_, {7, -1}, {2})), "i32 [2] on cpu: 7 -1");
}

TEST_F(TensorTest, WritesCountAsChanges) {
  const Tensor x = context_.upload(six_, {6});
  const auto before = x.version();
  context_.write(x, std::vector<float>{5, 4, 3, 2, 1, 0});
  EXPECT_GT(x.version(), before);
  EXPECT_THAT(context_.download(x), ElementsAre(5, 4, 3, 2, 1, 0));
}

TEST_F(TensorTest, ReturnsMemoryWhenTheLastViewIsGone) {
  const std::size_t before = context_.memory().current_bytes;
  {
    const Tensor x = context_.empty({100});
    const Tensor part = x.narrow(0, 10, 5);
    EXPECT_GT(context_.memory().current_bytes, before);
  }
  EXPECT_EQ(context_.memory().current_bytes, before);
}

TEST_F(TensorTest, HandsForeignMemoryBackOnce) {
  int released = 0;
  std::vector<float> numbers{1, 2};
  {
    const auto storage = std::make_shared<Storage>(numbers.data(), 8, Device{}, [&] { ++released; });
    const Tensor x(storage, DType::f32, {2});
    EXPECT_EQ(x.host<float>()[1], 2);
  }
  EXPECT_EQ(released, 1);
}

TEST(DryContext, AllocatesButHoldsNothing) {
  Context dry({.dry = true});
  const Tensor x = dry.full({1024, 1024, 1024}, 1.0f);
  EXPECT_GE(dry.memory().current_bytes, std::size_t{4} << 30);
  EXPECT_THAT(failure_text([&] { return x.host<float>(); }), HasSubstr("dry run"));
  EXPECT_THAT(dry.download(dry.upload(std::vector<float>{5}, {1})), ElementsAre(0));
}

TEST(CudaContext, IsThereOrSaysWhatIsMissing) {
  try {
    Context context({.device = {DeviceKind::cuda, 0}});
    EXPECT_THAT(context.download(context.clone(context.upload(std::vector<float>{5, 6}, {2}))), ElementsAre(5, 6));
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.error().kind, ErrorKind::unavailable);
    EXPECT_THAT(failure.what(), HasSubstr("train.device to cpu"));
  }
}

}  // namespace
}  // namespace athanor
