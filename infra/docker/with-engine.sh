#!/usr/bin/env bash
# usage: with-engine.sh COMMAND...
# Runs COMMAND with a Docker engine: the one that answers, or else a private one that ends with it.
# The private one has its own socket, bridge and data, the latter in the user's cache folder. It leaves the machine's
# firewall as it was.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cutout/docker
bridge=cutout0
gateway=172.30.77.1/24

if timeout 20 docker version >/dev/null 2>&1; then
  exec "$@"
fi
if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
  echo "NO DOCKER ENGINE ANSWERS. Start Docker, then try again." >&2
  exit 1
fi
"$here/install-missing.sh" dockerd:docker.io docker:docker.io ip:iproute2 iptables:iptables \
  cgroupfs-mount:cgroupfs-mount
mountpoint -q /sys/fs/cgroup || cgroupfs-mount

mkdir -p "$cache/engine"
exec 9>"$cache/lock"
if ! flock --nonblock 9; then
  echo "Another run has the private Docker engine. Try again when it is done." >&2
  exit 1
fi
# A socket's path has about a hundred characters, and the cache folder may need more.
run=$(mktemp -d /tmp/cutout.XXXXXX)

stop() {
  if [ -s "$run/pid" ]; then
    pid=$(cat "$run/pid")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 100); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.2
    done
  fi
  ip link del "$bridge" 2>/dev/null || true
  iptables-restore <"$run/iptables"
  ip6tables-restore <"$run/ip6tables"
  # The engine leaves the mount of the host's network, which containers shared.
  umount "$run"/exec/netns/* 2>/dev/null || true
  rm -rf "$run"
}
iptables-save >"$run/iptables"
ip6tables-save >"$run/ip6tables"
trap stop EXIT

ip link del "$bridge" 2>/dev/null || true
ip link add "$bridge" type bridge
ip addr add "$gateway" dev "$bridge"
ip link set "$bridge" up
export DOCKER_HOST=unix://$run/docker.sock
setsid dockerd --host "$DOCKER_HOST" --data-root "$cache/engine" --exec-root "$run/exec" --pidfile "$run/pid" \
  --bridge "$bridge" >"$cache/engine.log" 2>&1 </dev/null 9>&- &
for _ in $(seq 150); do
  timeout 5 docker version >/dev/null 2>&1 && answers=yes && break
  sleep 0.2
done
if [ -z "${answers:-}" ]; then
  echo "THE DOCKER ENGINE DID NOT START. The end of $cache/engine.log:" >&2
  tail -20 "$cache/engine.log" >&2
  exit 1
fi

"$@" 9>&-
