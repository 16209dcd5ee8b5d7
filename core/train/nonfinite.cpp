#include "core/train/nonfinite.h"

#include "kernels/base/element.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace athanor::train {
namespace {

bool finite(const Context& context, const Tensor& tensor) {
  return std::ranges::all_of(context.download(tensor), [](float value) { return std::isfinite(value); });
}

bool floating(DType dtype) { return dtype == DType::f32 || dtype == DType::f64 || is_narrow_float(dtype); }

// Memory that a view reaches into, counted in elements from its data.
std::int64_t span_of(const View& view) {
  std::int64_t last = 0;
  for (int dim = 0; dim < view.shape.rank(); ++dim) last += (view.shape[dim] - 1) * view.strides[dim];
  return last + 1;
}

struct Place {
  Shape index;
  std::int64_t offset = 0;
};

Place place_of(const View& view, std::int64_t position) {
  Place place;
  for (int dim = 0; dim < view.shape.rank(); ++dim) place.index.push_back(0);
  for (int dim = view.shape.rank() - 1; dim >= 0; --dim) {
    place.index[dim] = position % view.shape[dim];
    position /= view.shape[dim];
    place.offset += place.index[dim] * view.strides[dim];
  }
  return place;
}

std::string to_text(const LayerPlace& place) {
  if (place.layer.empty()) return {};
  return (place.inside ? "at " : "after ") + std::string(place.layer);
}

struct Found {
  Shape index;
  double value = 0;
};

// The first element, in row-major order, that is not finite.
std::optional<Found> first_nonfinite(const View& view, const Context& context, bool minus_infinity_is_fine) {
  if (!floating(view.dtype) || view.numel() == 0) return std::nullopt;
  std::vector<std::byte> copy;
  View host = view;
  if (context.device().kind != DeviceKind::cpu) {
    copy.resize(storage_bytes(view.dtype, span_of(view)));
    context.stream().copy(copy.data(), view.data, copy.size());
    host.data = copy.data();
  }
  const bool plain = host.contiguous() && host.dtype == DType::f32;
  for (std::int64_t at = 0; at < host.numel(); ++at) {
    if (plain && std::isfinite(host.as<float>()[at])) continue;
    const Place place = place_of(host, at);
    const double value = element(host, place.offset);
    if (std::isfinite(value) || (minus_infinity_is_fine && value == -std::numeric_limits<double>::infinity())) continue;
    return Found{place.index, value};
  }
  return std::nullopt;
}

}  // namespace

std::string first_nonfinite_value(const Context& context, const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters) {
    parameter->value.need();  // of replicas that hold a part each, all come here
    if (!finite(context, parameter->value)) return parameter->path;
  }
  return {};
}

std::string first_nonfinite_gradient(const Context& context, const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters) {
    if (parameter->gradient.present() && !finite(context, parameter->gradient)) return parameter->path;
  }
  return {};
}

std::string NonfiniteOrigin::text() const {
  std::string out = fmt::format("{} first appears in {}{} of {}{}{}, launch {} of the {}", value, array,
                                to_string(index), op, place.empty() ? "" : " ", place, launch, pass);
  if (rows.count > 0) out += fmt::format(", for rows {} to {} of the batch", rows.first, rows.first + rows.count - 1);
  if (input.empty()) return out + ", from inputs that are finite";
  return out +
         fmt::format(", whose input {}{}{} is not finite either", input, input_path.empty() ? "" : " = ", input_path);
}

NonfiniteSearch::NonfiniteSearch(Context& context, const std::vector<Parameter>& parameters)
    : context_(context), before_(context.launch_watch()), places_(parameters) {
  context.set_launch_watch(this);
}

NonfiniteSearch::~NonfiniteSearch() { context_.set_launch_watch(before_); }

void NonfiniteSearch::begin(std::string pass) {
  pass_ = std::move(pass);
  launches_ = 0;
}

void NonfiniteSearch::on_launch(const LaunchSeen& launch) {
  if (before_) before_->on_launch(launch);
  ++launches_;
  if (origin_ || context_.dry()) return;
  places_.follow(launch);
  for (const LaunchArray& array : launch.arrays) {
    if (array.access == kernels::Access::read) continue;
    const auto found = first_nonfinite(array.view, context_, launch.writes_minus_infinity);
    if (!found) continue;
    origin_ = NonfiniteOrigin{.op = launch.op,
                              .array = array.name,
                              .pass = pass_,
                              .place = to_text(places_.place()),
                              .launch = launches_,
                              .index = found->index,
                              .value = found->value,
                              .input = {},
                              .input_path = {},
                              .rows = context_.batch_rows()};
    break;
  }
  if (!origin_) return;
  for (const LaunchArray& array : launch.arrays) {
    if (array.access != kernels::Access::read || !first_nonfinite(array.view, context_, true)) continue;
    origin_->input = array.name;
    if (const std::string* path = places_.parameter_at(array.view.data)) origin_->input_path = *path;
    return;
  }
}

}  // namespace athanor::train
