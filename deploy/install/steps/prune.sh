# shellcheck shell=sh disable=SC2154,SC2034
# The release that runs and the one before it stay, each with its Node.js; older ones go.

prune() {
  nodes_kept=" $node_version "
  others=0
  find "$prefix/releases" -mindepth 2 -maxdepth 2 -name .part -printf '%T@ %h\n' 2>/dev/null | sort -rn >"$work/releases"
  while read -r _ folder <&5; do
    case "${folder##*/}" in "$release_version" | *.openclaw-*) continue ;; esac
    others=$((others + 1))
    if [ "$others" -eq 1 ]; then
      nodes_kept="$nodes_kept$(node_of "$folder") "
      continue
    fi
    change "remove the release ${folder##*/}, as two newer ones are here" || continue
    put_aside "$folder"
  done 5<"$work/releases"
  for folder in "$prefix"/node/*; do
    case "$folder" in *.openclaw-*) continue ;; esac
    [ -f "$folder/.part" ] || continue
    case "$nodes_kept" in *" ${folder##*/} "*) continue ;; esac
    change "remove Node.js ${folder##*/}, as no release here runs on it" || continue
    put_aside "$folder"
  done
}

# put_aside FOLDER: beside its place, from where a failure brings it back and a success removes it.
put_aside() {
  rm -rf "$1.openclaw-old"
  record "back $1"
  mv -T "$1" "$1.openclaw-old"
}

# node_of FOLDER: the version of Node.js that a release links to.
node_of() { readlink "$1/bin" | sed -n 's|^\.\./\.\./node/\(.*\)/bin$|\1|p'; }
