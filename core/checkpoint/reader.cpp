#include "core/checkpoint/reader.h"

#include "core/base/crc32c.h"
#include "core/base/files.h"
#include "core/checkpoint/block_reader.h"
#include "core/checkpoint/positioned_file.h"
#include "core/checkpoint/safetensors.h"
#include "core/checkpoint/safetensors_header.h"
#include "core/checkpoint/whole.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

namespace athanor::checkpoint {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostShown = 8;
constexpr const char* kUseAnother = "use another step or restore it from a copy";

// The arrays of one writer's file, each one box.
Result<void> add_arrays(ShardIndex& index, const fs::path& file, Section section) {
  const auto reader = SafetensorsReader::open(file);
  if (!reader) return tl::unexpected(reader.error());
  const std::int64_t head = reader->header_end();
  for (const ArrayEntry& array : reader->arrays())
    index.tensors.push_back({section,
                             array.name,
                             array.dtype,
                             array.shape,
                             {{whole_box(array.shape), index.files.size(), head + array.begin, head + array.end, {}}}});
  index.files.push_back({file.filename().string(), 0, head, 0});
  return {};
}

Result<ShardIndex> index_of_one_writer(const fs::path& checkpoint, const Manifest& manifest) {
  ShardIndex index;
  auto added = add_arrays(index, checkpoint / kModelFile, Section::model);
  if (added) added = add_arrays(index, checkpoint / kOptimizerFile, Section::optimizer);
  if (added && manifest.files.contains(kResidualFile))
    added = add_arrays(index, checkpoint / kResidualFile, Section::residual);
  if (!added) return tl::unexpected(added.error());
  return index;
}

Result<ShardIndex> index_of_shards(const fs::path& checkpoint, const Manifest& manifest) {
  const auto text = read_file(checkpoint / kIndexFile);
  if (!text) return tl::unexpected(text.error());
  auto index = index_from_json(*text);
  if (!index) return index;
  const auto refused = [&](std::string cause) {
    return fail(ErrorKind::corrupt, fmt::format("read {}", (checkpoint / kIndexFile).string()), std::move(cause),
                kUseAnother);
  };
  for (const StoredFile& file : index->files) {
    const auto found = manifest.files.find(file.name);
    if (found == manifest.files.end() || found->second.bytes != file.bytes)
      return refused(fmt::format("COMPLETE and {} differ about {}", kIndexFile, file.name));
  }
  if (std::string fault = why_not_sound(*index); !fault.empty()) return refused(std::move(fault));
  return index;
}

std::string listed(const std::vector<std::string>& faults) {
  const auto shown = static_cast<std::ptrdiff_t>(std::min(faults.size(), kMostShown));
  std::string out = fmt::format("{}", fmt::join(faults.begin(), faults.begin() + shown, "; "));
  if (faults.size() > kMostShown) out += fmt::format("; and {} more", faults.size() - kMostShown);
  return out;
}

using Name = std::pair<Section, std::string_view>;

}  // namespace

struct Reader::State {
  fs::path folder;
  TrainingState training;
  ShardIndex index;
  bool sharded = false;
  std::map<Name, const StoredTensor*> by_name;

  [[nodiscard]] const StoredTensor* find(Section section, std::string_view name) const {
    const auto found = by_name.find({section, name});
    return found == by_name.end() ? nullptr : found->second;
  }
  [[nodiscard]] Result<std::int64_t> read(std::vector<std::vector<PieceRequest>>& by_file) const;
};

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reader::Reader(Reader&& other) noexcept = default;
Reader& Reader::operator=(Reader&& other) noexcept = default;
Reader::~Reader() = default;

Result<Reader> Reader::open(const fs::path& checkpoint) {
  auto state = std::make_unique<State>();
  state->folder = checkpoint;
  Manifest manifest;
  std::string reason = judge(checkpoint, manifest);
  if (reason.empty()) reason = judge_digests(checkpoint, manifest);
  if (!reason.empty())
    return fail(ErrorKind::corrupt, fmt::format("load the checkpoint {}", checkpoint.string()), std::move(reason),
                kUseAnother);
  const auto text = read_file(checkpoint / kStateFile);
  if (!text) return tl::unexpected(text.error());
  auto training = state_from_json(*text);
  if (!training) return tl::unexpected(training.error());
  state->training = std::move(*training);
  state->sharded = manifest.format == kShardedFormat;
  auto index = state->sharded ? index_of_shards(checkpoint, manifest) : index_of_one_writer(checkpoint, manifest);
  if (!index) return tl::unexpected(index.error());
  state->index = std::move(*index);
  for (const StoredTensor& tensor : state->index.tensors)
    state->by_name.emplace(Name{tensor.section, tensor.name}, &tensor);
  return Reader(std::move(state));
}

const TrainingState& Reader::state() const noexcept { return state_->training; }

std::vector<Holding> Reader::holdings() const {
  std::vector<Holding> out;
  for (const StoredTensor& tensor : state_->index.tensors)
    out.push_back({tensor.section, tensor.name, tensor.dtype, tensor.shape});
  return out;
}

