#include "kernels/ops/quant/quantize.h"

#include "core/ops/check.h"
#include "core/ops/quantized.h"

namespace athanor::ops {

namespace {

using kernels::Grouping;

void check_quantize(const Tensor& x, const CodeFormat& format) {
  check_numbers("quantize", "x", x);
  if (x.rank() < 1) refuse("quantize", describe("x", x) + ", at least one dim is needed");
  if (format.block < 1 || format.block > kernels::kLargestQuantBlock)
    refuse("quantize", "the block is " + std::to_string(format.block) + ", it must be within 1 and 256");
  if (!format.scale.present()) return;
  if (format.grouping != Grouping::tensor || format.scale.shape() != Shape{1})
    refuse("quantize", describe("scale", format.scale) + ", but only a whole tensor can have a given scale, [1]");
}

}  // namespace

Codes quantize(Context& context, const Tensor& x, const CodeFormat& format, const QuantizeWishes& wishes) {
  check_quantize(x, format);
  const kernels::ScaleGrid grid = kernels::scale_grid(format.grouping, x.view(), format.block);
  const kernels::ScaleGrid columns = kernels::scale_grid(format.grouping, grid.columns, grid.rows, format.block);
  Codes made;
  made.scales = format.scale.present() ? format.scale : context.empty({grid.down(), grid.across()});
  if (wishes.rows) made.codes = context.empty(x.shape(), format.format);
  if (wishes.columns) {
    made.column_codes = context.empty({grid.columns, grid.rows}, format.format);
    made.column_scales =
        format.grouping == Grouping::tensor ? made.scales : context.empty({columns.down(), columns.across()});
  }
  const kernels::QuantizeArgs args{
      .x = x.view(),
      .grouping = format.grouping,
      .block = format.block,
      .format = format.format,
      .given_scale = format.scale.present(),
      .power_of_two = format.power_of_two,
      .codes = made.codes.view(),
      .scales = made.scales.view(),
      .column_codes = made.column_codes.view(),
      .column_scales = format.grouping == Grouping::tensor ? View{} : made.column_scales.view(),
      .stats = wishes.stats.view()};
  context.launch("quantize", kernels::quantize, args, kernels::quantize_workspace_bytes(context.exec(), args),
                 {.flops = 4.0 * static_cast<double>(x.numel())});
  return made;
}

}  // namespace athanor::ops
