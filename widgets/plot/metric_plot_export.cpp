// A plot as a figure in a document, or as its numbers.
#include "widgets/common/numbers.h"
#include "widgets/common/theme.h"
#include "widgets/parts/text_paint.h"
#include "widgets/plot/curve_table.h"
#include "widgets/plot/metric_plot.h"
#include "widgets/plot/plot_canvas.h"
#include "widgets/plot/plot_link.h"

#include <QFileDialog>
#include <QPageSize>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <QToolTip>

namespace athanor::widgets {
namespace {

using namespace Qt::Literals::StringLiterals;
constexpr int kWidth = 960, kPlotHeight = 440;  // pixels, 96 to the inch
constexpr int kTitle = 36, kMargin = 16;
constexpr double kPictureScale = 2;
constexpr std::size_t kMostNames = 24;
constexpr int kMostLines = 4;  // of names, where there are more

// On white, with the colours of the light look, whatever the window looks like.
struct Figure {
  PlotCanvas& canvas;
  QString title;
  PlotLegend legend;
  QFont font;

  [[nodiscard]] int legend_height() const { return legend.lines_below(font, kWidth - 2 * kMargin) * kLegendRow; }
  [[nodiscard]] QSize size() const { return {kWidth, kTitle + legend_height() + kPlotHeight + kMargin / 2}; }

  void paint(QPaintDevice* device, double scale, bool vectors) const {
    QCPPainter painter(device);
    painter.scale(scale, scale);
    const Theme& theme = light_theme();
    painter.fillRect(QRect(QPoint(), size()), theme.color(Role::surface));
    painter.setFont(scaled(font, 1.05, QFont::DemiBold));
    painter.setPen(theme.color(Role::text));
    painter.drawText(QRect(kMargin, 0, kWidth - 2 * kMargin, kTitle), Qt::AlignVCenter | Qt::AlignLeft, title);
    legend.paint_below(painter, font, {kMargin, kTitle, kWidth - 2 * kMargin, kLegendRow}, theme);
    canvas.apply_theme(theme);
    canvas.paint_into(painter, {kMargin / 2, kTitle + legend_height(), kWidth - kMargin, kPlotHeight}, vectors);
    canvas.apply_theme(current_theme());
  }

  void write_pdf(QIODevice& device) const {
    QPdfWriter writer(&device);
    writer.setTitle(title);
    writer.setCreator(QCoreApplication::applicationName());
    writer.setResolution(96);
    writer.setPageSize(QPageSize(QSizeF(size()) * 0.75, QPageSize::Point, {}, QPageSize::ExactMatch));
    writer.setPageMargins({});
    paint(&writer, 1, true);
  }

  void write_svg(QIODevice& device) const {
    QSvgGenerator generator;
    generator.setOutputDevice(&device);
    generator.setTitle(title);
    generator.setResolution(96);
    generator.setSize(size());
    generator.setViewBox(QRect(QPoint(), size()));
    paint(&generator, 1, true);
  }

  bool write_png(QIODevice& device) const {
    QImage picture(size() * kPictureScale, QImage::Format_RGB32);
    paint(&picture, kPictureScale, false);
    return picture.save(&device, "PNG");
  }
};

}  // namespace

// Names, and values only where there are no names.
PlotLegend MetricPlot::figure_legend(const Theme& theme) const {
  std::vector<LegendEntry> entries;
  for (const std::size_t c : by_rank(kMostNames)) {
    entries.push_back(entry_of(c, theme));
    entries.back().current = false;
    if (!entries.back().label.isEmpty()) entries.back().value.clear();
  }
  PlotLegend out;
  out.set_entries(std::move(entries), shown_, kMostNames, kMostLines);
  return out;
}

QString MetricPlot::save(const QString& file) {
  QSaveFile out(file);
  if (!out.open(QIODevice::WriteOnly)) return out.errorString();
  const auto ends = [&](QStringView ending) { return file.endsWith(ending, Qt::CaseInsensitive); };
  bool written = true;
  if (ends(u".csv")) {
    CurveTable table;
    table.set_curves(curves_, axis());
    written = table.write_csv(out);
  } else {
    const Figure figure{*canvas_, title_, figure_legend(light_theme()), QGuiApplication::font()};
    if (ends(u".svg"))
      figure.write_svg(out);
    else if (ends(u".png"))
      written = figure.write_png(out);
    else
      figure.write_pdf(out);
    canvas_->replot(QCustomPlot::rpQueuedReplot);
  }
  return written && out.commit() ? QString() : out.errorString();
}

void MetricPlot::ask_where_to_save() {
  auto* dialog = new QFileDialog(this, tr("Save the plot"), {},
                                 tr("PDF (*.pdf);;SVG (*.svg);;PNG picture (*.png);;Numbers as CSV (*.csv)"));
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(u"pdf"_s);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QFileDialog::filterSelected, dialog, [dialog](const QString& filter) {
    const qsizetype star = filter.indexOf(u"*."_s);
    dialog->setDefaultSuffix(filter.mid(star + 2, 3));
  });
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& file) {
    const QString trouble = save(file);
    if (!trouble.isEmpty())
      QToolTip::showText(mapToGlobal(QPoint(kMargin, kMargin)), tr("Could not save the plot: %1").arg(trouble), this);
  });
  dialog->open();
}

}  // namespace athanor::widgets
