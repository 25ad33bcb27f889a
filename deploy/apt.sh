#!/bin/sh
# Installs Debian packages that a test needs if their command is missing; who is not root is told what to type.
# Usage: deploy/apt.sh COMMAND PACKAGE...
set -eu
command -v "$1" >/dev/null && exit 0
shift
if [ "$(id -u)" -ne 0 ]; then
	echo "Missing packages. Type: sudo apt-get install -y --no-install-recommends $*" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@" >/dev/null
