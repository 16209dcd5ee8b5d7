// Runs side by side: their curves over each other, and what they differ in. GUI thread only; what it is given is not
// owned.
#pragma once

#include "app/pages/page.h"
#include "core/store/types.h"

#include <functional>
#include <vector>

class QLabel;
class QSplitter;
class QStackedWidget;
class QToolButton;

namespace athanor::widgets {
class EmptyPage;
}

namespace athanor::app {

class ActionRegistry;
class AxisButton;
class CompareController;
class CompareCurves;
class CompareLineage;
class CompareList;
class ComparePictures;
class CompareRelations;
class CompareTable;
class ComparedRunModel;
class CurveReaders;
class MetricChooser;
class PictureLoader;
class Settings;

class ComparePage final : public Page {
  Q_OBJECT
 public:
  ComparePage(CompareController* compare, CurveReaders* readers, PictureLoader* pictures, ActionRegistry* actions,
              Settings* settings, QWidget* parent);
  [[nodiscard]] bool is_ready() const override;
  void entered() override;
  void left() override;
  void keep_layout();
  void show_view(const QString& id);  // "curves", "differences", "relations", "pictures", "lineage"
  [[nodiscard]] CompareCurves* curves() const { return curves_; }
  [[nodiscard]] CompareTable* table() const { return table_; }
  [[nodiscard]] CompareRelations* relations() const { return relations_; }
  [[nodiscard]] ComparePictures* pictures() const { return pictures_; }
  [[nodiscard]] CompareLineage* lineage() const { return lineage_; }
  [[nodiscard]] CompareList* list() const { return list_; }

 Q_SIGNALS:
  void open_requested(qint64 run);
  void choose_requested();  // of runs to compare

 private:
  struct View {
    QString id;
    QWidget* widget = nullptr;
    QToolButton* button = nullptr;
    std::function<void(bool)> set_watched;
  };
  void build();
  void build_views();
  QWidget* build_header();
  void add_view(const QString& id, const QString& title, QWidget* widget, std::function<void(bool)> set_watched);
  void add_actions();
  void update_actions();
  void update_state();
  void choose_metrics();
  void look_at(store::RunId run);
  void hide_all_but(const std::vector<store::RunId>& runs);
  void tell_ready();

  CompareController* compare_;
  CurveReaders* readers_;
  PictureLoader* loader_;
  ActionRegistry* actions_;
  Settings* settings_;
  QLabel* count_ = nullptr;
  QStackedWidget* stack_ = nullptr;
  widgets::EmptyPage* empty_ = nullptr;
  QSplitter* splitter_ = nullptr;
  ComparedRunModel* runs_ = nullptr;
  CompareList* list_ = nullptr;
  QStackedWidget* views_ = nullptr;
  CompareCurves* curves_ = nullptr;
  CompareTable* table_ = nullptr;
  CompareRelations* relations_ = nullptr;
  ComparePictures* pictures_ = nullptr;
  CompareLineage* lineage_ = nullptr;
  MetricChooser* chooser_ = nullptr;
  QToolButton* metrics_button_ = nullptr;
  AxisButton* axis_button_ = nullptr;
  QWidget* view_buttons_ = nullptr;
  std::vector<View> all_views_;
  bool shown_ = false;
};

}  // namespace athanor::app
