#include "core/distributed/pipeline_trace.h"

#include <algorithm>

namespace athanor::distributed {
namespace {

journal::SpanKind kind_of(parallel::OpKind kind) {
  using journal::SpanKind;
  using parallel::OpKind;
  switch (kind) {
    case OpKind::forward: return SpanKind::forward;
    case OpKind::input_gradient: return SpanKind::input_gradient;
    case OpKind::weight_gradient: return SpanKind::weight_gradient;
    case OpKind::backward: return SpanKind::backward;
    case OpKind::send_forward:
    case OpKind::send_backward: return SpanKind::send;
    case OpKind::receive_forward:
    case OpKind::receive_backward: return SpanKind::receive;
    case OpKind::reduce_gradient:
    case OpKind::unshard:
    case OpKind::reshard: return SpanKind::reduce;
    case OpKind::offload:
    case OpKind::prefetch: return SpanKind::offload;
    case OpKind::step: return SpanKind::optimizer;
  }
  return SpanKind::idle;
}

}  // namespace

journal::Span to_journal(const PipelineSpan& span, int rank, std::int64_t step) {
  return {.rank = rank,
          .lane = 0,
          .kind = kind_of(span.op.kind),
          .step = step,
          .micro_batch = std::max(span.op.micro_batch, 0),
          .begin_ns = span.begin_ns,
          .end_ns = span.end_ns,
          .stage = span.op.stage};
}

}  // namespace athanor::distributed