Result<void> Reader::match(Section section, std::span<const NamedShape> tensors) const {
  std::vector<std::string> faults;
  std::map<std::string_view, bool> known;
  for (const NamedShape& tensor : tensors) {
    known[tensor.name] = true;
    const StoredTensor* const found = state_->find(section, tensor.name);
    if (found == nullptr) {
      faults.push_back(fmt::format("it has no {}", tensor.name));
    } else if (found->shape != tensor.shape) {
      faults.push_back(fmt::format("its {} is [{}], the model's is [{}]", tensor.name, fmt::join(found->shape, ", "),
                                   fmt::join(tensor.shape, ", ")));
    }
  }
  for (const StoredTensor& tensor : state_->index.tensors)
    if (tensor.section == section && !known.contains(tensor.name))
      faults.push_back(fmt::format("the model has no {}", tensor.name));
  if (faults.empty()) return {};
  return fail(ErrorKind::invalid_input, fmt::format("load the checkpoint {}", state_->folder.string()), listed(faults),
              "use the recipe that the checkpoint was written with, or one of the same shape");
}

Result<ReadReport> Reader::read(std::span<const Wanted> wanted, Missing missing) const {
  ReadReport report;
  std::vector<std::string> faults;
  std::map<const StoredBox*, PieceRequest> requests;
  for (const Wanted& one : wanted) {
    const StoredTensor* const tensor = state_->find(one.section, one.name);
    const bool may_begin_anew = one.section == Section::residual ||
                                (one.section == Section::optimizer && missing == Missing::begin_optimizer_anew);
    const bool usable = tensor != nullptr && tensor->dtype == one.dtype && fits(one.box, tensor->shape);
    if (!usable && may_begin_anew && (tensor == nullptr || one.section == Section::residual)) {
      std::ranges::fill(one.into, std::byte{0});
      report.fresh.push_back(one.name);
    } else if (tensor == nullptr) {
      faults.push_back(fmt::format("it has no {}", one.name));
    } else if (!usable) {
      faults.push_back(fmt::format("its {} is {} [{}], asked for is {} {}", one.name, tensor->dtype,
                                   fmt::join(tensor->shape, ", "), one.dtype, to_text(one.box)));
    } else if (volume(one.box.extent) * bytes_per_element(one.dtype) != static_cast<std::int64_t>(one.into.size())) {
      faults.push_back(fmt::format("{} bytes do not hold {} of {}", one.into.size(), to_text(one.box), one.name));
    } else {
      for (const StoredBox& stored : tensor->boxes)
        if (intersection(stored.box, one.box))
          requests.try_emplace(&stored, PieceRequest{tensor, &stored, {}}).first->second.wanted.push_back(&one);
    }
  }
  if (!faults.empty())
    return fail(ErrorKind::invalid_input, fmt::format("load the checkpoint {}", state_->folder.string()),
                listed(faults), "use the recipe that the checkpoint was written with, or one of the same shape");
  std::vector<std::vector<PieceRequest>> by_file(state_->index.files.size());
  for (auto& [stored, request] : requests) by_file[stored->file].push_back(std::move(request));
  const auto bytes = state_->read(by_file);
  if (!bytes) return tl::unexpected(bytes.error());
  report.bytes = *bytes;
  return report;
}

Result<std::int64_t> Reader::State::read(std::vector<std::vector<PieceRequest>>& by_file) const {
  std::int64_t bytes = 0;
  for (std::size_t file = 0; file < by_file.size(); ++file) {
    if (by_file[file].empty()) continue;
    std::ranges::sort(by_file[file], {}, [](const PieceRequest& request) { return request.stored->begin; });
    const auto read = read_pieces(folder / index.files[file].name, by_file[file]);
    if (!read) return read;
    bytes += *read;
  }
  return bytes;
}

Result<void> Reader::verify() const {
  if (!state_->sharded) return {};  // open() has
  for (const StoredFile& file : state_->index.files) {
    const auto intention = fmt::format("read {}", (state_->folder / file.name).string());
    const PositionedFile opened(state_->folder / file.name);
    std::string head(static_cast<std::size_t>(file.head_bytes), '\0');
    if (!opened.is_open() || !opened.read(head.data(), file.head_bytes, 0))
      return fail(ErrorKind::io, intention, fmt::format("{}: {}", file.name, std::strerror(errno)));
    if (crc32c(head) != file.head_checksum)
      return fail(ErrorKind::corrupt, intention,
                  fmt::format("the checksum of the header of {} does not match", file.name), kUseAnother);
  }
  std::vector<std::vector<PieceRequest>> by_file(state_->index.files.size());
  for (const StoredTensor& tensor : state_->index.tensors)
    for (const StoredBox& stored : tensor.boxes) by_file[stored.file].push_back({&tensor, &stored, {}});
  const auto read = state_->read(by_file);
  return read ? Result<void>() : tl::unexpected(read.error());
}

}  // namespace athanor::checkpoint
