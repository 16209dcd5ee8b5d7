#include "app/pages/parts/axis_button.h"

#include <QMenu>

#include <algorithm>
#include <vector>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::XAxis;

struct Choice {
  QString id;
  QString words;
  XAxis axis;
};

std::vector<Choice> choices() {
  return {{u"step"_s, AxisButton::tr("Steps"), XAxis::step},
          {u"samples"_s, AxisButton::tr("Samples seen"), XAxis::samples},
          {u"time"_s, AxisButton::tr("Time since the start"), XAxis::time},
          {u"wall"_s, AxisButton::tr("Wall clock"), XAxis::wall_time}};
}

}  // namespace

AxisButton::AxisButton(QWidget* parent) : QToolButton(parent) {
  setProperty("chip", true);
  setPopupMode(QToolButton::InstantPopup);
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("What the curves are drawn over"));
  setToolTip(tr("What the curves are drawn over (X)"));
  auto* menu = new QMenu(this);
  for (const Choice& choice : choices())
    connect(menu->addAction(choice.words), &QAction::triggered, this, [this, id = choice.id] { choose(id); });
  setMenu(menu);
  choose({});
}

QString AxisButton::id() const {
  for (const Choice& choice : choices())
    if (choice.axis == axis_) return choice.id;
  return {};
}

void AxisButton::choose(const QString& id) {
  const std::vector<Choice> all = choices();
  const auto found = std::ranges::find(all, id, &Choice::id);
  const Choice& choice = found == all.end() ? all.front() : *found;
  axis_ = choice.axis;
  setText(tr("Over: %1").arg(choice.words));
  Q_EMIT chosen(choice.id);
}

void AxisButton::choose_next() {
  const std::vector<Choice> all = choices();
  const auto here = std::ranges::find(all, axis_, &Choice::axis) - all.begin();
  choose(all[static_cast<std::size_t>(here + 1) % all.size()].id);
}

}  // namespace athanor::app
