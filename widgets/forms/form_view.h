// A form in sections made from field descriptors: searchable, advanced fields folded away until asked for, a mark at
// every changed field, a verdict at every faulty one. GUI thread only.
#pragma once

#include "widgets/forms/field.h"

#include <QWidget>

#include <map>
#include <vector>

class QLabel;
class QScrollArea;
class QToolButton;
class QVBoxLayout;

namespace athanor::widgets {

class FieldRow;
class JumpButton;
class SearchLine;

class FormView final : public QWidget {
  Q_OBJECT
 public:
  explicit FormView(QWidget* parent = nullptr);
  void build(const std::vector<SectionSpec>& sections, const std::vector<FieldSpec>& fields);

  void set_text(const QString& id, const QString& text);
  [[nodiscard]] QString text(const QString& id) const;
  // Verdicts by field; fields not named have none.
  void set_verdicts(const std::map<QString, QString>& verdicts);
  // Scrolls to a field and gives it the focus; unfolds it when it is advanced.
  void reveal(const QString& id);
  void filter(const QString& typed);
  void show_advanced(bool on);
  [[nodiscard]] FieldRow* row(const QString& id) const;
  [[nodiscard]] SearchLine* search_line() const { return search_; }
  [[nodiscard]] int visible_rows() const;
  [[nodiscard]] QSize minimumSizeHint() const override;

 Q_SIGNALS:
  void edited(const QString& id, const QString& text);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  struct SectionView {
    SectionSpec spec;
    QWidget* card = nullptr;
    JumpButton* jump = nullptr;
    std::vector<FieldRow*> rows;
  };
  void apply_filter();
  void fit_jumps();
  void scroll_to_section(std::size_t index);
  void mark_section_in_view();

  std::vector<SectionView> sections_;
  std::map<QString, FieldRow*> rows_;
  SearchLine* search_ = nullptr;
  QToolButton* advanced_ = nullptr;
  QScrollArea* scroll_ = nullptr;
  QWidget* body_ = nullptr;
  QVBoxLayout* body_layout_ = nullptr;
  QVBoxLayout* jumps_ = nullptr;
  QLabel* nothing_ = nullptr;
  QString typed_;
};

}  // namespace athanor::widgets
