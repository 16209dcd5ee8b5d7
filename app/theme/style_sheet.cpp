#include "app/theme/style_sheet.h"

#include "widgets/common/theme.h"

#include <utility>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::Role;

// @role is replaced by its colour.
const QString kSheet =
    uR"(
QToolTip { background: @raised; color: @text; border: 1px solid @border; padding: 4px 6px; }
QMainWindow, QWidget#plain, QScrollArea, QWidget#page { background: @window; }
QScrollArea { border: none; }
QScrollArea#bare { background: transparent; }
QLabel[tone="bad"] { color: @bad; }
QWidget#sidebar { background: @sidebar; }
QSplitter::handle { background: transparent; }

QLineEdit, QPlainTextEdit, QComboBox, QAbstractSpinBox {
  background: @surface; border: 1px solid @border; border-radius: 5px; padding: 4px 8px;
  selection-background-color: @accent; selection-color: @on_accent; }
QLineEdit, QComboBox { min-height: 20px; }
QLineEdit:hover, QPlainTextEdit:hover, QComboBox:hover { border-color: @faint; }
QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus { border-color: @accent; }
QLineEdit[faulty="true"], QPlainTextEdit[faulty="true"], QComboBox[faulty="true"] { border: 1px solid @bad; }
QLineEdit:read-only { background: @raised; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox QAbstractItemView { background: @surface; border: 1px solid @border; selection-background-color: @accent_soft;
  selection-color: @text; padding: 4px; outline: none; }

QPushButton { background: @surface; color: @text; border: 1px solid @border; border-radius: 5px; padding: 5px 14px; min-height: 18px; }
QPushButton:hover { background: @raised; border-color: @faint; }
QPushButton:focus { border-color: @accent; }
QPushButton:pressed { background: @border; }
QPushButton:disabled { color: @faint; background: @window; border-color: @border; }
QPushButton[primary="true"] { background: @accent; color: @on_accent; border-color: @accent; font-weight: 600; }
QPushButton[primary="true"]:hover { background: @accent_hover; border-color: @accent_hover; }
QPushButton[primary="true"]:focus { border: 2px solid @text; padding: 4px 13px; }
QPushButton[primary="true"]:disabled { background: @raised; color: @faint; border-color: @border; }
QPushButton[large="true"] { min-height: 28px; font-size: @large_text; }
QPushButton::menu-indicator { width: 0; }

QToolButton { color: @text; border: 1px solid transparent; border-radius: 5px; padding: 3px; }
QToolButton:hover { background: @raised; }
QToolButton:focus { border-color: @accent; }
QToolButton:checked { background: @accent_soft; }
QToolButton::menu-indicator { image: none; }
QToolButton[chip="true"] { background: @surface; border: 1px solid @border; border-radius: 12px; padding: 3px 11px; min-height: 16px; }
QToolButton[chip="true"]:hover { border-color: @faint; }
QToolButton[chip="true"]:focus { border-color: @accent; }
QToolButton[chip="true"]:checked { background: @accent_soft; border-color: @accent; }
QToolButton[chip="true"][faulty="true"] { border-color: @bad; }
QPushButton[jump="true"] { text-align: left; color: @muted; padding: 5px 10px; background: transparent; border: 1px solid transparent; }
QPushButton[jump="true"]:hover { background: @raised; }
QPushButton[jump="true"]:focus { border-color: @accent; }
QPushButton[jump="true"]:checked { color: @text; background: @raised; font-weight: 600; }
QToolButton[nav="true"] { text-align: left; padding: 7px 10px; border-radius: 6px; }
QToolButton[nav="true"]:hover { background: @nav_hover; }
QToolButton[nav="true"]:checked { background: @surface; border: 1px solid @border; font-weight: 600; }
QToolButton[nav="true"]:focus { border-color: @accent; }

QCheckBox::indicator, QTableView::indicator, QListView::indicator { width: 16px; height: 16px; border: 1px solid @faint; border-radius: 4px; background: @surface; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; image: url(:/athanor/check-@kind.svg); }
QTableView::indicator:checked, QListView::indicator:checked { background: @muted; border-color: @muted; image: url(:/athanor/check-@kind.svg); }
QTableView::indicator, QListView::indicator { width: 13px; height: 13px; }
QCheckBox:focus { color: @accent; }
QCheckBox::indicator:focus { border-color: @accent; }

QTableView, QListView, QTreeView { background: @surface; color: @text; border: 1px solid @border; border-radius: 6px; outline: none;
  gridline-color: @grid; selection-background-color: @accent_soft; selection-color: @text; }
QTableView:focus, QListView:focus { border-color: @faint; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: @surface; color: @muted; border: none; border-bottom: 1px solid @border; padding: 6px 0px 6px 10px; font-weight: 500; }
QHeaderView::section:hover { color: @text; }
QHeaderView::down-arrow { image: url(:/athanor/down-@kind.svg); width: 10px; height: 10px; subcontrol-position: right center; right: 0px; }
QHeaderView::up-arrow { image: url(:/athanor/up-@kind.svg); width: 10px; height: 10px; subcontrol-position: right center; right: 0px; }
QComboBox::down-arrow { image: url(:/athanor/down-@kind.svg); width: 10px; height: 10px; }
QTableCornerButton::section { background: @surface; border: none; }

QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: @muted; padding: 6px 4px; margin-right: 20px; border: none; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: @text; border-bottom-color: @accent; font-weight: 600; }
QTabBar::tab:hover { color: @text; }
QTabBar::tab:focus { color: @accent; }
QTabWidget::pane { border: none; }

