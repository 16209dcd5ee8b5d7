// A window that anything may be done to: random clicks, drags, keys, wheels and sizes on all of its pages, over a real
// history with a real agent whose queue is held. How many is told by ATHANOR_MONKEY_EVENTS, the seed by
// ATHANOR_MONKEY_SEED. Dialogs that reach into the file system are closed before anything can be done in them.
#include "core/agent/client.h"
#include "core/store/writer.h"
#include "tests/app/bench.h"
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QElapsedTimer>
#include <QEventLoop>
#include <QFileDialog>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QTimer>
#include <QWheelEvent>

#include <algorithm>
#include <cstdio>
#include <random>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

class Monkey final : public QObject {
 public:
  Monkey(MainWindow& window, unsigned seed, int events) : window_(window), random_(seed), left_(events) {}

  void run() {
    act_next();
    loop_.exec();
  }
  [[nodiscard]] double longest_ms() const { return longest_ms_; }
  [[nodiscard]] int longer_than_50_ms() const { return long_; }

 private:
  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }
  template <class T, std::size_t N>
  T one_of(const T (&all)[N]) {
    return all[below(N)];
  }

  static constexpr int kAtOnce = 8;  // before the window is drawn again

  // A shot of its own each time: it also goes off within the event loops of menus.
  void act_next() {
    QTimer::singleShot(0, this, [this] { act(); });
  }

  void act() {
    for (QWidget* top : QApplication::topLevelWidgets())
      if (qobject_cast<QFileDialog*>(top) && top->isVisible()) top->close();
    if (left_ <= 0) return end();
    act_next();
    if (!window_.isVisible()) window_.show();
    for (int i = 0; i < kAtOnce && left_ > 0; ++i, --left_) timed();
  }

  // What a menu's event loop takes is no answer that was waited for.
  void timed() {
    QElapsedTimer took;
    took.start();
    const int before = ++done_;
    do_something();
    if (done_ != before) return;
    const double ms = static_cast<double>(took.nsecsElapsed()) * 1e-6;
    longest_ms_ = std::max(longest_ms_, ms);
    long_ += ms > 50 ? 1 : 0;
  }

  void end() {
    if (QWidget* popup = QApplication::activePopupWidget()) popup->close();
    for (QWidget* top : QApplication::topLevelWidgets())
      if (top != &window_ && top->isVisible()) top->close();
    loop_.quit();
  }

  QWidget* top() {
    if (QWidget* popup = QApplication::activePopupWidget()) return popup;
    if (QWidget* modal = QApplication::activeModalWidget()) return modal;
    return &window_;
  }

  void do_something() {
    QWidget* where = top();
    const QPoint place(static_cast<int>(below(static_cast<std::size_t>(std::max(1, where->width())))),
                       static_cast<int>(below(static_cast<std::size_t>(std::max(1, where->height())))));
    QWidget* child = where->childAt(place);
    QWidget* target = child ? child : where;
    const QPoint at = target->mapFrom(where, place);
    const auto kind = below(100);
    if (kind < 40)
      click(target, at, below(10) == 0 ? Qt::RightButton : Qt::LeftButton);
    else if (kind < 48)
      double_click(target, at);
    else if (kind < 58)
      drag(target, at);
    else if (kind < 70)
      wheel(target, at);
    else if (kind < 96)
      press();
    else if (kind < 98)
      window_.resize(880 + static_cast<int>(below(1100)), 560 + static_cast<int>(below(600)));
    else
      window_.show_page(one_of(kPages));
  }

  Qt::KeyboardModifiers modifiers() {
    constexpr Qt::KeyboardModifier kAll[] = {Qt::NoModifier, Qt::NoModifier, Qt::NoModifier, Qt::ShiftModifier,
                                             Qt::ControlModifier};
    return one_of(kAll);
  }

  // QTest moves the mouse by letting other events pass, which may take the widget away.
  void send(const QPointer<QWidget>& target, QEvent::Type type, const QPoint& at, Qt::MouseButton button,
            Qt::MouseButtons buttons, Qt::KeyboardModifiers keys = {}) {
    if (!target) return;
    QMouseEvent event(type, at, target->mapToGlobal(at), button, buttons, keys);
    QApplication::sendEvent(target, &event);
  }

  void click(const QPointer<QWidget>& target, const QPoint& at, Qt::MouseButton button) {
    if (button == Qt::RightButton) {
      QContextMenuEvent menu(QContextMenuEvent::Mouse, at, target->mapToGlobal(at));
      QApplication::sendEvent(target, &menu);
      return;
    }
    const Qt::KeyboardModifiers keys = modifiers();
    send(target, QEvent::MouseMove, at, Qt::NoButton, Qt::NoButton);
    if (target && target->focusPolicy() & Qt::ClickFocus) target->setFocus(Qt::MouseFocusReason);
    send(target, QEvent::MouseButtonPress, at, button, button, keys);
    send(target, QEvent::MouseButtonRelease, at, button, Qt::NoButton, keys);
  }

  void double_click(const QPointer<QWidget>& target, const QPoint& at) {
    click(target, at, Qt::LeftButton);
    send(target, QEvent::MouseButtonDblClick, at, Qt::LeftButton, Qt::LeftButton);
    send(target, QEvent::MouseButtonRelease, at, Qt::LeftButton, Qt::NoButton);
  }

  void drag(const QPointer<QWidget>& target, QPoint at) {
    send(target, QEvent::MouseButtonPress, at, Qt::LeftButton, Qt::LeftButton);
    for (int i = 0; i < 3; ++i) {
      at += QPoint(static_cast<int>(below(121)) - 60, static_cast<int>(below(121)) - 60);
      send(target, QEvent::MouseMove, at, Qt::NoButton, Qt::LeftButton);
    }
    send(target, QEvent::MouseButtonRelease, at, Qt::LeftButton, Qt::NoButton);
  }

  void wheel(QWidget* target, const QPoint& at) {
    const QPoint turn(0, below(2) == 0 ? 120 : -120);
    QWheelEvent event(at, target->mapToGlobal(at), {}, turn, Qt::NoButton, modifiers(), Qt::NoScrollPhase, false);
    QApplication::sendEvent(target, &event);
  }

  void press() {
    constexpr Qt::Key kKeys[] = {
        Qt::Key_Up,  Qt::Key_Down,   Qt::Key_Left,   Qt::Key_Right, Qt::Key_Home, Qt::Key_End,     Qt::Key_PageUp,
        Qt::Key_Tab, Qt::Key_Return, Qt::Key_Escape, Qt::Key_Space, Qt::Key_Plus, Qt::Key_Minus,   Qt::Key_Delete,
        Qt::Key_F2,  Qt::Key_A,      Qt::Key_B,      Qt::Key_C,     Qt::Key_H,    Qt::Key_K,       Qt::Key_L,
        Qt::Key_M,   Qt::Key_N,      Qt::Key_O,      Qt::Key_P,     Qt::Key_T,    Qt::Key_V,       Qt::Key_X,
        Qt::Key_Z,   Qt::Key_1,      Qt::Key_2,      Qt::Key_3,     Qt::Key_4,    Qt::Key_Question};
    QWidget* focus = QApplication::focusWidget();
    if (QWidget* popup = QApplication::activePopupWidget()) focus = popup;
    QTest::keyClick(focus ? focus : &window_, one_of(kKeys), modifiers());
  }

  inline static const QString kPages[] = {u"runs"_s, u"experiment"_s, u"live"_s, u"compare"_s, u"preferences"_s};

  MainWindow& window_;
  std::mt19937 random_;
  int left_;
  int done_ = 0;
  QEventLoop loop_;
  double longest_ms_ = 0;
  int long_ = 0;
};

