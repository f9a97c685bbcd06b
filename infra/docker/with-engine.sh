#!/usr/bin/env bash
# usage: with-engine.sh COMMAND...
# Runs COMMAND with a Docker engine: the one that answers, or else a private one that ends with it.
# The private one has its own socket, bridge and data, the latter in the user's cache folder, and leaves the machine's
# firewall alone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
bridge=cutout0
gateway=172.30.77.1/24

# Not every system has timeout(1).
limit() {
  if command -v timeout >/dev/null; then timeout "$@"; else shift && "$@"; fi
}

if refusal=$(limit 20 docker version 2>&1); then
  exec "$@"
fi
if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
  printf 'NO DOCKER ENGINE ANSWERS. Start Docker, then try again. It said:\n%s\n' "$refusal" >&2
  exit 1
fi
"$here/install-missing.sh" dockerd:docker.io docker:docker.io ip:iproute2 cgroupfs-mount:cgroupfs-mount
mountpoint -q /sys/fs/cgroup || cgroupfs-mount

cache=${XDG_CACHE_HOME:-$HOME/.cache}/cutout/docker
mkdir -p "$cache/engine"
exec 9>"$cache/lock"
if ! flock --nonblock 9; then
  echo "Another run has the private Docker engine. Try again when it is done." >&2
  exit 1
fi
# A socket's path has about a hundred characters, and the cache folder may need more.
run=$(mktemp -d /tmp/cutout.XXXXXX)
command_pid= engine_pid=

# Ends a process and waits for it: politely, and after 40 s not.
end() {
  [ -n "$1" ] && kill "$1" 2>/dev/null || return
  for _ in $(seq 200); do
    kill -0 "$1" 2>/dev/null || return
    sleep 0.2
  done
  kill -KILL "$1" 2>/dev/null
}
stop() {
  set +e
  end "$command_pid"
  end "$engine_pid"
  ip link del "$bridge" 2>/dev/null
  # The engine leaves the mount of the host's network, which containers shared.
  umount "$run"/exec/netns/* 2>/dev/null
  rm -rf "$run"
}
trap stop EXIT
trap 'exit 143' TERM HUP
trap 'exit 130' INT

ip link del "$bridge" 2>/dev/null || true
ip link add "$bridge" type bridge
ip addr add "$gateway" dev "$bridge"
ip link set "$bridge" up
export DOCKER_HOST=unix://$run/docker.sock
# Containers reach one another over their bridge, and this machine by the engine's proxy: no rule is needed.
setsid dockerd --host "$DOCKER_HOST" --data-root "$cache/engine" --exec-root "$run/exec" --pidfile "$run/pid" \
  --bridge "$bridge" --iptables=false --ip6tables=false >"$cache/engine.log" 2>&1 </dev/null 9>&- &
engine_pid=$!
for _ in $(seq 150); do
  limit 5 docker version >/dev/null 2>&1 && answers=yes && break
  sleep 0.2
done
if [ -z "${answers:-}" ]; then
  echo "THE DOCKER ENGINE DID NOT START. The end of $cache/engine.log:" >&2
  tail -20 "$cache/engine.log" >&2
  exit 1
fi

"$@" 9>&- &
command_pid=$!
status=0
wait "$command_pid" || status=$?
command_pid=
exit "$status"
