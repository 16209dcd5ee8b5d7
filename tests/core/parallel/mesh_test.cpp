// The mesh plan: rank order, coordinates, groups and text.
#include "core/parallel/mesh.h"

#include <algorithm>
#include <set>

namespace athanor::parallel {
namespace {

constexpr Mesh kMesh{.data = 3, .tensor = 2, .pipeline = 4};

TEST(Mesh, CountsTensorFastestThenDataThenPipeline) {
  EXPECT_EQ(world_size(kMesh), 24);
  EXPECT_EQ(rank_of(kMesh, {.tensor = 1}), 1);
  EXPECT_EQ(rank_of(kMesh, {.data = 1}), 2);
  EXPECT_EQ(rank_of(kMesh, {.pipeline = 1}), 6);
  EXPECT_EQ(rank_of(kMesh, {.data = 2, .tensor = 1, .pipeline = 3}), 23);
}

TEST(Mesh, FindsEveryRankAgainFromItsCoordinates) {
  for (int rank = 0; rank < world_size(kMesh); ++rank)
    EXPECT_EQ(rank_of(kMesh, coordinates_of(kMesh, rank)), rank) << rank;
}

TEST(Mesh, NamesTheMembersOfAGroup) {
  EXPECT_EQ(group_of(kMesh, Axis::tensor, 9), (std::vector<int>{8, 9}));
  EXPECT_EQ(group_of(kMesh, Axis::data, 9), (std::vector<int>{7, 9, 11}));
  EXPECT_EQ(group_of(kMesh, Axis::pipeline, 9), (std::vector<int>{3, 9, 15, 21}));
  EXPECT_EQ(group_of(kMesh, Axis::expert, 9), (std::vector<int>{9}));
}

TEST(Mesh, GroupsOfAnAxisDivideTheWorld) {
  for (const Axis axis : {Axis::data, Axis::tensor, Axis::pipeline, Axis::expert}) {
    std::multiset<int> all;
    std::set<std::vector<int>> groups;
    for (int rank = 0; rank < world_size(kMesh); ++rank) groups.insert(group_of(kMesh, axis, rank));
    for (const auto& group : groups) {
      EXPECT_EQ(static_cast<int>(group.size()), size_of(kMesh, axis));
      all.insert(group.begin(), group.end());
      for (const int member : group) EXPECT_EQ(group_of(kMesh, axis, member), group);
    }
    EXPECT_EQ(static_cast<int>(all.size()), world_size(kMesh)) << to_string(axis);
  }
}

TEST(Mesh, ReadsItsOwnText) {
  EXPECT_EQ(to_text(kMesh), "data=3 tensor=2 pipeline=4 expert=1");
  EXPECT_EQ(parse_mesh(to_text(kMesh)).value(), kMesh);
  EXPECT_EQ(parse_mesh(" pipeline=4  data=3 tensor=2 ").value(), kMesh);
  EXPECT_EQ(parse_mesh("").value(), Mesh{});
}

TEST(Mesh, RefusesWhatIsNoMesh) {
  for (const char* text : {"data", "data=", "data=2x", "data=2 data=3", "pipelin=2", "data=0", "tensor=-1", "expert=2",
                           "data=99999999999", "data=65536 tensor=65536"}) {
    const auto mesh = parse_mesh(text);
    ASSERT_FALSE(mesh) << text;
    EXPECT_EQ(mesh.error().kind, ErrorKind::invalid_input);
    EXPECT_FALSE(mesh.error().remedy.empty()) << text;
  }
  EXPECT_NE(parse_mesh("pipelin=2").error().remedy.find("pipeline"), std::string::npos);
}

TEST(Mesh, NamesEveryFaultAtOnce) {
  const std::string cause = check(Mesh{.data = 0, .tensor = -2, .expert = 3}).error().cause;
  for (const char* axis : {"data is 0", "tensor is -2", "expert is 3"})
    EXPECT_NE(cause.find(axis), std::string::npos) << cause;
}

}  // namespace
}  // namespace athanor::parallel
