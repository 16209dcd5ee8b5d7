#!/usr/bin/env bash
# Shows how installer/fetch-starter-data behaves, with small real packages in its folder and a package tool that has no
# network, so nothing here depends on a mirror. Use: fetch_starter_data_test.sh SCRIPT
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
run() { "$script" "$@" >"$work/said" 2>&1; }

build_package() { # name, path of a file inside
  local tree=$work/tree-$1
  mkdir -p "$tree/DEBIAN" "$tree/$(dirname "$2")" "$tree/usr/share/doc/$1" "$tree/usr/share/unwanted"
  printf 'Package: %s\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: test\n' "$1" >"$tree/DEBIAN/control"
  echo "content of $1" >"$tree/$2"
  echo "licence of $1" >"$tree/usr/share/doc/$1/copyright"
  [ "$1" != unicode-cldr-core ] || { mkdir -p "$tree/usr/share/unicode/cldr/common/annotationsDerived"; echo x >"$tree/usr/share/unicode/cldr/common/annotationsDerived/en.xml"; }
  dpkg-deb -b "$tree" "$work/dest/packages/$1_1.0_all.deb" >/dev/null
}
mkdir -p "$work/dest/packages" "$work/bin"
build_package fonts-noto-color-emoji usr/share/fonts/truetype/noto/NotoColorEmoji.ttf
build_package unicode-data usr/share/unicode/emoji/emoji-test.txt
build_package unicode-cldr-core usr/share/unicode/cldr/common/annotations/en.xml
build_package ruby-gemojione usr/share/rubygems-integration/all/gems/gemojione-1/assets/svg/1F600.svg
build_package openshot-qt usr/lib/python3/dist-packages/openshot_qt/emojis/color/svg/1F600.svg
printf '#!/bin/sh\necho "E: Failed to fetch: no network in this test" >&2\nexit 100\n' >"$work/bin/apt-get"
printf '#!/bin/sh\nexit 0\n' >"$work/bin/apt-cache"
chmod +x "$work/bin/"*
PATH=$work/bin:$PATH
root=$work/dest/root

run "$work/dest"
check "unpacks packages that are already there" test $? -eq 0
check "takes the wanted parts" test -f "$root/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
check "takes the licences" test -f "$root/usr/share/doc/openshot-qt/copyright"
check "takes nothing else" test ! -e "$root/usr/share/unwanted"
check "notes five versions and digests" test "$(grep -cP '^[a-z-]+\t1\.0\t[0-9a-f]{64}$' "$root/packages.tsv")" -eq 5

before=$(stat -c %Y.%i "$root")
run "$work/dest"
check "the second time changes nothing" test "$before" = "$(stat -c %Y.%i "$root")"
check "and says so" says "already"

sed -i /openshot-qt/d "$root/packages.tsv"
echo garbage >"$work/dest/packages/openshot-qt_1.0_all.deb"
run "$work/dest"
check "a damaged package fails" test $? -eq 1
check "is named" says "openshot-qt_1.0_all.deb is damaged"
check "and removed" test ! -e "$work/dest/packages/openshot-qt_1.0_all.deb"
check "what was there before stays" test -f "$root/usr/share/unicode/emoji/emoji-test.txt"

run "$work/dest"
check "without a network it fails" test $? -eq 1
check "names the package" says "could not download openshot-qt"
check "passes the reason on" says "no network in this test"
check "leaves no temporary folder" test -z "$(find "$work/dest" -maxdepth 1 -name '.fresh-*')"

printf '#!/bin/sh\nexit 100\n' >"$work/bin/apt-cache"
run "$work/dest"
check "without package lists it says what to run" says "sudo apt-get update"

build_package openshot-qt usr/lib/python3/dist-packages/openshot_qt/emojis/color/svg/1F600.svg
run "$work/dest"
check "completes the rest when the package is there" test "$(wc -l <"$root/packages.tsv")" -eq 5
check "keeping the earlier parts" test -f "$root/usr/share/unicode/emoji/emoji-test.txt"

run
check "no argument is wrong use" test $? -eq 2
run /proc/nowhere
check "a folder that cannot be written is said" says "cannot write to /proc/nowhere"
exit $((failures > 0))
