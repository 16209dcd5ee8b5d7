// A list below a button to choose from what the compared runs have measured, with a search. Closes when one clicks
// elsewhere or presses Escape. GUI thread only.
#pragma once

#include <QFrame>

#include <map>
#include <string>
#include <vector>

class QListWidget;

namespace athanor::widgets {
class SearchLine;
}

namespace athanor::app {

class MetricChooser final : public QFrame {
  Q_OBJECT
 public:
  explicit MetricChooser(QWidget* parent);
  // `counts`: how many of `runs` runs have each.
  void open(const std::map<std::string, int>& counts, int runs, const std::vector<std::string>& chosen,
            const QPoint& place);

 Q_SIGNALS:
  void chosen(const std::vector<std::string>& metrics);

 private:
  void narrow(const QString& typed);
  [[nodiscard]] std::vector<std::string> ticked() const;

  widgets::SearchLine* search_ = nullptr;
  QListWidget* list_ = nullptr;
  std::vector<std::string> order_;  // of those chosen before
};

}  // namespace athanor::app
