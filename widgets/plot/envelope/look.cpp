#include "widgets/plot/envelope/look.h"

#include <algorithm>
#include <cmath>

namespace athanor::widgets {
namespace {

constexpr std::size_t kFew = 4;
constexpr std::size_t kDashed = 12;  // so many curves are told apart by dashes, too
constexpr std::size_t kTraced = 16;  // so many smoothed curves leave room for their samples
constexpr double kLeastOpaque = 0.6;

double normal_width(std::size_t among) { return among <= kFew ? 1.6 : among <= 16 ? 1.4 : among <= 64 ? 1.2 : 1.0; }

double normal_opacity(std::size_t among) {
  if (among <= 8) return 1;
  const double crowding = std::log(static_cast<double>(among) / 8) / std::log(static_cast<double>(kCrowd) / 8);
  return std::max(kLeastOpaque, 1 - (1 - kLeastOpaque) * crowding);
}

QColor with_opacity(QColor colour, double opacity) {
  colour.setAlphaF(static_cast<float>(opacity));
  return colour;
}

Dash dash_of(const Curve& curve) {
  if (curve.dash != Dash::automatic) return curve.dash;
  switch (Theme::series_dash(curve.colour)) {
    case Qt::DashLine: return Dash::dash;
    case Qt::DotLine: return Dash::dot;
    default: return Dash::solid;
  }
}

DashRhythm rhythm_of(Dash dash, double scale) {
  const std::span<const double> lengths = dash_lengths(dash);
  DashRhythm out;
  for (std::size_t i = 0; i < lengths.size() && i < 4; ++i)
    (i % 2 == 0 ? out.on : out.off)[i / 2] = static_cast<float>(lengths[i] * scale);
  return out;
}

std::size_t shown_of(const std::vector<Curve>& curves) {
  return static_cast<std::size_t>(std::ranges::count_if(curves, [](const Curve& curve) { return curve.is_shown(); }));
}

void set_frame(Scene& scene, const Frame& frame, const Theme& theme) {
  scene.axis = frame.axis;
  scene.x = frame.x_map();
  scene.y = frame.y_map();
  scene.width = static_cast<int>(std::ceil((frame.width + 1) * frame.scale));
  scene.height = static_cast<int>(std::ceil(frame.height * frame.scale));
  scene.scale = static_cast<float>(frame.scale);
  scene.odd = theme.color(Role::bad).rgba();
  scene.crowded = false;
  scene.clear = 0;
}

}  // namespace

AxisMap Frame::x_map() const { return {x.first, x.second, 0.5 * scale, (width + 0.5) * scale, logarithmic_x}; }

AxisMap Frame::y_map() const { return {y.second, y.first, -0.5 * scale, (height - 0.5) * scale, logarithmic_y}; }

std::span<const double> dash_lengths(Dash dash) {
  static constexpr double kDashes[] = {7, 4}, kDots[] = {2, 3}, kDashDots[] = {7, 3, 2, 3};
  switch (dash) {
    case Dash::dash: return kDashes;
    case Dash::dot: return kDots;
    case Dash::dash_dot: return kDashDots;
    case Dash::automatic:
    case Dash::solid: break;
  }
  return {};
}

LineLook line_look(const Curve& curve, std::size_t among, const Theme& theme) {
  LineLook look{theme.series(curve.colour), normal_width(among), among <= kDashed ? dash_of(curve) : Dash::solid};
  switch (curve.emphasis) {
    case Emphasis::faded:
      look.colour = with_opacity(mix(look.colour, theme.color(Role::muted), 0.5), 0.35);
      look.width = 1;
      break;
    case Emphasis::normal: look.colour = with_opacity(look.colour, normal_opacity(among)); break;
    case Emphasis::baseline:
      look.colour = theme.color(Role::text);
      look.width = std::max(look.width, 1.6);
      break;
    case Emphasis::pinned: look.width += 0.8; break;
  }
  return look;
}

void SceneMaker::choose_tone(std::size_t shown, bool crowded, bool dark) {
  if (tone_for_ == shown && tone_dark_ == dark) return;
  tone_for_ = shown;
  tone_dark_ = dark;
  if (crowded)
    tone_ = Tone::by_ratio(dark ? 0.34 : 0.30, static_cast<double>(shown));
  else if (shown <= kFew)
    tone_ = dark ? Tone::saturating(0.22, 0.50) : Tone::saturating(0.16, 0.42);
  else
    tone_ = dark ? Tone::saturating(0.15, 0.36) : Tone::saturating(0.11, 0.30);
}

void SceneMaker::make(const std::vector<Curve>& curves, const Frame& frame, const Theme& theme, Scene& out) {
  set_frame(out, frame, theme);
  const std::size_t shown = shown_of(curves);
  out.crowded = shown > kCrowd;
  choose_tone(shown, out.crowded, theme.is_dark());
  out.tone = tone_;
  order_.clear();
  for (const Emphasis emphasis : {Emphasis::faded, Emphasis::normal, Emphasis::baseline, Emphasis::pinned})
    for (std::size_t c = 0; c < curves.size(); ++c)
      if (curves[c].is_shown() && curves[c].emphasis == emphasis) order_.push_back(c);
  out.curves.resize(order_.size());
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const Curve& curve = curves[order_[i]];
    const LineLook look = line_look(curve, shown, theme);
    const bool faded = curve.emphasis == Emphasis::faded;
    const bool traced = curve.columns->has_own_line() && shown <= kTraced && !faded;
    if (curve.emphasis > Emphasis::normal) ++out.clear;
    SceneCurve& made = out.curves[i];
    made.columns = curve.columns;
    made.offset = x_of(curve, frame.axis).offset;
    made.width = static_cast<float>(look.width);
    made.line = look.colour.rgba();
    made.band = traced || (faded && !out.crowded) ? 0 : with_opacity(look.colour, 1).rgba();
    made.trace = traced ? with_opacity(look.colour, theme.is_dark() ? 0.34 : 0.28).rgba() : 0;
    made.halo = 0;
    made.dash = rhythm_of(look.dash, frame.scale);
  }
}

void SceneMaker::make_highlight(const std::vector<Curve>& curves, const std::vector<std::size_t>& which,
                                const Frame& frame, const Theme& theme, Scene& out) const {
  set_frame(out, frame, theme);
  out.odd = 0;
  out.tone = tone_;
  out.curves.clear();
  const std::size_t shown = shown_of(curves);
  for (const std::size_t c : which) {
    if (c >= curves.size() || !curves[c].is_shown()) continue;
    Curve curve = curves[c];
    if (curve.emphasis == Emphasis::faded) curve.emphasis = Emphasis::normal;
    const LineLook look = line_look(curve, shown, theme);
    SceneCurve made;
    made.columns = curve.columns;
    made.offset = x_of(curve, frame.axis).offset;
    made.line = with_opacity(look.colour, 1).rgba();
    made.halo = with_opacity(theme.color(Role::surface), 0.8).rgba();
    made.width = static_cast<float>(std::max(look.width, 1.4) + 1);
    made.dash = rhythm_of(look.dash, frame.scale);
    out.curves.push_back(std::move(made));
  }
}

}  // namespace athanor::widgets
