#include "app/pages/preferences/preferences_page.h"

#include "app/language/language_switch.h"
#include "app/models/run_words.h"
#include "app/pages/parts/page_parts.h"
#include "app/settings/settings.h"
#include "app/theme/theme_switch.h"
#include "widgets/common/glyph.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"

#include <QAbstractItemView>
#include <QCheckBox>
#include <QComboBox>
#include <QDesktopServices>
#include <QFileInfo>
#include <QGridLayout>
#include <QPushButton>
#include <QUrl>
#include <QVBoxLayout>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;
using widgets::kGrid;

constexpr int kWidest = 720;
constexpr int kChoice = 240;
constexpr int kTextSizes[] = {85, 100, 115, 130, 150};  // per cent

// A row of a card: what is chosen and under it what it does; the choice at the right.
void add_row(Card* card, const QString& label, const QString& help, QWidget* choice) {
  auto* row = new QHBoxLayout;
  row->setSpacing(kGrid * 2);
  row->setContentsMargins(0, kGrid / 2, 0, kGrid / 2);
  auto* words = new QVBoxLayout;
  words->setSpacing(2);
  auto* caption = new QLabel(label, card);
  caption->setBuddy(choice);
  words->addWidget(caption);
  QLabel* text = make_muted(help, card);
  text->setWordWrap(true);
  text->setFont(widgets::scaled(card->font(), 0.9));
  words->addWidget(text);
  row->addLayout(words, 1);
  row->addWidget(choice, 0, Qt::AlignVCenter);
  choice->setAccessibleName(label);
  choice->setAccessibleDescription(help);
  card->body()->addLayout(row);
}

QComboBox* choice(Card* card, const QString& label, const QString& help) {
  auto* box = new QComboBox(card);
  box->setFixedWidth(kChoice);
  box->view()->setAccessibleName(label);
  add_row(card, label, help, box);
  return box;
}

}  // namespace

PreferencesPage::PreferencesPage(Settings* settings, LanguageSwitch* language, ThemeSwitch* theme,
                                 const std::vector<Place>& places, QWidget* parent)
    : Page(u"preferences"_s, tr("Preferences"), parent), settings_(settings), switch_(language), theme_(theme) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(kPageMargin, kGrid * 2, 0, 0);
  layout->setSpacing(kGrid * 2);
  layout->addLayout(make_page_header(title(), this).row);
  auto* scroll = new PageScroll(this);
  auto* row = new QHBoxLayout;
  scroll->body()->addLayout(row);
  auto* inner = new QWidget(scroll->widget());
  inner->setMaximumWidth(kWidest);
  row->addWidget(inner, 1);
  row->addStretch(0);
  auto* column = new QVBoxLayout(inner);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(kGrid * 2);
  build_look(column);
  build_habits(column);
  build_places(column, places);
  column->addStretch(1);
  layout->addWidget(scroll, 1);
}

void PreferencesPage::entered() { look_->setFocus(Qt::OtherFocusReason); }

void PreferencesPage::take_over(const Page& before) {
  const auto* old = qobject_cast<const PreferencesPage*>(&before);
  if (old && old->window()->focusWidget() == old->language_) language_->setFocus(Qt::OtherFocusReason);
}

void PreferencesPage::build_look(QVBoxLayout* column) {
  auto* card = new Card(tr("Look"), this);
  look_ =
      choice(card, tr("Colours"), tr("Light, dark, in high contrast, or as the desktop says, also when it changes."));
  look_->addItem(tr("as the system says"), to_text(ThemeChoice::system));
  look_->addItem(tr("light"), to_text(ThemeChoice::light));
  look_->addItem(tr("dark"), to_text(ThemeChoice::dark));
  look_->addItem(tr("high contrast"), to_text(ThemeChoice::contrast));
  const auto show_look = [this] { look_->setCurrentIndex(look_->findData(to_text(theme_->choice()))); };
  show_look();
  connect(theme_, &ThemeSwitch::changed, look_, show_look);
  connect(look_, &QComboBox::activated, this,
          [this] { theme_->choose(theme_choice(look_->currentData().toString())); });
  text_size_ = choice(card, tr("Text size"), tr("In relation to the desktop's own."));
  for (const int percent : kTextSizes) text_size_->addItem(tr("%1 %").arg(percent), percent);
  text_size_->setCurrentIndex(std::max(0, text_size_->findData(theme_->text_size())));
  connect(text_size_, &QComboBox::activated, this,
          [this] { theme_->choose_text_size(text_size_->currentData().toInt()); });
  add_languages(card);
  column->addWidget(card);
}

