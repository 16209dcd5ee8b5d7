#include "app/actions/action_registry.h"

#include <QAction>
#include <QWidget>

namespace athanor::app {

QAction* ActionRegistry::add(QWidget* home, const ActionSpec& spec, std::function<void()> handler) {
  auto* action = new QAction(widgets::glyph_icon(spec.glyph), {}, home);
  action->setObjectName(spec.id);
  action->setShortcuts(spec.keys);
  action->setShortcutContext(home->isWindow() ? Qt::WindowShortcut : Qt::WidgetWithChildrenShortcut);
  home->addAction(action);
  connect(action, &QAction::triggered, this, [run = std::move(handler)] { run(); });
  show_words(entries_[spec.id] = {spec, action, home, {}});
  order_.push_back(spec.id);
  return action;
}

void ActionRegistry::show_words(const Entry& entry) {
  const ActionSpec& spec = entry.spec;
  entry.action->setText(spec.short_text.isEmpty() ? spec.text : spec.short_text);
  QString tip = spec.text;
  if (!spec.keys.isEmpty()) tip += QStringLiteral(" (%1)").arg(spec.keys.front().toString(QKeySequence::NativeText));
  if (!entry.why_not.isEmpty()) tip += u'\n' + entry.why_not;
  entry.action->setToolTip(tip);
}

void ActionRegistry::set_words(const QString& id, const QString& text, const QString& short_text) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  found->second.spec.text = text;
  found->second.spec.short_text = short_text;
  show_words(found->second);
}

QAction* ActionRegistry::action(const QString& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : found->second.action;
}

void ActionRegistry::set_reason(const QString& id, const QString& why_not) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  found->second.why_not = why_not;
  found->second.action->setEnabled(why_not.isEmpty());
  show_words(found->second);
}

QString ActionRegistry::reason(const QString& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? tr("There is no such action.") : found->second.why_not;
}

void ActionRegistry::run(const QString& id) {
  if (QAction* found = action(id); found && found->isEnabled()) found->trigger();
}

std::vector<widgets::Command> ActionRegistry::commands() const {
  std::vector<widgets::Command> out;
  for (const QString& id : order_) {
    const Entry& entry = entries_.at(id);
    widgets::Command command;
    command.id = id;
    command.text = entry.spec.text;
    command.context = entry.spec.context;
    QStringList keys;
    for (const QKeySequence& key : entry.spec.keys) keys << key.toString(QKeySequence::NativeText);
    command.shortcut = keys.join(QStringLiteral(" · "));
    command.icon = entry.action->icon();
    command.enabled = entry.action->isEnabled();
    command.why_not = entry.why_not;
    // What a hidden page would do could not be seen.
    if (command.enabled && !entry.home->isVisible()) {
      command.enabled = false;
      command.why_not = tr("Go to the page “%1” first.").arg(entry.spec.context);
    }
    out.push_back(command);
  }
  return out;
}

QStringList ActionRegistry::conflicts() const {
  QStringList out;
  for (auto a = entries_.begin(); a != entries_.end(); ++a)
    for (auto b = std::next(a); b != entries_.end(); ++b) {
      const bool overlap = a->second.home == b->second.home || a->second.home->isAncestorOf(b->second.home) ||
                           b->second.home->isAncestorOf(a->second.home);
      for (const QKeySequence& key : a->second.spec.keys)
        if (overlap && b->second.spec.keys.contains(key)) out << a->first + QStringLiteral(" / ") + b->first;
    }
  return out;
}

}  // namespace athanor::app
