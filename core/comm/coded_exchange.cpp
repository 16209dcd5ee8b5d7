#include "core/comm/coded_exchange.h"

#include "core/comm/relay.h"
#include "core/comm/short_turns.h"
#include "kernels/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace athanor::comm {
namespace {

constexpr std::int64_t kChunksOfATurn = 4;  // some 40 us
constexpr float kLargest = std::numeric_limits<float>::max();

// Calls run(begin, count) for chunks of `count` numbers. Messages come and go meanwhile only if whoever moves them gets
// the core: some systems take it from a thread that computes every few milliseconds alone.
template <class Run>
void for_chunks(std::int64_t count, Run run) {
  for (std::int64_t begin = 0; begin < count; begin += kCodedChunk) {
    run(begin, std::min(kCodedChunk, count - begin));
    if (begin / kCodedChunk % kChunksOfATurn == kChunksOfATurn - 1) give_way();
  }
}

// NaN is within no limit.
bool within(const float* numbers, std::int64_t count, float limit) {
  int beyond = 0;
  for (std::int64_t i = 0; i < count; ++i) beyond |= static_cast<int>(!(std::fabs(numbers[i]) <= limit));
  return beyond == 0;
}

// What coding has taken away of some numbers, and where it is noted what it takes away now; null where none is kept.
struct Taken {
  const float* before = nullptr;
  float factor = 1;
  float* next = nullptr;
};

// numbers + factor * before into the packet, and next = what it does not hold of them; whether all of them are within
// the limit. `scratch` has room for two chunks.
bool write(const Packet& packet, const float* numbers, const Taken& taken, std::int64_t count, float limit,
           float* scratch) {
  bool all_within = true;
  packet.open();
  for_chunks(count, [&](std::int64_t begin, std::int64_t some) {
    const float* from = numbers + begin;
    if (taken.before) {
      for (std::int64_t i = 0; i < some; ++i) scratch[i] = from[i] + taken.factor * taken.before[begin + i];
      from = scratch;
    }
    all_within = within(from, some, limit) && all_within;
    packet.write(begin, some, from);
    if (!taken.next) return;
    float* const held = scratch + kCodedChunk;
    packet.read(begin, some, held);
    for (std::int64_t i = 0; i < some; ++i) taken.next[begin + i] = from[i] - held[i];
  });
  return all_within;
}

void refuse_unless(bool holds, const char* what) {
  if (!holds) throw Failure(ErrorKind::internal, "exchange numbers with the other ranks", what);
}

}  // namespace

struct CodedExchange::Call {
  struct Array {
    std::string_view name;
    float* data;
    Piece piece;                           // that this rank owns
    std::int64_t sums;                     // where its sums begin
    ResidualStore::Version residual = {};  // null where none is kept
  };
  CodedLayout layout;
  std::vector<Array> arrays = {};

  [[nodiscard]] const Array& of(const CodedLayout::Slice& slice) const { return arrays[slice.array]; }
};

CodedExchange::CodedExchange(Communicator& ranks, CodedOptions options)
    : ranks_(ranks),
      size_(ranks.size()),
      rank_(ranks.rank()),
      options_(std::move(options)),
      residuals_(options_.residuals),
      rows_(static_cast<std::size_t>(kCodedChunk * size_)) {}

std::int64_t CodedExchange::held_bytes() const noexcept {
  const std::size_t numbers = sums_.size() + rows_.size();
  return residuals_.bytes() + static_cast<std::int64_t>(sent_.size() + received_.size() + numbers * sizeof(float));
}

CodedExchange::Call CodedExchange::begin(std::span<const CodedArray> formats, std::span<const Named> arrays) {
  Call call{CodedLayout(formats, size_)};
  std::int64_t owned = 0;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    const View& data = arrays[i].data;
    refuse_unless(data.dtype == DType::f32 && data.contiguous(), "the array is not one of f32 in a row");
    call.arrays.push_back({arrays[i].name, data.as<float>(), call.layout.piece(i, rank_), owned});
    owned += call.arrays.back().piece.count;
  }
  const auto bytes = static_cast<std::size_t>(call.layout.buffer_bytes());
  if (received_.size() < bytes) received_.resize(bytes);
  if (sums_.size() < static_cast<std::size_t>(owned)) sums_.resize(static_cast<std::size_t>(owned));
  return call;
}

CodedExchange::Call CodedExchange::begin_reduction(std::span<const Named> arrays, bool keeps_owner) {
  std::vector<CodedArray> formats;
  for (const Named& array : arrays) {
    const std::int64_t count = array.data.numel();
    formats.push_back({options_.format_for(count, size_), count});
  }
  Call call = begin(formats, arrays);
  const auto bytes = static_cast<std::size_t>(call.layout.buffer_bytes());
  if (sent_.size() < bytes) sent_.resize(bytes);
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    Call::Array& array = call.arrays[i];
    const bool keeps = options_.feeds_back && formats[i].format != WireFormat::f32;
    if (!keeps && !residuals_.has(array.name)) continue;
    const std::int64_t owned = keeps ? array.piece.count : 0;
    array.residual = residuals_.begin(array.name, keeps ? formats[i].count : 0,
                                      keeps_owner ? owned : ResidualStore::kUntouched, step_, unit_);
  }
  return call;
}

