# shellcheck shell=sh disable=SC2154,SC2034
# What we wrote, so that a file of ours that somebody changed since is told from one that nobody did.

written=$keeps/written
set_aside=/var/backups/openclaw-gateway

sum_of() {
  # No sum at all where Ctrl-C ends it.
  sum_and_name=$(sha256sum <"$1") && printf '%s\n' "${sum_and_name%% *}"
}

# wrote PATH [SOURCE]: every version that we ever wrote is one of ours. With SOURCE it is still to be written:
# noted before it is in its place, it is never taken for somebody else's.
wrote() {
  sum=$(sum_of "${2:-$1}")
  printf '%s %s\n' "$sum" "$1" >>"$written"
}

changed_since() {
  [ -f "$1" ] && [ ! -L "$1" ] && grep -qs "^[0-9a-f]* $1\$" "$written" || return 1
  ! grep -qxF "$(sum_of "$1") $1" "$written"
}

# keep_changed PATH: a copy stays for whoever changed it, also when everything else of ours goes. Fails where
# none could be made: then the file must stay.
keep_changed() {
  changed_since "$1" || return 0
  [ -d "$set_aside" ] || install -d -m 0700 "$set_aside" || return 1
  for aside in "$set_aside/${1##*/}".*; do
    ! cmp -s "$1" "$aside" || return 0
  done
  aside=$set_aside/${1##*/}.$(date -u +%Y%m%dT%H%M%S.%NZ)
  cp -p "$1" "$aside" || {
    rm -f "$aside"
    return 1
  }
  say "  somebody changed $1; that version is kept as $aside"
}
