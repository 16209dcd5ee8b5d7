#include "core/ranks/balance.h"

#include "core/parallel/partition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace athanor::runner {
namespace {

bool are_equal(std::span<const std::int64_t> shares) {
  return std::ranges::adjacent_find(shares, std::ranges::not_equal_to()) == shares.end();
}

double slowest(std::span<const std::int64_t> shares, std::span<const double> work) {
  double most = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) most = std::max(most, static_cast<double>(shares[i]) * work[i]);
  return most;
}

// One that has none would have nothing to say of its speed ever after.
void leave_none_without(std::vector<std::int64_t>& shares) {
  for (std::int64_t& share : shares)
    if (share == 0) {
      --*std::ranges::max_element(shares);
      share = 1;
    }
}

}  // namespace

std::optional<Shift> plan_shares(std::span<const std::int64_t> shares, const parallel::Mesh& mesh,
                                 std::span<const double> work, double step) {
  std::vector<double> of_replica(shares.size()), speeds;
  for (std::size_t rank = 0; rank < work.size(); ++rank) {
    auto& mine = of_replica[static_cast<std::size_t>(parallel::coordinates_of(mesh, static_cast<int>(rank)).data)];
    mine = std::max(mine, work[rank]);
  }
  std::int64_t all = 0;
  for (const std::int64_t share : shares) all += share;
  for (const double each : of_replica) speeds.push_back(1 / each);
  auto planned = parallel::share_micro_batches(all, speeds);
  if (!planned) return std::nullopt;
  leave_none_without(*planned);
  const double gain = (slowest(shares, of_replica) - slowest(*planned, of_replica)) / step;
  if (!(gain > Balance::kWorthIt)) return std::nullopt;
  return Shift{std::move(*planned), gain};
}

void Balance::begin(const parallel::Mesh& mesh) {
  mesh_ = mesh;
  shares_.assign(static_cast<std::size_t>(mesh.data), micro_batches_ / mesh.data);
  has_just_changed_ = false;
}

bool Balance::plan(std::int64_t step, const WorkWatch& watch) {
  if (std::exchange(has_just_changed_, false)) return false;
  if (!watch.sees_any() && are_equal(shares_)) return false;
  auto better = plan_shares(shares_, mesh_, watch.work(), watch.step_ns());
  if (!better) return false;
  shifted_ = {step, fmt::format("{}", fmt::join(shares_, ", ")), fmt::format("{}", fmt::join(better->shares, ", ")),
              better->gain};
  shares_ = std::move(better->shares);
  return has_just_changed_ = true;
}

std::vector<std::int64_t> Balance::orders() const {
  const bool by_themselves = are_equal(shares_) && std::has_single_bit(static_cast<std::uint64_t>(shares_.front()));
  return by_themselves ? std::vector<std::int64_t>() : shares_;
}

std::optional<Balance> make_balance(const recipe::Recipe& recipe) {
  if (recipe.text("parallel.balance") == "off" || recipe.integer("parallel.data") == 1 ||
      recipe.integer("parallel.pipeline") > 1)
    return std::nullopt;
  return Balance(recipe.integer("parallel.micro_batches"));
}

}  // namespace athanor::runner
