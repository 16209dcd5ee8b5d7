#include "core/comm/coded_exchange.h"

#include "kernels/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace athanor::comm {
namespace {

constexpr float kLargest = std::numeric_limits<float>::max();

// Calls run(begin, count) for chunks of `count` numbers.
template <class Run>
void for_chunks(std::int64_t count, Run run) {
  for (std::int64_t begin = 0; begin < count; begin += kCodedChunk) run(begin, std::min(kCodedChunk, count - begin));
}

// NaN is within no limit.
bool within(const float* numbers, std::int64_t count, float limit) {
  int beyond = 0;
  for (std::int64_t i = 0; i < count; ++i) beyond |= static_cast<int>(!(std::fabs(numbers[i]) <= limit));
  return beyond == 0;
}

// numbers + factor * residual, if there is one, into the packet; whether all of them are within the limit.
bool write(const Packet& packet, const float* numbers, const float* residual, float factor, std::int64_t count,
           float limit, float* scratch) {
  bool all_within = true;
  packet.open();
  for_chunks(count, [&](std::int64_t begin, std::int64_t some) {
    const float* from = numbers + begin;
    if (residual) {
      for (std::int64_t i = 0; i < some; ++i) scratch[i] = from[i] + factor * residual[begin + i];
      from = scratch;
    }
    packet.write(begin, some, from);
    all_within = within(from, some, limit) && all_within;
  });
  return all_within;
}

// next = numbers + factor * residual - what the packet holds of them
void keep(const Packet& packet, const float* numbers, const float* residual, float factor, float* next,
          std::int64_t count, float* scratch) {
  for_chunks(count, [&](std::int64_t begin, std::int64_t some) {
    packet.read(begin, some, scratch);
    for (std::int64_t i = begin; i < begin + some; ++i)
      next[i] = (numbers[i] + factor * residual[i]) - scratch[i - begin];
  });
}

void refuse_unless(bool holds, const char* what) {
  if (!holds) throw Failure(ErrorKind::internal, "exchange numbers with the other ranks", what);
}

}  // namespace

struct CodedExchange::Call {
  CodedLayout layout;
  float* data;
  Piece piece;                           // that this rank owns
  ResidualStore::Version residual = {};  // null where none is kept
};

CodedExchange::CodedExchange(Communicator& ranks, CodedOptions options)
    : size_(ranks.size()), rank_(ranks.rank()), options_(std::move(options)), residuals_(options_.residuals) {
  for (Lane& lane : lanes_) {
    if (&lane != lanes_.data()) lane.own = ranks.split(0, rank_);
    lane.ranks = lane.own ? lane.own.get() : &ranks;
    lane.rows.resize(static_cast<std::size_t>(kCodedChunk * size_));
  }
}

Traffic CodedExchange::traffic() const noexcept {
  Traffic all;
  for (const Lane& lane : lanes_) {
    const Traffic some = lane.ranks->traffic();
    all = {all.payload_bytes + some.payload_bytes, all.overhead_bytes + some.overhead_bytes,
           all.messages + some.messages};
  }
  return all;
}

std::int64_t CodedExchange::held_bytes() const noexcept {
  std::size_t numbers = sums_.size();
  for (const Lane& lane : lanes_) numbers += lane.rows.size();
  return residuals_.bytes() + static_cast<std::int64_t>(sent_.size() + received_.size() + numbers * sizeof(float));
}

CodedExchange::Call CodedExchange::begin(const CodedLayout& layout, const View& data) {
  refuse_unless(data.dtype == DType::f32 && data.contiguous(), "the array is not one of f32 in a row");
  const Piece mine = layout.piece(rank_);
  const auto bytes = static_cast<std::size_t>(layout.buffer_bytes());
  if (received_.size() < bytes) received_.resize(bytes);
  if (sums_.size() < static_cast<std::size_t>(mine.count)) sums_.resize(static_cast<std::size_t>(mine.count));
  return {layout, data.as<float>(), mine};
}

