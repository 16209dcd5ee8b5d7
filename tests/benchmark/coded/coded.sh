#!/usr/bin/env bash
# Prints error, bytes and time of coded sums over ranks; the last between hosts with links of 1 Gbit/s, where the cores
# that all hosts here share are busy too, and of 250 Mbit/s, where the links alone set the pace.
#   coded.sh PROGRAM
set -euo pipefail
links=$(dirname "$(readlink -f "$0")")/../../support/net/slow_links.sh
prefix=athanor-coded-$$

"$1"
echo
trap '"$links" down "$prefix"' EXIT
for setup in "2 1000" "4 1000" "2 250" "4 250"; do
  read -r ranks megabits <<< "$setup"
  if ! "$links" up "$prefix" "$ranks" "$megabits" 2>/dev/null; then
    echo "the step over a slow link was not measured: links of one's own need root and iproute2"
    exit 0
  fi
  "$1" --link "$prefix" --ranks "$ranks" --megabits "$megabits"
  "$links" down "$prefix"
done
