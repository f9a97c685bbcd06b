#!/usr/bin/env bash
# usage: base-image.sh IMAGE
# Makes a base image available and prints its name: IMAGE itself, or where no registry has it, Debian bookworm's own
# Python 3.11, which is the same distribution and takes the same wheels. Its archive is kept in the user's cache folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
image=$1
substitute=cutout-base:bookworm
limit() {
  if command -v timeout >/dev/null; then timeout "$@"; else shift && "$@"; fi
}
archive=${XDG_CACHE_HOME:-$HOME/.cache}/cutout/docker/bookworm.tar

if docker image inspect "$image" >/dev/null 2>&1 || limit 300 docker pull --quiet "$image" >/dev/null; then
  echo "$image"
  exit 0
fi
echo "No registry has $image for this machine: taking Debian's own Python 3.11." >&2

if ! docker image inspect "$substitute" >/dev/null 2>&1; then
  if [ ! -s "$archive" ]; then
    "$here/install-missing.sh" mmdebstrap:mmdebstrap
    mkdir -p "$(dirname "$archive")"
    sources=()
    # A machine with the same distribution knows where its packages are.
    grep -q bookworm /etc/apt/sources.list.d/debian.sources 2>/dev/null && sources=(/etc/apt/sources.list.d/debian.sources)
    timeout 500 mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,ca-certificates \
      bookworm "$archive.part.tar" "${sources[@]}" >&2
    mv "$archive.part.tar" "$archive"
  fi
  docker import "$archive" "$substitute" >/dev/null
fi
echo "$substitute"
