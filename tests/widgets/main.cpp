// One application for all tests of this executable, without a display.
#include <gtest/gtest.h>

#include <QApplication>

int main(int count, char** words) {
  qputenv("QT_QPA_PLATFORM", "offscreen");
  ::testing::InitGoogleTest(&count, words);
  QApplication application(count, words);
  return RUN_ALL_TESTS();
}
