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

json layer_to_json(const std::array<PassFormat, kPassCount>& formats,
                   const std::array<Controller::Votes, kPassCount>& votes) {
  json out{{"formats", {name_of(formats[0]), name_of(formats[1])}}};
  for (const Controller::Votes& vote : votes) out["votes"].push_back({name_of(vote.wish), vote.count});
  return out;
}

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
    of_layer = layer_to_json(formats_[layer], controller_.votes()[layer]);
    if (histories_.empty()) continue;
    for (const AmaxHistory& history : histories_[layer]) of_layer["histories"].push_back(history_to_json(history));
  }
  return out.dump();
}

void Session::restore(const std::string& state) {
  const json in = json::parse(state, nullptr, false);
  if (in.is_discarded() || !in.contains("layers")) refuse("their state cannot be read");
  if (in.at("policy") != to_string(resolution_.actual))
    refuse("they follow the policy " + in.at("policy").get<std::string>() + ", this run follows " +
           to_string(resolution_.actual));
  auto votes = controller_.votes();
  for (std::size_t layer = 0; layer < formats_.size(); ++layer) {
    const std::string& path = resolution_.layers[layer].path;
    const auto found = in["layers"].find(path);
    if (found == in["layers"].end()) refuse("they do not speak of " + path);
    for (std::size_t pass = 0; pass < kPassCount; ++pass) {
      formats_[layer][pass] = pass_format_named(found->at("formats").at(pass));
      const json& vote = found->at("votes").at(pass);
      votes[layer][pass] = {pass_format_named(vote.at(0)), vote.at(1)};
    }
    if (histories_.empty()) continue;
    for (std::size_t c = 0; c < histories_[layer].size(); ++c) {
      const json& history = found->at("histories").at(c);
      const json& scale = history.at("scale");
      histories_[layer][c].restore(history.at("amax"),
                                   scale.is_null() ? std::nullopt : std::optional<float>(scale.get<float>()));
    }
  }
  controller_.set_votes(std::move(votes));
  const json& scaler = in.at("loss_scale");
  scaler_.set_state({scaler.at(0), scaler.at(1), scaler.at(2)});
  const json& loss = in.at("loss");
  spikes_.set_state({loss.at(0), loss.at(1), loss.at(2)});
  high_until_ = in.at("high_until");
  if (!histories_.empty()) write_scales();
}

}  // namespace athanor::precision