QFrame#suggestions { background: @surface; border: 1px solid @border; }
QFrame#suggestions QListView { border: none; }
QMenu { background: @surface; color: @text; border: 1px solid @border; padding: 5px; }
QMenu::item { padding: 6px 26px 6px 12px; border-radius: 4px; }
QMenu::icon { padding-left: 8px; }
QMenu::item:selected { background: @accent_soft; }
QMenu::item:disabled { color: @faint; }
QMenu::separator { height: 1px; background: @border; margin: 5px 8px; }

QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 1px; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 1px; }
QScrollBar::handle { background: @scroll; border-radius: 4px; min-height: 32px; min-width: 32px; }
QScrollBar::handle:hover { background: @faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }

QProgressBar { background: @border; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: @accent; border-radius: 3px; }
QSlider::groove:horizontal { height: 4px; background: @border; border-radius: 2px; }
QSlider::sub-page:horizontal { background: @accent; border-radius: 2px; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: @surface; border: 2px solid @accent; }
QSlider:focus { border: 1px solid @accent; border-radius: 5px; }
QStatusBar { background: @sidebar; color: @muted; border-top: 1px solid @border; }
QStatusBar::item { border: none; }
)"_s;

// In high contrast frames are thicker, at the cost of what is around the text, and what is on, chosen or under the
// pointer has one of its own.
const QString kContrastSheet =
    uR"(
QLineEdit, QPlainTextEdit, QComboBox, QAbstractSpinBox { border-width: 2px; padding: 3px 7px; }
QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus { border-width: 3px; padding: 2px 6px; }
QLineEdit[faulty="true"], QPlainTextEdit[faulty="true"], QComboBox[faulty="true"] { border: 3px solid @bad; padding: 2px 6px; }
QComboBox QAbstractItemView { border-width: 2px; }
QPushButton { border-width: 2px; padding: 4px 13px; }
QPushButton:hover { border-color: @text; }
QPushButton:pressed { background: @accent_soft; }
QPushButton:focus { border-width: 3px; padding: 3px 12px; }
QPushButton[primary="true"]:focus { border: 3px solid @info; padding: 3px 12px; }
QToolButton { border-width: 2px; padding: 2px; }
QToolButton:hover { border-color: @border; }
QToolButton:focus { border: 3px solid @accent; padding: 1px; }
QToolButton:checked { border-color: @text; }
QToolButton[chip="true"] { border-width: 2px; padding: 2px 10px; }
QToolButton[chip="true"]:hover { border-color: @text; }
QToolButton[chip="true"]:focus { border-width: 3px; padding: 1px 9px; }
QPushButton[jump="true"] { border-width: 2px; padding: 4px 9px; }
QPushButton[jump="true"]:focus { border-width: 3px; padding: 3px 8px; }
QPushButton[jump="true"]:checked { border-color: @text; }
QPushButton[jump="true"]:checked:focus { border-color: @accent; }
QToolButton[nav="true"] { padding: 6px 9px; }
QToolButton[nav="true"]:checked { border: 2px solid @text; }
QToolButton[nav="true"]:focus { border: 3px solid @accent; padding: 5px 8px; }
QCheckBox::indicator, QTableView::indicator, QListView::indicator { border-width: 2px; width: 14px; height: 14px; }
QCheckBox::indicator:focus { border: 3px solid @accent; width: 12px; height: 12px; }
QCheckBox::indicator:checked:focus { border-color: @text; }
QTableView, QListView, QTreeView { border-width: 2px; }
QTableView:focus, QListView:focus { border-color: @accent; }
QHeaderView::section { border-bottom-width: 2px; }
QTabBar::tab { border-bottom-width: 3px; }
QTabBar::tab:focus { border-bottom-width: 4px; }
QMenu, QToolTip { border-width: 2px; }
QMenu::item:selected { border: 2px solid @accent; padding: 4px 24px 4px 10px; }
QProgressBar, QSlider::groove:horizontal { background: @border; }
QSlider:focus { border: 3px solid @accent; }
QStatusBar { border-top-width: 2px; }
)"_s;

}  // namespace

QString style_sheet(const widgets::Theme& theme, double point_size) {
  QString sheet = theme.is_high_contrast() ? kSheet + kContrastSheet : kSheet;
  sheet.replace(u"@large_text"_s, QString::number(point_size * 1.1) + u"pt"_s);
  const auto put = [&sheet](const QString& name, const QColor& color) {
    sheet.replace(u'@' + name + u';', color.name() + u';').replace(u'@' + name + u' ', color.name() + u' ');
  };
  const std::pair<QString, Role> roles[] = {
      {u"window"_s, Role::window},       {u"sidebar"_s, Role::sidebar},
      {u"surface"_s, Role::surface},     {u"raised"_s, Role::raised},
      {u"border"_s, Role::border},       {u"text"_s, Role::text},
      {u"muted"_s, Role::muted},         {u"faint"_s, Role::faint},
      {u"accent"_s, Role::accent},       {u"accent_soft"_s, Role::accent_soft},
      {u"on_accent"_s, Role::on_accent}, {u"bad"_s, Role::bad},
      {u"info"_s, Role::info},           {u"grid"_s, Role::grid},
  };
  for (const auto& [name, role] : roles) put(name, theme.color(role));
  const QColor against = theme.color(Role::text);
  put(u"accent_hover"_s, widgets::mix(theme.color(Role::accent), against, 0.14));
  put(u"nav_hover"_s, widgets::mix(theme.color(Role::sidebar), against, 0.06));
  put(u"scroll"_s, widgets::mix(theme.color(Role::window), against, theme.is_high_contrast() ? 0.6 : 0.22));
  sheet.replace(u"@kind"_s, theme.is_dark() ? u"dark"_s : u"light"_s);
  return sheet;
}

}  // namespace athanor::app
