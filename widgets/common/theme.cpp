#include "widgets/common/theme.h"

#include <QGuiApplication>

namespace athanor::widgets {
namespace {

// Order as in Role.
constexpr QRgb kLightRoles[] = {
    0xfff5f4f1, 0xffecebe6, 0xffffffff, 0xfff1f0ec, 0xffdcdad3, 0xff1d2126, 0xff60666e, 0xff9a9fa6,
    0xffb2450e, 0xfff9e6db, 0xffffffff, 0xff1d764a, 0xff8f5f00, 0xffb3261e, 0xff2a64a8, 0xffe9e7e2,
};
constexpr QRgb kDarkRoles[] = {
    0xff17181b, 0xff121316, 0xff1f2125, 0xff292c31, 0xff363a40, 0xffe7e5e0, 0xffa2a6ad, 0xff70757d,
    0xfff28c4c, 0xff43291b, 0xff1b1109, 0xff5fc48e, 0xffe0b04a, 0xfff47c72, 0xff74aeea, 0xff2c2f34,
};
constexpr QRgb kContrastRoles[] = {
    0xff000000, 0xff000000, 0xff000000, 0xff1a1a1a, 0xff868686, 0xffffffff, 0xffe4e4e4, 0xffa8a8a8,
    0xffffee4d, 0xff00509f, 0xff000000, 0xff66e39a, 0xffffbe6e, 0xffffb0a8, 0xff8cccff, 0xff868686,
};
// Chosen for the least distance in CIELAB of any two, also with one kind of cone missing.
constexpr QRgb kLightSeries[kSeriesColours] = {0xff1266c0, 0xffb4670c, 0xff188970, 0xff894a96,
                                               0xff7b5600, 0xffa42f4c, 0xff52833d, 0xff616479};
constexpr QRgb kDarkSeries[kSeriesColours] = {0xff97bdff, 0xfff59a5c, 0xff40bcad, 0xffae82bf,
                                              0xffe7be38, 0xffeb6688, 0xffb3f598, 0xffd2d8eb};
constexpr QRgb kContrastSeries[kSeriesColours] = {0xff59cfff, 0xfff5f21d, 0xfff511a8, 0xff339443,
                                                  0xfff1acac, 0xffc93ffb, 0xffc0ff9a, 0xff8faf13};

}  // namespace

Theme::Theme(Kind kind, const QRgb (&roles)[static_cast<int>(Role::count_)], const QRgb (&series)[kSeriesColours])
    : kind_(kind), roles_(roles), series_(series) {}

QColor Theme::series(int index) const {
  return QColor::fromRgb(series_[((index % kSeriesColours) + kSeriesColours) % kSeriesColours]);
}

Qt::PenStyle Theme::series_dash(int index) {
  constexpr Qt::PenStyle kStyles[] = {Qt::SolidLine, Qt::DashLine, Qt::DotLine};
  return kStyles[(index / kSeriesColours) % 3];
}

QPalette Theme::palette() const {
  QPalette p;
  const QColor text = color(Role::text);
  const QColor faint = color(Role::faint);
  p.setColor(QPalette::Window, color(Role::window));
  p.setColor(QPalette::WindowText, text);
  p.setColor(QPalette::Base, color(Role::surface));
  p.setColor(QPalette::AlternateBase, mix(color(Role::surface), color(Role::raised), 0.5));
  p.setColor(QPalette::Text, text);
  p.setColor(QPalette::PlaceholderText, color(Role::muted));
  p.setColor(QPalette::Button, color(Role::surface));
  p.setColor(QPalette::ButtonText, text);
  p.setColor(QPalette::BrightText, color(Role::on_accent));
  p.setColor(QPalette::ToolTipBase, color(Role::raised));
  p.setColor(QPalette::ToolTipText, text);
  p.setColor(QPalette::Highlight, color(Role::accent_soft));
  p.setColor(QPalette::HighlightedText, text);
  p.setColor(QPalette::Link, color(Role::accent));
  p.setColor(QPalette::LinkVisited, color(Role::accent));
  p.setColor(QPalette::Light, mix(color(Role::surface), QColor(Qt::white), is_dark() ? 0.08 : 1.0));
  p.setColor(QPalette::Midlight, color(Role::raised));
  p.setColor(QPalette::Mid, color(Role::border));
  p.setColor(QPalette::Dark, mix(color(Role::border), QColor(Qt::black), 0.25));
  p.setColor(QPalette::Shadow, mix(color(Role::window), QColor(Qt::black), 0.6));
  for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText})
    p.setColor(QPalette::Disabled, role, faint);
  return p;
}

const Theme& light_theme() {
  static const Theme theme(Theme::Kind::light, kLightRoles, kLightSeries);
  return theme;
}

const Theme& dark_theme() {
  static const Theme theme(Theme::Kind::dark, kDarkRoles, kDarkSeries);
  return theme;
}

const Theme& contrast_theme() {
  static const Theme theme(Theme::Kind::contrast, kContrastRoles, kContrastSeries);
  return theme;
}

const Theme& theme_for(const QPalette& palette) {
  if (palette.color(QPalette::Window) == contrast_theme().color(Role::window)) return contrast_theme();
  return palette.color(QPalette::Window).lightness() < 128 ? dark_theme() : light_theme();
}

const Theme& current_theme() { return theme_for(QGuiApplication::palette()); }

QColor mix(const QColor& a, const QColor& b, double t) {
  const auto blend = [t](float x, float y) { return static_cast<float>(x + (y - x) * t); };
  return QColor::fromRgbF(blend(a.redF(), b.redF()), blend(a.greenF(), b.greenF()), blend(a.blueF(), b.blueF()),
                          blend(a.alphaF(), b.alphaF()));
}

}  // namespace athanor::widgets
