// Plots of few, smoothed, emphasised, many and very many made-up curves.
#pragma once

class QGridLayout;
class QWidget;

namespace athanor::widgets {

void fill_with_plots(QGridLayout* grid, QWidget* window);

}  // namespace athanor::widgets
