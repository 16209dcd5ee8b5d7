#include "core/precision/session.h"
#include "kernels/base/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace athanor::precision {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& cause) {
  throw Failure(ErrorKind::invalid_input, "go on with the checkpoint's number formats", cause,
                "Use the recipe that the checkpoint was written with");
}

PassFormat pass_format_named(const std::string& name) {
  const auto found = std::ranges::find_if(kPassFormatNames, [&](const char* known) { return name == known; });
  if (found == kPassFormatNames.end()) refuse("it names the format " + name);
  return static_cast<PassFormat>(found - kPassFormatNames.begin());
}

const char* name_of(PassFormat format) { return kPassFormatNames[static_cast<std::size_t>(format)]; }

json history_to_json(const AmaxHistory& history) {
  return {{"amax", history.values()}, {"scale", history.scale() ? json(*history.scale()) : json(nullptr)}};
}

}  // namespace

std::string Session::state() const {
  json out{{"policy", to_string(resolution_.actual)},
           {"loss_scale", {scaler_.state().scale, scaler_.state().growth, scaler_.state().forgiveness}},
           {"loss", {spikes_.state().mean, spikes_.state().variance, spikes_.state().count}},
           {"high_until", high_until_},
           {"layers", json::object()}};
  for (std::size_t layer = 0; layer < formats_.size(); ++layer) {
    json& of_layer = out["layers"][resolution_.layers[layer].path];
    of_layer = {{"formats", {name_of(formats_[layer][0]), name_of(formats_[layer][1])}},
                {"votes", controller_.votes()[layer]}};
    if (histories_.empty()) continue;
    for (const AmaxHistory& history : histories_[layer]) of_layer["histories"].push_back(history_to_json(history));
  }
  return out.dump();
}

// Everything is read before anything changes.
void Session::restore(const std::string& state) try {
  const json in = json::parse(state);
  if (in.at("policy") != to_string(resolution_.actual))
    refuse("they follow the policy " + in.at("policy").get<std::string>() + ", this run follows " +
           to_string(resolution_.actual));
  auto formats = formats_;
  auto votes = controller_.votes();
  auto histories = histories_;
  for (std::size_t layer = 0; layer < formats.size(); ++layer) {
    const std::string& path = resolution_.layers[layer].path;
    const auto found = in.at("layers").find(path);
    if (found == in.at("layers").end()) refuse("they do not speak of " + path);
    for (std::size_t pass = 0; pass < kPassCount; ++pass)
      formats[layer][pass] = pass_format_named(found->at("formats").at(pass));
    found->at("votes").get_to(votes[layer]);
    if (histories.empty()) continue;
    for (std::size_t c = 0; c < histories[layer].size(); ++c) {
      const json& history = found->at("histories").at(c);
      const json& scale = history.at("scale");
      histories[layer][c].restore(history.at("amax"),
                                  scale.is_null() ? std::nullopt : std::optional<float>(scale.get<float>()));
    }
  }
  const json &scaler = in.at("loss_scale"), &loss = in.at("loss");
  const LossScaler::State scaling{scaler.at(0), scaler.at(1), scaler.at(2)};
  const SpikeDetector::State seen{loss.at(0), loss.at(1), loss.at(2)};
  in.at("high_until").get_to(high_until_);
  formats_ = std::move(formats);
  controller_.set_votes(std::move(votes));
  histories_ = std::move(histories);
  scaler_.set_state(scaling);
  spikes_.set_state(seen);
  if (!histories_.empty()) write_scales();
} catch (const json::exception&) {
  refuse("their state cannot be read");
}

}  // namespace athanor::precision