TEST(Monkey, FindsNothingThatBreaksTheWindow) {
  const testing_support::TemporaryFolder home;
  const store::RunId rich = fill_history(home.path(), {30, true, true, 120});
  {
    const auto writer = value_or_throw(store::Writer::open(home.path() / "history.db"));
    value_or_throw(writer->set_settings({.held = true}));
  }
  const int events =
      qEnvironmentVariableIsSet("ATHANOR_MONKEY_EVENTS") ? qEnvironmentVariableIntValue("ATHANOR_MONKEY_EVENTS") : 800;
  const int seed = qEnvironmentVariableIntValue("ATHANOR_MONKEY_SEED");
  {
    Bench bench({home.path()});
    bench.workbench->live().open(rich);
    bench.show("runs");
    Monkey monkey(bench.window(), static_cast<unsigned>(seed), events);
    monkey.run();
    std::printf("%d events, seed %d: longest %.1f ms, %d longer than 50 ms\n", events, seed, monkey.longest_ms(),
                monkey.longer_than_50_ms());
    bench.show("runs");
    EXPECT_TRUE(Bench::until([&] { return bench.workbench->history().is_read(); }));
  }
  static_cast<void>(agent::Client::quit_agent(home.path()));
  const auto reader = value_or_throw(store::Reader::open(home.path() / "history.db"));
  EXPECT_TRUE(reader->check());
}

}  // namespace
}  // namespace athanor::app
