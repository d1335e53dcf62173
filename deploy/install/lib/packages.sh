# shellcheck shell=sh disable=SC2154,SC2034
# Debian packages: installed when missing, and told apart from those that were there.

# Waits while something else holds apt's locks, as a machine's first update of itself does; not apt-get
# itself waits, as that could not be stopped.
apt() {
  waited=0
  until try_apt "$@" 2>"$work/apt-said"; do
    if [ "$waited" -ge 300 ] || ! grep -q "Could not get lock" "$work/apt-said"; then
      cat "$work/apt-said" >&2
      return 1
    fi
    [ "$waited" -gt 0 ] || say "  waiting for another program that installs packages (5 minutes at most) …"
    sleep 5
    waited=$((waited + 5))
  done
}

try_apt() {
  quiet env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l \
    apt-get -o DPkg::Lock::Timeout=0 -o Dpkg::Options::=--force-confold "$@"
}

package_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

installed_packages() { dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' | sed -n 's/ installed$//p' | sort; }

# need_packages NAME…: each with its dependencies is undone as one.
need_packages() {
  missing=
  for package in "$@"; do package_installed "$package" || missing="$missing $package"; done
  [ -n "$missing" ] || return 0
  change "install the Debian packages$missing" || return 0
  installed_packages >"$work/packages-before"
  cp "$work/packages-before" "$keeps/packages-before"
  record "packages packages-before"
  # shellcheck disable=SC2086 # a list of names
  { apt update && apt install -y --no-install-recommends $missing; } ||
    fail 1 "the packages$missing could not be installed" "apt-get update && apt-get install -y$missing"
  installed_packages | comm -13 "$work/packages-before" - >"$work/packages-new"
  list=packages-$(date +%s)-$$
  cp "$work/packages-new" "$keeps/$list"
  record "packages $list"
}

# Our packages are listed; before they were, the list of all others says which are ours.
listed_packages() {
  [ -f "$keeps/$1" ] || return 0
  if [ "$1" = packages-before ]; then installed_packages | comm -13 "$keeps/$1" -; else cat "$keeps/$1"; fi
}

# Only a purge takes packages away, and never one that something else has come to need or use.
undo_packages() {
  names=$(listed_packages "$2" | tr '\n' ' ')
  [ -n "${names% }" ] || return 0
  if [ "$1" = uninstall ]; then
    [ "$2" != packages-before ] || return 0
    if [ -z "$opt_purge" ]; then
      kept "packages $2"
      return 0
    fi
    if ! removable "$names"; then
      say "  kept, because other things here use them now: $names"
      return 0
    fi
  fi
  # shellcheck disable=SC2086 # a list of names
  apt purge -y $names
}

# removable NAMES: nothing else would go with them, and nginx serves nobody else.
removable() {
  # shellcheck disable=SC2086 # a list of names
  apt-get -s purge $1 2>/dev/null | sed -n 's/^Purg \([^ ]*\).*/\1/p' | sort >"$work/would-go"
  printf '%s\n' "$1" | tr ' ' '\n' | sed 's/:.*//' | grep . | sort >"$work/ours"
  [ -z "$(sed 's/:.*//' "$work/would-go" | sort | comm -23 - "$work/ours")" ] || return 1
  case " $1" in *" nginx"*) ! foreign_sites ;; esac
}

foreign_sites() {
  for site in /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*; do
    case "$site" in */\* | */sites-enabled/default | */conf.d/openclaw-gateway*) ;; *) return 0 ;; esac
  done
  return 1
}

describe_packages() {
  [ "$1" != packages-before ] || return 0
  names=$(listed_packages "$1" | tr '\n' ' ')
  if [ -z "$opt_purge" ]; then
    echo "keep the packages that came with it (--purge removes them): $names"
  else
    echo "remove the packages that came with it, unless something else uses them: $names"
  fi
}
