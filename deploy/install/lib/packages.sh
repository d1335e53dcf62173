# shellcheck shell=sh disable=SC2154,SC2034
# Debian packages: installed when missing, and told apart from those that were there.

letsencrypt=/etc/letsencrypt
nginx_folder=/etc/nginx
# What dpkg has begun and not ended.
dpkg_updates=/var/lib/dpkg/updates

apt() { when_free try_apt "$@"; }

# when_free COMMAND…: waits while something else holds apt's or dpkg's locks, as a machine's first update of
# itself does; not apt-get itself waits, as that could not be stopped.
when_free() {
  waited=0
  until "$@" 2>"$work/apt-said"; do
    if [ "$waited" -ge 300 ] || ! grep -qE "Could not get lock|lock was locked by " "$work/apt-said"; then
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

# package_there NAME: also where its installation was cut off half-way, or its script failed.
package_there() {
  case "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" in
    '' | not-installed | config-files) return 1 ;;
  esac
}

# named_in FILE NAME: whether a list of packages has it, for whatever kind of processor.
named_in() {
  awk -F: -v name="$2" '$1 == name { found = 1 } END { exit !found }' "$1" 2>/dev/null
}

# need_packages NAME…: each with its dependencies is undone as one.
need_packages() {
  missing=
  for package in "$@"; do package_installed "$package" || missing="$missing $package"; done
  [ -n "$missing" ] || return 0
  change "install the Debian packages$missing" || return 0
  # A repository that is dead keeps nobody from what the others have.
  apt update || say "  the lists of packages could not be renewed; going on with what is known of them"
  what_apt_would_do || apt_failed
  save_what_apt_writes
  list=packages-$(date +%s)-$$
  cp "$work/packages-new" "$keeps/$list"
  cp "$work/packages-older" "$keeps/$list.older"
  record "packages $list"
  # shellcheck disable=SC2086 # a list of names
  apt install -y --no-install-recommends $missing || apt_failed
}

apt_failed() { fail 1 "the packages$missing could not be installed" "apt-get update && apt-get install -y$missing"; }

# what_apt_would_do: which packages are new, and whether any would go. Their files are fetched.
what_apt_would_do() {
  # shellcheck disable=SC2086 # a list of names
  apt-get -s install --no-install-recommends $missing >"$work/apt-plan" 2>>"$log_file" || return 1
  gone=$(sed -n 's/^Remv \([^ ]*\).*/\1/p' "$work/apt-plan" | tr '\n' ' ')
  [ -z "$gone" ] || fail 1 "to install$missing, apt would remove $gone" "install$missing yourself, or add --no-nginx"
  sed -n 's/^Inst \([^ ]*\) .*/\1/p' "$work/apt-plan" | sort |
    while read -r package; do package_installed "$package" || echo "$package"; done >"$work/packages-new"
  # shellcheck disable=SC2086 # a list of names
  apt install -y --no-install-recommends --download-only $missing
}

# deb_files: NAME and FILE of each new package, as apt fetched it.
deb_files() {
  mkdir -p "$work/no-archives/partial"
  # shellcheck disable=SC2086 # a list of names
  apt-get -qq -o Dir::Cache::archives="$work/no-archives" install -y --no-install-recommends --print-uris $missing |
    sed -n "s/^'\([^']*\)' \([^ ]*\) .*/\1 \2/p" |
    while read -r uri name; do
      case "$uri" in file:*) file=${uri#file:} ;; *) file=/var/cache/apt/archives/$name ;; esac
      package=${name%%_*}
      named_in "$work/packages-new" "$package" || continue
      [ -f "$file" ] || fail 1 "$file was not found, so what $package would write over cannot be saved" "apt-get install -y$missing (then run this again)"
      echo "$package $file"
    done
}

