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
  sha=$(part_sha "$1")
  [ "$(cat "$2/.part" 2>/dev/null)" = "$sha" ] && return 0
  change "fetch $1, verify it and unpack it as $2" || return 0
  fetch_part "$1" "$work/$1"
  record "remove $2.openclaw-new"
  rm -rf "$2.openclaw-new"
  mkdir -m 755 "$2.openclaw-new"
  tar -xzf "$work/$1" -C "$2.openclaw-new" --no-same-owner --no-same-permissions
  rm -f "$work/$1"
  chmod -R u=rwX,go=rX "$2.openclaw-new"
  ${3:-:} "$2.openclaw-new"
  printf '%s\n' "$sha" >"$2.openclaw-new/.part"
  save "$2"
  rm -rf "$2"
  mv -T "$2.openclaw-new" "$2"
}

finish_release() {
  ln -s "../../node/$node_version/bin" "$1/bin"
}

# The release that `current` names is the one that runs.
switch() {
  put_link "$prefix/current" "releases/$release_version"
}
