#!/usr/bin/env bash
# Installs what the tests need, builds, runs every check and test, ends with `N passed, N failed`.
# Arguments choose suites: bash scripts/test.sh unit browser
# --long (or LONG=1): tests that repeat themselves do so a thousand times and more.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The programs that tests drive for real, by the Debian package that has them.
need_debian() {
  local missing=()
  command -v chromium >/dev/null 2>&1 || missing+=(chromium)
  command -v nginx >/dev/null 2>&1 || missing+=(nginx-light)
  command -v zsh >/dev/null 2>&1 || missing+=(zsh)
  command -v fish >/dev/null 2>&1 || missing+=(fish)
  command -v tmux >/dev/null 2>&1 || missing+=(tmux)
  command -v ssh >/dev/null 2>&1 || missing+=(openssh-client)
  [ -x /usr/sbin/sshd ] || missing+=(openssh-server)
  command -v shellcheck >/dev/null 2>&1 || missing+=(shellcheck)
  command -v debootstrap >/dev/null 2>&1 || missing+=(debootstrap)
  command -v systemd-nspawn >/dev/null 2>&1 || missing+=(systemd-container)
  command -v slirp4netns >/dev/null 2>&1 || missing+=(slirp4netns)
  command -v ip >/dev/null 2>&1 || missing+=(iproute2)
  command -v taskset >/dev/null 2>&1 || missing+=(util-linux)
  command -v webhook >/dev/null 2>&1 || missing+=(webhook)
  command -v msmtp >/dev/null 2>&1 || missing+=(msmtp)
  [ ${#missing[@]} -eq 0 ] && return 0
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    say "Missing: ${missing[*]}. Tests that need them fail or are skipped; as root on Debian they are installed."
    return 0
  fi
  say "Installing ${missing[*]} …"
  install_debian "${missing[@]}" ||
    fail "${missing[*]} could not be installed" "apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
}

# Installs packages without starting the services they bring: tests start their own. One run at a
# time: the file that keeps services from starting is one for the whole machine.
install_debian() {
  (
    flock 9
    install_debian_alone "$@"
  ) 9>"${TMPDIR:-/tmp}/openclaw-gateway-packages.lock"
}

install_debian_alone() {
  local policy=/usr/sbin/policy-rc.d ours=0 done=0
  export DEBIAN_FRONTEND=noninteractive
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && ours=1
  fi
  if run_quiet apt-get -o DPkg::Lock::Timeout=300 update &&
    run_quiet apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"; then
    done=1
  fi
  [ "$ours" -eq 0 ] || rm -f "$policy"
  [ "$done" -eq 1 ]
}

suites=()
for word in "$@"; do
  case "$word" in
    --long) export LONG=1 ;;
    *) suites+=("$word") ;;
  esac
done

need_node
need_debian
install_packages
suit_node
build
exec node "$root/scripts/test/run.mjs" ${suites[@]+"${suites[@]}"}
