#!/usr/bin/env bash
# Builds the kernels and their cases on a machine that has only cmake, ninja, nvcc and a C++ compiler, runs every op case
# on its GPU, times the kernels and prints both tables. Where libfmt is installed it also runs recorded training steps and,
# with NCCL, what is sent from GPU to GPU; where compute-sanitizer is there, some cases and these steps once more under its memory check. Where this machine has no
# GPU it builds and says so (status 77).
#
#   tests/gpu/run.sh [--build DIR] [--architectures LIST] [--filter PATTERNS] [--no-bench] [--no-sanitizer]
#
# LIST defaults to that of the GPU here, else to 80;90. With OUT set, the tables are also written there.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
build=$root/build/gpu architectures= bench=yes sanitizer=yes
filter='*EveryCandidateMatchesTheReference:*InTheOutput:Matmul.*:Attention.*:NarrowOnDevice.*:Quantize.OddSizes*:StepValues.*'
checked='StepValues.*:*EveryCandidateMatchesTheReference'
while [[ $# -gt 0 ]]; do
  case $1 in
    --build) build=$2; shift 2 ;;
    --architectures) architectures=$2; shift 2 ;;
    --filter) filter=$2; shift 2 ;;
    --no-bench) bench=no; shift ;;
    --no-sanitizer) sanitizer=no; shift ;;
    *) echo "tests/gpu/run.sh: unknown option $1" >&2; exit 2 ;;
  esac
done

export PATH=$PATH:/usr/local/cuda/bin
for tool in cmake nvcc; do
  command -v "$tool" >/dev/null || { echo "tests/gpu/run.sh: $tool was not found" >&2; exit 3; }
done
if [[ -z $architectures ]]; then
  architectures=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n1 | tr -d '. ' || true)
  [[ $architectures =~ ^[0-9]+$ ]] || architectures="80;90"
fi
generator=()
command -v ninja >/dev/null && generator=(-G Ninja)

mkdir -p "$build"
cmake -S "$root" -B "$build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release -DATH_KERNELS_ONLY=ON -DATH_CUDA=ON \
      -DATH_CUDA_ARCHITECTURES="$architectures" >"$build.log" 2>&1 \
  || { cat "$build.log" >&2; exit 1; }
rm -f "$build.log"
programs=(gpu_cases gpu_bench)
engine=no
targets=$(cmake --build "$build" --target help)
if grep -q gpu_engine <<<"$targets"; then engine=yes programs+=(gpu_engine); fi
links=no
if grep -q gpu_links <<<"$targets"; then links=yes programs+=(gpu_links); fi
cmake --build "$build" --target "${programs[@]}" -j "$(nproc)"

report=$build/report.txt
{
  echo "== Every op case on the device ($(date -u +%F), nvcc $(nvcc --version | sed -n 's/.*release \([0-9.]*\).*/\1/p'), architectures $architectures)"
  status=0
  "$build/bin/gpu_cases" --gtest_filter="$filter" || status=$?
  echo "== Recorded training steps"
  if [[ $engine == no ]]; then
    echo "left out: the engine needs libfmt, which is not installed here"
  elif [[ $status -eq 0 ]]; then
    "$build/bin/gpu_engine" || status=$?
  fi
  echo "== NCCL"
  if [[ $links == no ]]; then
    echo "left out: it needs NCCL with its header, and libfmt"
  elif [[ $status -eq 0 ]]; then
    "$build/bin/gpu_links" || status=$?
  fi
  echo "== Memory check"
  if [[ $sanitizer == no ]]; then
    echo "left out, as asked"
  elif ! command -v compute-sanitizer >/dev/null; then
    echo "left out: compute-sanitizer, which comes with the CUDA toolkit, is not installed here"
  elif [[ $status -eq 0 ]]; then
    memcheck=(compute-sanitizer --tool memcheck --error-exitcode 1)
    "${memcheck[@]}" "$build/bin/gpu_cases" --gtest_filter="$checked" || status=$?
    if [[ $engine == yes && $status -eq 0 ]]; then "${memcheck[@]}" "$build/bin/gpu_engine" || status=$?; fi
  fi
  if [[ $bench == yes && $status -eq 0 ]]; then
    echo "== Time per call"
    "$build/bin/gpu_bench" || status=$?
  fi
  echo "$status" >"$build/status"
} 2>&1 | tee "$report"
[[ -n ${OUT:-} ]] && cp "$report" "$OUT/"
exit "$(cat "$build/status")"
