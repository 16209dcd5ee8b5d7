// One rank's communicator without the others, for rehearsals: every call returns at once, changes nothing, and is
// counted as what it would send through shared memory. What is gathered is what this rank has itself, of each rank, so
// that checks that all come with the same pass. It may be one of ranks on GPUs: numbers then lie where they would.
#pragma once

#include "core/comm/communicator.h"

#include <memory>

namespace athanor::comm {

class SilentCommunicator final : public Communicator {
 public:
  SilentCommunicator(int size, int rank, bool is_on_gpus = false);
  ~SilentCommunicator() override;

  [[nodiscard]] bool is_on_gpus() const noexcept override { return is_on_gpus_; }
  void cancel(std::string_view) noexcept override {}
  // With that of all that were split from it.
  [[nodiscard]] Traffic traffic() const noexcept override;

 private:
  struct Counter;
  SilentCommunicator(int size, int rank, bool is_on_gpus, std::shared_ptr<Counter> counter);

  void do_all_reduce(const Call&, const View& data, Reduce) override;
  void do_reduce_scatter(const Call&, const View& in, const View& out, Reduce) override;
  void do_reduce_pieces(const Call&, const View& data, std::span<const Piece> pieces, Reduce) override;
  void do_gather_pieces(const Call&, const View& data, std::span<const Piece> pieces) override;
  void do_all_gather(const Call&, const View& in, const View& out) override;
  void do_all_to_all(const Call&, const View& in, const View& out) override;
  void do_broadcast(const Call&, const View& data, int root) override;
  void do_send(const Call&, const View& data, int to) override;
  // Of ranks on GPUs each says that it comes.
  void do_receive(const Call&, const View&, int) override;
  void do_barrier(const Call&) override;
  // Nobody says how many name the same color: taken to be two, as the ends of a pipeline's channel.
  std::unique_ptr<Communicator> do_split(const Call&, int color, int key) override;
  void entered(const Call&, std::int64_t, int) noexcept override {}
  void left(const Call&, bool) noexcept override {}

  bool is_on_gpus_;
  std::shared_ptr<Counter> counter_;
};

}  // namespace athanor::comm