# save_what_apt_writes: files in the way come back when the packages go. A package that was here before
# (its configuration still is), or whose folders are older than it, is only removed then, never purged:
# a purge would take what is in them.
save_what_apt_writes() {
  : >"$work/packages-older"
  deb_files >"$work/debs" || exit
  while read -r package file <&3; do
    older=
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != config-files ] || ours_before "$package" || older=1
    dpkg-deb --fsys-tarfile "$file" | tar -tf - | sed 's|^\.||' >"$work/deb-paths"
    dpkg-query -W -f '${Conffiles}\n' "$package" 2>/dev/null | sed -n 's/^ \(\/[^ ]*\) .*/\1/p' >>"$work/deb-paths"
    while IFS= read -r path <&5; do
      case "$path" in
        *[[:space:]]*) ;;
        */) older_folder "${path%/}" && older=1 ;;
        *) ! in_the_way "$path" "$older" || save_overwritten "$path" "$package" ;;
      esac
    done 5<"$work/deb-paths"
    [ -z "$older" ] || echo "$package" >>"$work/packages-older"
  done 3<"$work/debs"
}

# ours_before NAME: whether a run of ours brought it, and left it for the certificate's sake.
ours_before() {
  for list_before in "$keeps"/packages-*; do
    case "$list_before" in *.older) continue ;; esac
    ! named_in "$list_before" "$1" || return 0
  done
  return 1
}

# in_the_way PATH OLDER: whether something is there that no package has, or an older package of that name.
in_the_way() {
  [ -e "$1" ] || [ -L "$1" ] || return 1
  [ -n "$2" ] || ! dpkg -S "$1" >/dev/null 2>&1
}

save_overwritten() {
  saved=$(mktemp "$keeps/backup/XXXXXXXX")
  rm -f "$saved"
  cp -a "$1" "$saved"
  record "overwritten $1 ${saved##*/},$2"
}

# older_folder PATH: a folder with settings or data that is there and that no package has.
older_folder() {
  case "$1" in /etc/* | /var/*) ;; *) return 1 ;; esac
  [ -d "$1" ] && ! dpkg -S "$1" >/dev/null 2>&1 && [ -n "$(ls -A "$1")" ]
}

# Installations of older versions listed the packages of others.
listed_packages() {
  [ -f "$keeps/$1" ] && [ "$1" != packages-before ] || return 0
  while read -r package; do
    if package_there "$package"; then
      echo "$package"
    elif [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = config-files ]; then
      grep -qsxF "${package%%:*}" "$keeps/$1.older" || echo "$package"
    fi
  done <"$keeps/$1"
}

# Only a purge takes packages away, and never one that something else has come to need or use.
undo_packages() {
  { [ "$1" = uninstall ] && [ -z "$opt_purge" ]; } || end_dpkg
  names=$(listed_packages "$2" | tr '\n' ' ')
  [ -n "${names% }" ] || return 0
  if [ "$1" = uninstall ] && [ -z "$opt_purge" ]; then
    kept "packages $2"
    return 0
  fi
  if ! removable "$names" || { [ "$1" = uninstall ] && used_by_others "$names" "$2"; } || renews_for_others "$names"; then
    say "  kept, because other things here use them now: $names"
    left_packages="${left_packages:-}$names"
    return 0
  fi
  older=$(for name in $names; do ! holds_older "$name" "$2" || echo "$name"; done | tr '\n' ' ')
  newer=$(for name in $names; do holds_older "$name" "$2" || echo "$name"; done | tr '\n' ' ')
  # shellcheck disable=SC2086 # lists of names
  { [ -z "$older" ] || apt remove -y $older; } && { [ -z "$newer" ] || apt purge -y $newer; } || return 1
  # What a purge can still take is left for one.
  [ -z "$left_certificate" ] || [ -z "$(listed_packages "$2")" ] || kept "packages $2"
}

# end_dpkg: a machine that was cut off in the middle of dpkg's work lets apt do nothing before it is ended. A
# package whose script fails stays half configured, which keeps nobody from purging it. dpkg may also have
# outlived the installer, and is waited for.
end_dpkg() {
  [ -n "$(ls "$dpkg_updates" 2>/dev/null)" ] || return 0
  when_free quiet env DEBIAN_FRONTEND=noninteractive dpkg --force-confold --configure -a || :
}

# holds_older NAME LIST: whether a purge would take what the package did not bring.
holds_older() {
  ! grep -qxF "${1%%:*}" "$keeps/$2.older" 2>/dev/null || return 0
  case "$1" in
    nginx-common) others_in "$nginx_folder" "$1" || changed_conffiles "$1" ;;
    certbot) [ -n "$(find "$letsencrypt/renewal" -name '*.conf' 2>/dev/null)" ] ;;
    *) return 1 ;;
  esac
}

# others_in FOLDER PACKAGE: whether it has files that neither the package nor we put there.
others_in() {
  find "$1" ! -type d ! -name '*openclaw-gateway*' ! -path '*/openclaw-gateway/*' | sort >"$work/found"
  { dpkg -L "$2"; echo "$debian_default"; } | sort | comm -23 "$work/found" - | grep -q .
}

# changed_conffiles PACKAGE: whether one of its settings is not as it was shipped.
changed_conffiles() { dpkg -V "$1" 2>/dev/null | grep -q '^..5'; }

# removable NAMES: nothing else would go with them.
removable() {
  # shellcheck disable=SC2086 # a list of names
  apt-get -s purge $1 2>/dev/null | sed -n 's/^Purg \([^ ]*\).*/\1/p' | sort >"$work/would-go"
  printf '%s\n' "$1" | tr ' ' '\n' | sed 's/:.*//' | grep . | sort >"$work/ours"
  [ -z "$(sed 's/:.*//' "$work/would-go" | sort | comm -23 - "$work/ours")" ]
}

