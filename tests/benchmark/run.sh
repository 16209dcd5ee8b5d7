#!/usr/bin/env bash
# Prints every benchmark in turn. Called by ./bootstrap bench, which sets
#   ATHANOR_BUILD  the build folder with benchmarks on      ATHANOR_HOME  where the prepared starter data is
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
build=$(readlink -f "$ATHANOR_BUILD")
here=tests/benchmark

# PyTorch and the trackers, the peers, live in an environment of their own beside the build; they are fetched once.
peer=build/peer/bin/python
if ! "$peer" -c 'import torch, mlflow, tensorboard, tensorboardX' 2>/dev/null; then
  echo "Fetching PyTorch, MLflow and TensorBoard for the comparison (some gigabytes, once)" >&2
  python3 -m venv build/peer
  build/peer/bin/pip install --quiet torch numpy mlflow tensorboard tensorboardX
fi

printf 'machine: %s, %s cores\n\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)" "$(nproc)"
"$peer" $here/parity/parity.py "$build/benchmarks/parity_dump"
echo
$here/train_step/compare.py "$build/benchmarks/train_step" "$peer"
echo
$here/contrastive_loss/compare.py "$build/benchmarks/contrastive_loss" "$peer"
echo
"$build/benchmarks/adamw"
echo
"$build/benchmarks/schedule"
echo
"$build/benchmarks/pipeline"
echo
"$build/benchmarks/steps_ahead" experiments/smoke.toml
echo
for ranks in 2 4; do "$build/benchmarks/comm" --ranks "$ranks"; done
echo
$here/coded/coded.sh "$build/benchmarks/coded"
echo
$here/overlap/overlap.sh "$build/benchmarks/overlap"
echo
"$build/benchmarks/timeline"
many=$(mktemp -d)
"$build/benchmarks/fill_timeline" "$many" --spans 1e7
"$build/benchmarks/timeline_scale" "$many"
rm -r "$many"
"$build/benchmarks/frames"
$here/window/window.py "$build/bin" "$build/benchmarks/fill_window_history" "$ATHANOR_HOME/datasets"
echo
missed=0
$here/starter/starter.py "$build/bin" "$ATHANOR_HOME" || missed=1  # the rest is measured all the same
$here/layouts/layouts.py "$build/bin" "$ATHANOR_HOME" || missed=1
$here/checkpoint/checkpoint.py "$build/bin" "$ATHANOR_HOME" || missed=1
"$build/benchmarks/checkpoint" --folder "$ATHANOR_HOME"
echo
"$build/benchmarks/recovery" --program "$build/bin/athanor-run" --datasets "$ATHANOR_HOME/datasets"
"$build/benchmarks/hangs"
"$build/benchmarks/kill_torture" --kills 30 --window "$build/bin/athanor"
"$build/benchmarks/notice_latency"
"$build/benchmarks/queue"
"$build/benchmarks/scalar"
$here/scalar/peers.py "$build/benchmarks/scalar" --python "$peer"
"$build/benchmarks/history"
$here/history/peers.py "$build/benchmarks/history" --python "$peer"
"$build/benchmarks/query"
exit "$missed"
