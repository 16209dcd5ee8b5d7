#!/usr/bin/env bash
# Hosts on one machine, as network namespaces, each with a link of its own to a switch. Needs root and iproute2.
#   slow_links.sh up PREFIX HOSTS MEGABITS   makes PREFIX-1 … PREFIX-HOSTS: interface eth0, address 10.78.0.<10 + number>,
#                                            that many Mbit/s out and as many in
#   slow_links.sh down PREFIX                takes away what `up` has made
# Nothing is added to the caller's own namespace: what a host sends can reach the other hosts and nothing else.
set -euo pipefail

# Just above the largest packet that the kernel hands down, so that it need not be cut: that costs more than to carry it.
burst=128kb

up() {
  local prefix=$1 hosts=$2 rate=$3 switch=$1-switch host
  ip netns add "$switch"
  ip -n "$switch" link add bridge type bridge
  ip -n "$switch" link set bridge up
  for host in $(seq "$hosts"); do
    ip netns add "$prefix-$host"
    ip -n "$switch" link add "port$host" type veth peer name eth0 netns "$prefix-$host"
    ip -n "$switch" link set "port$host" master bridge up
    ip -n "$prefix-$host" address add "10.78.0.$((10 + host))/24" dev eth0
    ip -n "$prefix-$host" link set lo up
    ip -n "$prefix-$host" link set eth0 up
    tc -n "$prefix-$host" qdisc replace dev eth0 root tbf rate "${rate}mbit" burst "$burst" latency 50ms
    tc -n "$switch" qdisc replace dev "port$host" root tbf rate "${rate}mbit" burst "$burst" latency 50ms
  done
}

down() {
  local namespace
  for namespace in $(ip netns list | awk '{print $1}' | grep -E "^$1-(switch|[0-9]+)$"); do
    ip netns delete "$namespace"
  done
}

case "${1:-} $#" in
  "up 4") up "$2" "$3" "$4" ;;
  "down 2") down "$2" ;;
  *) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