CodedExchange::Call CodedExchange::begin_reduction(std::string_view name, const View& data, bool keeps_owner) {
  const std::int64_t count = data.numel();
  Call call = begin(CodedLayout(options_.format_for(count, size_), count, size_), data);
  const auto bytes = static_cast<std::size_t>(call.layout.buffer_bytes());
  if (sent_.size() < bytes) sent_.resize(bytes);
  const bool keeps = options_.feeds_back && call.layout.format() != WireFormat::f32;
  if (!keeps && !residuals_.has(name)) return call;
  const std::int64_t owned = keeps ? call.piece.count : 0;
  call.residual =
      residuals_.begin(name, keeps ? count : 0, keeps_owner ? owned : ResidualStore::kUntouched, step_, unit_);
  return call;
}

void CodedExchange::note(std::string_view name, const Call& call, bool is_sound) {
  const std::int64_t count = call.layout.count();
  if (!is_sound) {
    ++tally_.refused;
  } else if (call.layout.format() == options_.format || size_ == 1) {
    ++tally_.coded;
    tally_.coded_numbers += count;
  } else {
    ++tally_.small;
    tally_.small_numbers += count;
    if (!tally_.small_names.contains(name)) tally_.small_names.emplace(name);
  }
}

bool CodedExchange::all_reduce(std::string_view name, const View& data) {
  const Call call = begin_reduction(name, data, true);
  const bool is_sound = collect(call, true);
  if (is_sound && call.residual.next_sender) residuals_.finish(name);
  if (is_sound) give_out(call);
  note(name, call, is_sound);
  return is_sound;
}

bool CodedExchange::reduce_scatter(std::string_view name, const View& data, const View& piece) {
  const Call call = begin_reduction(name, data, false);
  refuse_unless(piece.dtype == DType::f32 && piece.contiguous() && piece.numel() == call.piece.count,
                "the piece is not the one in f32 that this rank owns");
  const bool is_sound = collect(call, false);
  if (is_sound) {
    std::copy_n(sums_.data(), call.piece.count, piece.as<float>());
    if (call.residual.next_sender) residuals_.finish(name);
  }
  note(name, call, is_sound);
  return is_sound;
}

void CodedExchange::all_gather(const View& piece, const View& data, WireFormat format) {
  const Call call = begin(CodedLayout(format, data.numel(), size_), data);
  refuse_unless(format == WireFormat::f32 || format == WireFormat::bf16, "pieces are gathered in f32 or bf16");
  refuse_unless(piece.dtype == DType::f32 && piece.contiguous() && piece.numel() == call.piece.count,
                "the piece is not the one in f32 that this rank owns");
  std::copy_n(piece.as<float>(), call.piece.count, sums_.data());
  on_lanes(call, [&](Lane& lane, int segment) {
    encode_sums(call, lane, segment);
    gather(call, lane, segment);
    decode(call, segment);
  });
}

template <class Work>
void CodedExchange::on_lanes(const Call& call, Work&& work) {
  const auto serve = [&](int which) {
    try {
      for (int segment = which; segment < call.layout.segments(); segment += kCodedLanes)
        work(lanes_[static_cast<std::size_t>(which)], segment);
    } catch (const std::exception& exception) {
      for (const Lane& lane : lanes_) lane.ranks->cancel(exception.what());  // the others' segments are of no use
      throw;
    }
  };
  for (const Lane& lane : lanes_) lane.ranks->set_timeout(lanes_.front().ranks->timeout());
  if (call.layout.segments() == 1) return serve(0);
  thread_.run_beside([&] { serve(0); }, [&] { serve(1); });
}

bool CodedExchange::collect(const Call& call, bool codes_sums) {
  for (Lane& lane : lanes_) lane.is_sound = true;
  on_lanes(call, [&](Lane& lane, int segment) {
    encode(call, lane, segment);
    exchange(call, lane, segment);
    add(call, lane, segment);
    if (codes_sums) encode_sums(call, lane, segment);
    keep_residuals(call, lane, segment);
  });
  return std::ranges::all_of(lanes_, &Lane::is_sound);
}

void CodedExchange::give_out(const Call& call) {
  on_lanes(call, [&](Lane& lane, int segment) {
    gather(call, lane, segment);
    decode(call, segment);
  });
}