// Each in its own words, so that everybody finds theirs.
void PreferencesPage::add_languages(Card* card) {
  language_ = choice(card, tr("Language"), tr("Of the window. What runs and programs say stays in English."));
  language_->addItem(tr("as the system says"), QString::fromLatin1(kSystemLanguage));
  for (const Language& each : languages()) language_->addItem(each.name, each.code);
  language_->setCurrentIndex(std::max(0, language_->findData(switch_->choice())));
  connect(language_, &QComboBox::activated, this, [this] { switch_->choose(language_->currentData().toString()); });
}

void PreferencesPage::build_habits(QVBoxLayout* column) {
  auto* card = new Card(tr("Times and notices"), this);
  times_ = choice(card, tr("Times of runs"), tr("How the table says when a run was started."));
  times_->addItem(tr("as an age: 12 min ago"), u"age"_s);
  times_->addItem(tr("as a date: 2026-11-23 22:41"), u"date"_s);
  times_->setCurrentIndex(std::max(0, times_->findData(settings_->text(Setting::time_style))));
  connect(times_, &QComboBox::activated, this, [this] {
    settings_->set(Setting::time_style, times_->currentData());
    set_time_style(time_style(times_->currentData().toString()));
    Q_EMIT times_changed();
  });
  notifications_ = new QCheckBox(card);
  notifications_->setStyleSheet(u"spacing: 0px;"_s);  // it has no words of its own
  notifications_->setChecked(settings_->flag(Setting::notify_ends));
  connect(notifications_, &QCheckBox::toggled, this, [this](bool on) { settings_->set(Setting::notify_ends, on); });
  add_row(card, tr("Tell me of alerts and when a run ends"), tr("With a notice of the desktop, while I am elsewhere."),
          notifications_);
  column->addWidget(card);
}

void PreferencesPage::build_places(QVBoxLayout* column, const std::vector<Place>& places) {
  auto* card = new Card(tr("Where things are"), this);
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(kGrid * 2);
  grid->setVerticalSpacing(kGrid);
  grid->setColumnStretch(1, 1);
  int row = 0;
  for (const Place& place : places) {
    auto* path = new widgets::ElidedLabel(card);
    path->set_text(place.path);
    path->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    path->setForegroundRole(QPalette::PlaceholderText);
    auto* open = new QPushButton(widgets::glyph_icon(widgets::Glyph::folder), tr("Open folder"), card);
    open->setIconSize(kButtonIcon);
    open->setAccessibleName(tr("Open the folder of: %1").arg(place.label));
    connect(open, &QPushButton::clicked, this, [this, at = place.path] {
      const QFileInfo info(at);
      const QString folder = info.isDir() ? at : info.absolutePath();
      if (!QFileInfo(folder).isDir() || !QDesktopServices::openUrl(QUrl::fromLocalFile(folder)))
        Q_EMIT notice({NoticeKind::warning,
                       tr("The folder could not be opened"),
                       folder,
                       tr("It may not exist yet; otherwise open it with a file manager"),
                       {}});
    });
    grid->addWidget(new QLabel(place.label, card), row, 0);
    grid->addWidget(path, row, 1);
    grid->addWidget(open, row++, 2);
  }
  card->body()->addLayout(grid);
  column->addWidget(card);
}

}  // namespace athanor::app