void CodedExchange::note(const Call& call, std::size_t array, bool is_sound) {
  const auto [format, count] = call.layout.array(array);
  const std::string_view name = call.arrays[array].name;
  if (!is_sound) {
    ++tally_.refused;
  } else if (format == options_.format || size_ == 1) {
    ++tally_.coded;
    tally_.coded_numbers += count;
  } else {
    ++tally_.small;
    tally_.small_numbers += count;
    if (!tally_.small_names.contains(name)) tally_.small_names.emplace(name);
  }
}

bool CodedExchange::all_reduce(std::string_view name, const View& data) {
  const Named array{name, data};
  return all_reduce(std::span(&array, 1)).front();
}

std::vector<bool> CodedExchange::all_reduce(std::span<const Named> arrays) {
  const Call call = begin_reduction(arrays, true);
  std::vector<bool> is_sound = collect(call, true);
  finish_residuals(call, is_sound);
  if (std::ranges::find(is_sound, true) != is_sound.end()) give_out(call, is_sound);
  for (std::size_t i = 0; i < arrays.size(); ++i) note(call, i, is_sound[i]);
  return is_sound;
}

bool CodedExchange::reduce_scatter(std::string_view name, const View& data, const View& piece) {
  const Named array{name, data};
  const Call call = begin_reduction(std::span(&array, 1), false);
  const Piece& owned = call.arrays.front().piece;
  refuse_unless(piece.dtype == DType::f32 && piece.contiguous() && piece.numel() == owned.count,
                "the piece is not the one in f32 that this rank owns");
  const std::vector<bool> is_sound = collect(call, false);
  if (is_sound.front()) std::copy_n(sums_.data(), owned.count, piece.as<float>());
  finish_residuals(call, is_sound);
  note(call, 0, is_sound.front());
  return is_sound.front();
}

void CodedExchange::all_gather(const View& piece, const View& data, WireFormat format) {
  const CodedArray array{format, data.numel()};
  const Named unnamed{{}, data};
  const Call call = begin(std::span(&array, 1), std::span(&unnamed, 1));
  const Piece& owned = call.arrays.front().piece;
  refuse_unless(format == WireFormat::f32 || format == WireFormat::bf16, "pieces are gathered in f32 or bf16");
  refuse_unless(piece.dtype == DType::f32 && piece.contiguous() && piece.numel() == owned.count,
                "the piece is not the one in f32 that this rank owns");
  std::copy_n(piece.as<float>(), owned.count, sums_.data());
  for_segments(
      call, [&](int segment) { encode_sums(call, segment); }, [&](int segment) { gather(call, segment); },
      [&](int segment) { decode(call, segment, {true}); });
}

template <class Make, class Carry, class Use>
void CodedExchange::for_segments(const Call& call, Make make, Carry carry, Use use) {
  const int count = call.layout.segments();
  Relay relay;
  const auto compute = [&] {
    for (int segment = 0; segment < count; ++segment) {
      make(segment);
      relay.pass(Relay::made);
      if (segment == 0) continue;
      relay.await(Relay::carried, segment);
      use(segment - 1);
    }
    relay.await(Relay::carried, count);
    use(count - 1);
  };
  const auto travel = [&] {
    for (int segment = 0; segment < count; ++segment) {
      relay.await(Relay::made, segment + 1);
      carry(segment);
      relay.pass(Relay::carried);
    }
  };
  const auto guarded = [&](const auto& work) {
    return [&] {
      try {
        work();
      } catch (const Relay::Ended&) {
      } catch (const std::exception& exception) {
        relay.fail();
        ranks_.cancel(exception.what());  // the other ranks' segments are of no use
      } catch (...) {
        relay.fail();
        ranks_.cancel("an exchange has failed");
      }
    };
  };
  if (count > 1) {
    thread_.run_beside(guarded(compute), guarded(travel));
  } else if (count == 1) {
    guarded([&] {
      make(0);
      carry(0);
      use(0);
    })();
  }
  relay.finish();
}

std::vector<bool> CodedExchange::collect(const Call& call, bool codes_sums) {
  std::vector<bool> is_sound(call.arrays.size(), true);
  for_segments(
      call, [&](int segment) { encode(call, segment); }, [&](int segment) { exchange(call, segment, is_sound); },
      [&](int segment) {
        add(call, segment);
        if (codes_sums) encode_sums(call, segment);
      });
  return is_sound;
}

void CodedExchange::finish_residuals(const Call& call, const std::vector<bool>& is_sound) {
  for (std::size_t i = 0; i < is_sound.size(); ++i)
    if (is_sound[i] && call.arrays[i].residual.next_sender) residuals_.finish(call.arrays[i].name);
}