void CodedExchange::encode(const Call& call, Lane& lane, int segment) {
  // The sums of such numbers are finite, with what residuals add to them.
  const float limit = kLargest / (2.0f * static_cast<float>(size_));
  bool is_sound = true;
  for (int rank = 0; rank < size_; ++rank) {
    const auto [begin, count] = call.layout.numbers(segment, rank);
    const float* residual = call.residual.sender ? call.residual.sender + begin : nullptr;
    is_sound = write(call.layout.packet(segment, rank, sent_.data()), call.data + begin, residual, call.residual.factor,
                     count, limit, lane.rows.data()) &&
               is_sound;
  }
  for (int rank = 0; rank < size_ && !is_sound; ++rank) call.layout.packet(segment, rank, sent_.data()).spoil();
}

void CodedExchange::exchange(const Call& call, Lane& lane, int segment) {
  const std::int64_t begin = call.layout.segment_begin(segment);
  const Shape all{call.layout.packet_bytes(segment) * size_};
  lane.ranks->all_to_all(View(sent_.data() + begin, DType::u8, all), View(received_.data() + begin, DType::u8, all));
  for (int rank = 0; rank < size_; ++rank)
    lane.is_sound = !call.layout.packet(segment, rank, received_.data()).spoiled() && lane.is_sound;
}

void CodedExchange::add(const Call& call, Lane& lane, int segment) {
  const auto [first, count] = call.layout.numbers(segment, rank_);
  float* sums = sums_.data() + (first - call.piece.begin);
  const float share = options_.averages ? 1.0f / static_cast<float>(size_) : 1.0f;
  std::vector<const std::byte*> rows;
  for (int rank = 0; rank < size_; ++rank)
    rows.push_back(reinterpret_cast<const std::byte*>(lane.rows.data() + rank * kCodedChunk));
  for_chunks(count, [&](std::int64_t begin, std::int64_t some) {
    for (int rank = 0; rank < size_; ++rank)
      call.layout.packet(segment, rank, received_.data()).read(begin, some, lane.rows.data() + rank * kCodedChunk);
    combine(rows, reinterpret_cast<std::byte*>(sums + begin), some, DType::f32, Reduce::sum);
    for (std::int64_t i = begin; i < begin + some; ++i) sums[i] *= share;
  });
}

// Over the packet that this rank sent to itself, which has been added.
void CodedExchange::encode_sums(const Call& call, Lane& lane, int segment) {
  const auto [first, count] = call.layout.numbers(segment, rank_);
  const std::int64_t skipped = first - call.piece.begin;
  write(call.layout.packet(segment, rank_, received_.data()), sums_.data() + skipped,
        call.residual.owner ? call.residual.owner + skipped : nullptr, call.residual.factor, count, kLargest,
        lane.rows.data());
}

void CodedExchange::gather(const Call& call, Lane& lane, int segment) {
  const std::int64_t each = call.layout.packet_bytes(segment);
  std::byte* all = received_.data() + call.layout.segment_begin(segment);
  lane.ranks->all_gather(View(all + each * rank_, DType::u8, Shape{each}), View(all, DType::u8, Shape{each * size_}));
}

void CodedExchange::keep_residuals(const Call& call, Lane& lane, int segment) {
  const ResidualStore::Version& kept = call.residual;
  for (int rank = 0; rank < size_ && kept.sender; ++rank) {
    const auto [begin, count] = call.layout.numbers(segment, rank);
    keep(call.layout.packet(segment, rank, sent_.data()), call.data + begin, kept.sender + begin, kept.factor,
         kept.next_sender + begin, count, lane.rows.data());
  }
  if (!kept.owner) return;
  const auto [first, count] = call.layout.numbers(segment, rank_);
  const std::int64_t skipped = first - call.piece.begin;
  keep(call.layout.packet(segment, rank_, received_.data()), sums_.data() + skipped, kept.owner + skipped, kept.factor,
       kept.next_owner + skipped, count, lane.rows.data());
}

void CodedExchange::decode(const Call& call, int segment) {
  for (int rank = 0; rank < size_; ++rank) {
    const auto [begin, count] = call.layout.numbers(segment, rank);
    call.layout.packet(segment, rank, received_.data()).read(0, count, call.data + begin);
  }
}

}  // namespace athanor::comm
