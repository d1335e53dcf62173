#!/bin/sh
# Prints a unit for one version of systemd: directives that it does not know yet are left out.
#
#   sh render-unit.sh 252 openclaw-gateway.service >/etc/systemd/system/openclaw-gateway.service
#
# A line "#@ 254" means that the directive below it came with systemd 254; other lines that begin with
# "#@" are notes for readers of the template.
set -eu

oldest=244
version=${1-}
unit=${2-}

case $version in
  '' | *[!0-9]*) version= ;;
esac
if [ -z "$version" ] || [ ! -r "$unit" ]; then
  echo "usage: sh render-unit.sh <systemd version, such as 252> <unit file>" >&2
  exit 2
fi
if [ "$version" -lt "$oldest" ]; then
  echo "systemd $version is too old: the unit needs $oldest or newer" >&2
  exit 1
fi

awk -v version="$version" '
  /^#@ [0-9]+$/ { needed = $2; next }
  /^#@/ { next }
  { if (needed <= version + 0) print; needed = 0 }
' "$unit"
