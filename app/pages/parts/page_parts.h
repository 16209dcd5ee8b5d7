// Pieces that pages share: margins, heading rows, what scrolls, cards, rows of facts, buttons of actions. GUI thread
// only.
#pragma once

#include "widgets/common/theme.h"

#include <QFrame>
#include <QLabel>
#include <QPlainTextEdit>
#include <QScrollArea>
#include <QSize>

class QAction;
class QGridLayout;
class QHBoxLayout;
class QMenu;
class QPushButton;
class QTableView;
class QVBoxLayout;

namespace athanor::widgets {
class ElidedLabel;
}

namespace athanor::app {

inline constexpr int kPageMargin = 3 * widgets::kGrid;  // left and right of what stands on a page
inline constexpr QSize kButtonIcon{22, 16};             // wider than a glyph, which does not touch the words then

// A large title.
[[nodiscard]] widgets::ElidedLabel* make_title(const QString& text, QWidget* parent);
// The head of a page: its title, which gives way where there is little room, a caption beside it, and at the right
// what is added to the row.
struct PageHeader {
  QHBoxLayout* row;
  widgets::ElidedLabel* title;
  QLabel* caption;
};
[[nodiscard]] PageHeader make_page_header(const QString& title, QWidget* parent);
// A line of a menu that says what its entries below are.
void add_menu_heading(QMenu* menu, const QString& text);
// A small heading above a group.
[[nodiscard]] QLabel* make_heading(const QString& text, QWidget* parent);
[[nodiscard]] QLabel* make_muted(const QString& text, QWidget* parent);
// A button that shows an action: its text, state, icon; the tool tip says why it cannot run.
[[nodiscard]] QPushButton* make_button(QAction* action, QWidget* parent, bool primary = false);

// Looks as all tables of pages do: rows of this height without lines between columns, that answer to the pointer, are
// read and not written, and scroll by pixels.
void prepare_table(QTableView* table, int row_height);

// What scrolls up and down on a page: its content keeps the page's margin at the right, whether or not there is a
// scroll bar in it. The content's own layout gives the other margins.
class PageScroll final : public QScrollArea {
  Q_OBJECT
 public:
  explicit PageScroll(QWidget* parent);
  // Made and shown, with the layout that fills it.
  [[nodiscard]] QVBoxLayout* body() const { return body_; }

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void keep_margin();
  QVBoxLayout* body_ = nullptr;
};

// A surface with a hairline frame and an optional heading; widgets go into body().
class Card : public QFrame {
  Q_OBJECT
 public:
  explicit Card(const QString& heading, QWidget* parent);
  void set_heading(const QString& heading);
  [[nodiscard]] QVBoxLayout* body() const { return body_; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  QVBoxLayout* body_ = nullptr;
  QLabel* heading_ = nullptr;
};

// A command to read, copy and change: broken into as many lines as it needs, never cut. While it is typed into it is
// left alone; afterwards it says again what holds.
class CommandText final : public QPlainTextEdit {
  Q_OBJECT
 public:
  explicit CommandText(QWidget* parent);
  void set_command(const QString& command);

 Q_SIGNALS:
  void edited(const QString& command);
  void left();

 protected:
  void resizeEvent(QResizeEvent* event) override;
  void focusOutEvent(QFocusEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void show_command();
  void fit();
  QString command_;
  bool typing_ = false;
  bool setting_ = false;
};

// Labels at the left, values at the right in equally wide digits.
class FactList final : public QWidget {
  Q_OBJECT
 public:
  explicit FactList(QWidget* parent);
  // An empty value takes the fact away.
  void set_fact(const QString& label, const QString& value, const QString& tip = {});
  void clear_facts();
  [[nodiscard]] QString value(const QString& label) const;

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void fit();
  struct Row {
    QLabel* label;
    QLabel* value;
  };
  QGridLayout* grid_ = nullptr;
  QList<Row> rows_;
};

}  // namespace athanor::app
