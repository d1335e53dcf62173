# shellcheck shell=sh disable=SC2154,SC2034
# The gateway and its Node.js: fetched, verified, unpacked beside what is there.

release() {
  gateway_part=$(part_name gateway)
  node_part=$(part_name node)
  node_version=$(printf '%s' "$node_part" | sed 's/^node-\([0-9.]*\)-linux.*/\1/')
  put_folder "$prefix" 755 root:root
  put_folder "$prefix/node" 755 root:root
  put_folder "$prefix/releases" 755 root:root
  put_part "$node_part" "$prefix/node/$node_version"
  put_part "$gateway_part" "$prefix/releases/$release_version" finish_release
}

# part_name KIND: of the build that suits this machine.
part_name() { sed -n "s/^file $1 $arch $build [0-9a-f]* [0-9]* //p" "$manifest"; }
part_sha() { sed -n "s/^file [a-z]* $arch $build \([0-9a-f]*\) [0-9]* $1\$/\1/p" "$manifest"; }

# put_part NAME FOLDER [FINISH]: unpacks a part as FOLDER, which appears whole or not at all.
put_part() {
  part_is_there "$1" "$2" && return 0
  sha=$(part_sha "$1")
  change "fetch $1, verify it and unpack it as $2" || return 0
  fetch_shown "$1" "$work/$1"
  record "remove $2.openclaw-new"
  rm -rf "$2.openclaw-new"
  mkdir -m 755 "$2.openclaw-new"
  tar -xzf "$work/$1" -C "$2.openclaw-new" --no-same-owner --no-same-permissions
  rm -f "$work/$1"
  chmod -R u=rwX,go=rX "$2.openclaw-new"
  ${3:-:} "$2.openclaw-new"
  printf '%s\n' "$sha" >"$2.openclaw-new/.part"
  if [ -e "$2" ]; then
    put_aside "$2"
  else
    record "remove $2"
  fi
  mv -T "$2.openclaw-new" "$2"
}

# part_is_there NAME FOLDER: a Node.js of the same version is the same, whatever release brought it.
part_is_there() {
  [ -f "$2/.part" ] || return 1
  part_found=$(cat "$2/.part")
  [ "$part_found" != "$(part_sha "$1")" ] || return 0
  case "$1" in
    node-*) [ "$("$2/bin/node" --version 2>/dev/null)" = "v${2##*/}" ] ;;
    *) return 1 ;;
  esac
}

finish_release() {
  ln -s "../../node/$node_version/bin" "$1/bin"
}

# The release that `current` names is the one that runs.
switch() {
  put_link "$prefix/current" "releases/$release_version"
}
