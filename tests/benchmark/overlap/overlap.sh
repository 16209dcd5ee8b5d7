#!/usr/bin/env bash
# Prints how much of the exchange between replicas on hosts of their own is hidden behind the backward pass, over links
# of 1 Gbit/s: of the starter, of the same with four times the rows, which has more work for what it exchanges, and of one
# with fewer rows and wider layers, which has less.
#   overlap.sh PROGRAM
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../../.."
links=tests/support/net/slow_links.sh
prefix=athanor-overlap-$$

trap '"$links" down "$prefix"' EXIT
if ! "$links" up "$prefix" 2 1000 2>/dev/null; then
  echo "the overlap over a slow link was not measured: links of one's own need root and iproute2"
  exit 0
fi
recipe=experiments/starter_replicas.toml
"$1" "$recipe" --link "$prefix" --set train.threads=1
echo
"$1" "$recipe" --link "$prefix" --set train.threads=1 data.batch_size=512
echo
"$1" "$recipe" --link "$prefix" --set train.threads=1 data.batch_size=64 model.text_width=512 model.text_depth=2
