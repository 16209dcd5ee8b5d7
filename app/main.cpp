// The workbench: reads the command line, builds the parts, shows the window or renders one page of it.
#include "app/bootstrap/command_line.h"
#include "app/bootstrap/session.h"
#include "kernels/base/error.h"

#include <QApplication>

#include <exception>
#include <iostream>

namespace {

QtMessageHandler spoken_by_qt = nullptr;

// Qt finds a folder of its own where the session has named none; nobody needs to hear of it. All else is passed on.
void pass_on(QtMsgType type, const QMessageLogContext& context, const QString& text) {
  if (text.startsWith(QStringLiteral("QStandardPaths: XDG_RUNTIME_DIR not set"))) return;
  spoken_by_qt(type, context, text);
}

}  // namespace

int main(int count, char** words) {
  using namespace athanor::app;
  const ProcessStart start = process_start();
  spoken_by_qt = qInstallMessageHandler(pass_on);
  // A page is rendered the same way on every machine, with or without a display.
  if (needs_no_display(count, words)) qputenv("QT_QPA_PLATFORM", "offscreen");
  if (!has_display(count, words)) {
    std::cerr << "athanor: show the window: there is no display; set DISPLAY or WAYLAND_DISPLAY, render a page with "
                 "--screenshot FILE, or work in the terminal with athanor-run train and athanor-agent list\n";
    return athanor::exit_status(athanor::ErrorKind::unavailable);
  }
  QApplication::setApplicationName(QStringLiteral("athanor"));
  QApplication::setApplicationVersion(QStringLiteral(ATH_VERSION));
  QApplication::setDesktopFileName(QStringLiteral("athanor"));
  QApplication application(count, words);
  const CommandLine wishes = read_command_line(application);
  if (!wishes.fault.isEmpty()) {
    std::cerr << "athanor: " << wishes.fault.toStdString() << '\n';
    return 2;
  }
  try {
    Session session(wishes, start);
    return session.run();
  } catch (const athanor::Failure& failure) {
    std::cerr << "athanor: " << failure.error().message() << '\n';
    return athanor::exit_status(failure.error().kind);
  } catch (const std::exception& error) {
    std::cerr << "athanor: " << error.what() << '\n';
    return 1;
  }
}