# used_by_others NAMES LIST: nginx serves others too, or certbot renews for them.
used_by_others() {
  case " $1" in *" certbot "*) ! foreign_certificates || return 0 ;; esac
  case " $1" in *" nginx"*) foreign_sites "$2" ;; *) return 1 ;; esac
}

# renews_for_others NAMES: where certificates of others were left a moment ago, also after a failure: an
# installation that was cut off may be undone weeks later.
renews_for_others() {
  [ -n "${left_for_others:-}" ] || return 1
  case " $1" in *" certbot "*) return 0 ;; *) return 1 ;; esac
}

foreign_certificates() {
  for renewal in "$letsencrypt"/renewal/*.conf; do
    [ -e "$renewal" ] || return 1
    ! grep -qsxF "certificate $(basename "$renewal" .conf)" "$journal" "$work/kept" || continue
    return 0
  done
  return 1
}

# foreign_sites LIST: whether others have set something in nginx since, or have a site in it. What they had
# set before the gateway came outlives the package.
foreign_sites() {
  [ ! -e "$nginx_conf" ] || untouched_conf || grep -qsxF nginx-common "$keeps/$1.older" || return 0
  serves_others
}

# serves_others: whether nginx has sites of others, wherever they lie.
serves_others() {
  [ ! -e "$debian_default" ] || untouched_default || return 0
  for site in "$nginx_folder"/sites-enabled/* "$nginx_folder"/conf.d/*; do
    case "$site" in */\* | "$debian_default" | */conf.d/openclaw-gateway*) ;; *) return 0 ;; esac
  done
  read_nginx
  cut -f 5 "$listens" | sort -u >"$work/serving"
  while IFS= read -r site; do
    [ "$site" = "$debian_default" ] || return 0
  done <"$work/serving"
  return 1
}

describe_packages() {
  [ "$1" != packages-before ] || return 0
  names=$(listed_packages "$1" | tr '\n' ' ')
  [ -n "${names% }" ] || return 0
  if [ -z "$opt_purge" ]; then
    echo "keep the packages that came with it (--purge removes them): $names"
  else
    echo "remove the packages that came with it, unless something else uses them: $names"
  fi
}
