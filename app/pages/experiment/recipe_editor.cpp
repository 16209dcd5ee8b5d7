#include "app/pages/experiment/recipe_editor.h"

#include "app/feedback/notice.h"
#include "widgets/common/glyph.h"
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"

#include <QListWidget>
#include <QPlainTextEdit>
#include <QSyntaxHighlighter>
#include <QTextBlock>
#include <QVBoxLayout>

#include <algorithm>

namespace athanor::app {
namespace {

// Headings, keys, texts and comments of TOML in the theme's colours.
class TomlColours final : public QSyntaxHighlighter {
 public:
  using QSyntaxHighlighter::QSyntaxHighlighter;

 protected:
  void highlightBlock(const QString& line) override {
    const widgets::Theme& theme = widgets::current_theme();
    const QString bare = line.trimmed();
    if (bare.startsWith(u'[')) {
      QTextCharFormat heading;
      heading.setForeground(theme.color(widgets::Role::accent));
      heading.setFontWeight(QFont::DemiBold);
      setFormat(0, static_cast<int>(line.size()), heading);
      return;
    }
    bool in_text = false;
    qsizetype begin = 0;
    for (qsizetype i = 0; i < line.size(); ++i) {
      if (line[i] == u'"' && (i == 0 || line[i - 1] != u'\\')) {
        if (in_text)
          setFormat(static_cast<int>(begin), static_cast<int>(i - begin + 1), theme.color(widgets::Role::good));
        begin = i;
        in_text = !in_text;
      } else if (line[i] == u'#' && !in_text) {
        setFormat(static_cast<int>(i), static_cast<int>(line.size() - i), theme.color(widgets::Role::muted));
        break;
      }
    }
    const qsizetype equals = line.indexOf(u'=');
    if (equals > 0 && !bare.startsWith(u'#')) setFormat(0, static_cast<int>(equals), theme.color(widgets::Role::info));
  }
};

}  // namespace

RecipeEditor::RecipeEditor(QWidget* parent) : QWidget(parent) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(widgets::kGrid);
  edit_ = new QPlainTextEdit(this);
  edit_->setFont(widgets::monospace_font(font().pointSizeF()));
  edit_->setLineWrapMode(QPlainTextEdit::NoWrap);
  edit_->setAccessibleName(tr("Recipe text"));
  edit_->setTabChangesFocus(true);
  new TomlColours(edit_->document());
  layout->addWidget(edit_, 1);
  list_ = new QListWidget(this);
  list_->setAccessibleName(tr("Faults of the recipe"));
  list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  list_->setIconSize({16, 16});
  list_->setWordWrap(true);
  list_->hide();
  layout->addWidget(list_);
  connect(edit_, &QPlainTextEdit::textChanged, this, [this] {
    if (!setting_) Q_EMIT edited(edit_->toPlainText());
  });
  connect(list_, &QListWidget::itemActivated, this, [this](QListWidgetItem* item) {
    const int line = item->data(Qt::UserRole).toInt();
    if (line > 0) {
      edit_->setTextCursor(QTextCursor(edit_->document()->findBlockByNumber(line - 1)));
      edit_->setFocus();
    } else {
      Q_EMIT fault_chosen(item->data(Qt::UserRole + 1).toString());
    }
  });
}

QString RecipeEditor::text() const { return edit_->toPlainText(); }

void RecipeEditor::set_text(const QString& toml) {
  if (edit_->toPlainText() == toml) return;
  setting_ = true;
  edit_->setPlainText(toml);
  setting_ = false;
}

void RecipeEditor::set_faults(const std::vector<recipe::Fault>& faults) {
  list_->clear();
  QList<QTextEdit::ExtraSelection> marks;
  const widgets::Theme& theme = widgets::current_theme();
  for (const recipe::Fault& fault : faults) {
    auto* item =
        new QListWidgetItem(widgets::glyph_icon(widgets::Glyph::error), q(recipe::to_string(fault, "recipe")), list_);
    item->setData(Qt::UserRole, fault.line);
    item->setData(Qt::UserRole + 1, q(fault.field));
    if (fault.line <= 0) continue;
    QTextEdit::ExtraSelection mark;
    mark.cursor = QTextCursor(edit_->document()->findBlockByNumber(fault.line - 1));
    mark.format.setBackground(widgets::mix(theme.color(widgets::Role::surface), theme.color(widgets::Role::bad), 0.14));
    mark.format.setProperty(QTextFormat::FullWidthSelection, true);
    marks << mark;
  }
  edit_->setExtraSelections(marks);
  list_->setVisible(!faults.empty());
  fit_list();
}

void RecipeEditor::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fit_list();
}

// As high as what is wrong needs, up to a third of the page.
void RecipeEditor::fit_list() {
  if (list_->count() == 0) return;
  layout()->activate();
  list_->doItemsLayout();  // at this width, which breaks its texts
  const QRect first = list_->visualItemRect(list_->item(0));
  const QRect last = list_->visualItemRect(list_->item(list_->count() - 1));
  const int around = list_->height() - list_->viewport()->height();
  list_->setFixedHeight(std::min(last.bottom() - first.top() + 1 + around, height() / 3));
}

}  // namespace athanor::app
