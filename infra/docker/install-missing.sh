#!/usr/bin/env bash
# usage: install-missing.sh COMMAND:PACKAGE...
# Installs each Debian PACKAGE whose COMMAND is not there.
set -euo pipefail

packages=()
for pair in "$@"; do
  command -v "${pair%%:*}" >/dev/null || packages+=("${pair#*:}")
done
[ ${#packages[@]} -eq 0 ] && exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "Not installed, and only root on Debian can have it done: ${packages[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
timeout 300 apt-get update -qq >&2
timeout 600 apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