void CodedExchange::give_out(const Call& call, const std::vector<bool>& is_sound) {
  for_segments(
      call, [](int) {}, [&](int segment) { gather(call, segment); },
      [&](int segment) { decode(call, segment, is_sound); });
}

void CodedExchange::encode(const Call& call, int segment) {
  // The sums of such numbers are finite, with what residuals add to them.
  const float limit = kLargest / (2.0f * static_cast<float>(size_));
  for (const CodedLayout::Slice& slice : call.layout.slices(segment)) {
    const Call::Array& array = call.of(slice);
    bool is_sound = true;
    for (int rank = 0; rank < size_; ++rank) {
      const auto [begin, count] = call.layout.numbers(slice, rank);
      const ResidualStore::Version& kept = array.residual;
      const Taken taken = kept.sender ? Taken{kept.sender + begin, kept.factor, kept.next_sender + begin} : Taken{};
      is_sound = write(call.layout.packet(segment, slice, rank, sent_.data()), array.data + begin, taken, count, limit,
                       rows_.data()) &&
                 is_sound;
    }
    for (int rank = 0; rank < size_ && !is_sound; ++rank)
      call.layout.packet(segment, slice, rank, sent_.data()).spoil();
  }
}

void CodedExchange::exchange(const Call& call, int segment, std::vector<bool>& is_sound) {
  const std::int64_t begin = call.layout.segment_begin(segment);
  const Shape all{call.layout.message_bytes(segment) * size_};
  ranks_.all_to_all(View(sent_.data() + begin, DType::u8, all), View(received_.data() + begin, DType::u8, all));
  for (const CodedLayout::Slice& slice : call.layout.slices(segment))
    for (int rank = 0; rank < size_; ++rank)
      if (call.layout.packet(segment, slice, rank, received_.data()).spoiled()) is_sound[slice.array] = false;
}

void CodedExchange::add(const Call& call, int segment) {
  const float share = options_.averages ? 1.0f / static_cast<float>(size_) : 1.0f;
  std::vector<const std::byte*> rows;
  for (int rank = 0; rank < size_; ++rank)
    rows.push_back(reinterpret_cast<const std::byte*>(rows_.data() + rank * kCodedChunk));
  for (const CodedLayout::Slice& slice : call.layout.slices(segment)) {
    float* sums = sums_of(call, slice);
    for_chunks(call.layout.numbers(slice, rank_).count, [&](std::int64_t begin, std::int64_t some) {
      for (int rank = 0; rank < size_; ++rank)
        call.layout.packet(segment, slice, rank, received_.data()).read(begin, some, rows_.data() + rank * kCodedChunk);
      combine(rows, reinterpret_cast<std::byte*>(sums + begin), some, DType::f32, Reduce::sum);
      for (std::int64_t i = begin; i < begin + some; ++i) sums[i] *= share;
    });
  }
}

float* CodedExchange::sums_of(const Call& call, const CodedLayout::Slice& slice) {
  const Call::Array& array = call.of(slice);
  return sums_.data() + array.sums + (call.layout.numbers(slice, rank_).begin - array.piece.begin);
}

// Over the packets that this rank sent to itself, which have been added.
void CodedExchange::encode_sums(const Call& call, int segment) {
  for (const CodedLayout::Slice& slice : call.layout.slices(segment)) {
    const Call::Array& array = call.of(slice);
    const auto [first, count] = call.layout.numbers(slice, rank_);
    const ResidualStore::Version& kept = array.residual;
    const std::int64_t skipped = first - array.piece.begin;
    const Taken taken = kept.owner ? Taken{kept.owner + skipped, kept.factor, kept.next_owner + skipped} : Taken{};
    write(call.layout.packet(segment, slice, rank_, received_.data()), sums_of(call, slice), taken, count, kLargest,
          rows_.data());
  }
}

void CodedExchange::gather(const Call& call, int segment) {
  const std::int64_t each = call.layout.message_bytes(segment);
  std::byte* all = received_.data() + call.layout.segment_begin(segment);
  ranks_.all_gather(View(all + each * rank_, DType::u8, Shape{each}), View(all, DType::u8, Shape{each * size_}));
}

void CodedExchange::decode(const Call& call, int segment, const std::vector<bool>& is_sound) {
  for (const CodedLayout::Slice& slice : call.layout.slices(segment)) {
    for (int rank = 0; rank < size_ && is_sound[slice.array]; ++rank) {
      const auto [begin, count] = call.layout.numbers(slice, rank);
      const Packet packet = call.layout.packet(segment, slice, rank, received_.data());
      float* const to = call.of(slice).data + begin;
      for_chunks(count, [&](std::int64_t skipped, std::int64_t some) { packet.read(skipped, some, to + skipped); });
    }
  }
}

}  // namespace athanor::comm
