// What is chosen on the preferences page takes effect at once and is still so at the next start.
#include "app/models/run_table_model.h"
#include "app/models/run_words.h"
#include "app/pages/preferences/preferences_page.h"
#include "app/settings/settings.h"
#include "app/shell/run_news.h"
#include "app/theme/theme_switch.h"
#include "tests/app/bench.h"
#include "tests/support/temporary_folder.h"
#include "widgets/common/theme.h"

#include <gtest/gtest.h>

#include <QCheckBox>
#include <QComboBox>
#include <QDBusVariant>
#include <QLabel>
#include <QSignalSpy>
#include <QTableView>

namespace athanor::app {
namespace {

using namespace Qt::Literals::StringLiterals;

void choose(QComboBox* box, const QVariant& value) {
  const int index = box->findData(value);
  ASSERT_GE(index, 0);
  box->setCurrentIndex(index);
  Q_EMIT box->activated(index);
}

struct Preferences : testing::Test {
  ~Preferences() override { set_time_style(TimeStyle::age); }
  static PreferencesPage& page(Bench& bench) {
    bench.show("preferences");
    return *qobject_cast<PreferencesPage*>(bench.window().page(u"preferences"_s));
  }
  testing_support::TemporaryFolder home;
};

TEST_F(Preferences, LookAndTextSizeChangeEveryPageAndAreKept) {
  {
    Bench bench({home.path()});
    PreferencesPage& preferences = page(bench);
    choose(preferences.look(), u"dark"_s);
    EXPECT_TRUE(widgets::current_theme().is_dark());
    const double plain = QApplication::font().pointSizeF();
    const auto title = [&] {
      for (QLabel* label : preferences.findChildren<QLabel*>())
        if (label->text() == u"Preferences"_s && label->font().pointSizeF() > QApplication::font().pointSizeF() * 1.4)
          return label->font().pointSizeF();
      return 0.0;
    };
    const double large = title();
    choose(preferences.text_size(), 130);
    EXPECT_NEAR(QApplication::font().pointSizeF(), plain * 1.3, 0.01);
    EXPECT_NEAR(title(), large * 1.3, 0.01);
    EXPECT_NEAR(preferences.text_size()->font().pointSizeF(), plain * 1.3, 0.01);
  }
  Bench again({home.path()});
  EXPECT_EQ(again.workbench->theme().text_size(), 130);
  EXPECT_TRUE(widgets::current_theme().is_dark());
  PreferencesPage& preferences = page(again);
  EXPECT_EQ(preferences.text_size()->currentData().toInt(), 130);
  choose(preferences.text_size(), 100);
  choose(preferences.look(), u"light"_s);
}

TEST_F(Preferences, HighContrastIsChosenOrFollowsThePortalOfTheDesktop) {
  Bench bench({home.path()});
  ThemeSwitch& theme = bench.workbench->theme();
  PreferencesPage& preferences = page(bench);
  choose(preferences.look(), u"contrast"_s);
  EXPECT_EQ(&widgets::current_theme(), &widgets::contrast_theme());
  EXPECT_EQ(bench.workbench->settings().text(Setting::theme), u"contrast"_s);
  choose(preferences.look(), u"system"_s);
  const auto portal_says = [&](const QString& key, uint value) {
    ASSERT_TRUE(QMetaObject::invokeMethod(&theme, "portal_changed", Q_ARG(QString, u"org.freedesktop.appearance"_s),
                                          Q_ARG(QString, key), Q_ARG(QDBusVariant, QDBusVariant(value))));
  };
  portal_says(u"color-scheme"_s, 2);
  EXPECT_EQ(&widgets::current_theme(), &widgets::light_theme());
  portal_says(u"contrast"_s, 1);
  EXPECT_EQ(&widgets::current_theme(), &widgets::contrast_theme());
  portal_says(u"color-scheme"_s, 1);
  EXPECT_EQ(&widgets::current_theme(), &widgets::contrast_theme());
  portal_says(u"contrast"_s, 0);
  EXPECT_EQ(&widgets::current_theme(), &widgets::dark_theme());
  portal_says(u"contrast"_s, 1);
  choose(preferences.look(), u"light"_s);  // who chose has chosen
  EXPECT_EQ(&widgets::current_theme(), &widgets::light_theme());
}

TEST_F(Preferences, TimesOfRunsReadAsAgesOrDates) {
  fill_history(home.path(), {2, false, false, 0});
  Bench bench({home.path()});
  const auto started = [&] {
    return bench.runs().table()->model()->index(0, static_cast<int>(RunColumn::started)).data().toString();
  };
  bench.show("runs");
  EXPECT_FALSE(started().startsWith(u"20"_s)) << started().toStdString();
  choose(page(bench).times(), u"date"_s);
  EXPECT_TRUE(QDateTime::fromString(started(), u"yyyy-MM-dd HH:mm"_s).isValid()) << started().toStdString();
  EXPECT_EQ(bench.workbench->settings().text(Setting::time_style), u"date"_s);
}

TEST_F(Preferences, TheEndOfARunIsToldUnlessNotWished) {
  RunStore runs;
  Settings settings({});
  QWidget window;
  RunNews news(&runs, &settings, &window);
  QSignalSpy told(&news, &RunNews::told);
  const auto apply = [&](store::RunStatus status) {
    store::Run run;
    run.id = 4;
    run.name = "starter";
    run.status = status;
    run.step = 400;
    runs.apply({run});
  };
  apply(store::RunStatus::finished);
  EXPECT_EQ(told.count(), 0);  // was over before the window came
  apply(store::RunStatus::running);
  apply(store::RunStatus::finished);
  ASSERT_EQ(told.count(), 1);
  EXPECT_EQ(told.first()[0].toString(), u"starter: Finished"_s);
  settings.set(Setting::notify_ends, false);
  apply(store::RunStatus::running);
  apply(store::RunStatus::failed);
  EXPECT_EQ(told.count(), 1);
}

}  // namespace
}  // namespace athanor::app
