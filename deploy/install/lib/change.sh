# shellcheck shell=sh disable=SC2154,SC2034
# The only ways in which a step changes the machine. Each looks first whether there is anything to do;
# with --dry-run it then says what it would do, else it notes how to undo it and does it. So the plan
# and the installation cannot differ.

# change WORDS: says and counts a change; fails where it is only planned.
change() {
  printf '%s\n' "$1" >>"$changes"
  if [ -n "$dry" ]; then
    [ -n "$silent" ] || say "  would $1"
    return 1
  fi
  note "  $1"
}

# parents PATH: the folders that a file of ours needs; they go again with it where they are empty.
parents() {
  above=$(dirname "$1")
  [ ! -d "$above" ] || return 0
  (parents "$above")
  record "folder $above"
  as_owner_of "$(dirname "$above")" mkdir -m 755 "$above"
}

has_facts() { [ "$(stat -c '%a %U:%G' "$1" 2>/dev/null)" = "$2 $3" ]; }

# put_file SOURCE PATH MODE USER:GROUP [VERB]: VERB undoes it where the file is new ("remove"). It is made
# beside its place; where that is cut off, by Ctrl-C or a full disk, drop_beside removes what is there.
put_file() {
  [ -f "$2" ] && [ ! -L "$2" ] && cmp -s "$1" "$2" && has_facts "$2" "$3" "$4" && return 0
  whose=
  ! changed_since "$2" || whose=", which somebody changed since (that version is kept)"
  change "write $2 (mode $3, $4)$whose" || return 0
  keep_changed "$2"
  parents "$2"
  save "$2" "${5:-remove}"
  [ "${5:-}" = data ] || wrote "$2" "$1"
  # shellcheck disable=SC2016 # the other shell expands it
  as_owner_of "$(dirname "$2")" sh -c '
    set -e
    umask 077
    rm -f "$1.openclaw-new"
    cat >"$1.openclaw-new"
    [ "$(id -u)" -ne 0 ] || chown "$3" "$1.openclaw-new"
    chmod "$2" "$1.openclaw-new"
    mv -fT "$1.openclaw-new" "$1"
  ' sh "$2" "$3" "$4" <"$1"
}

# as_owner_of FOLDER COMMAND…: whoever owns a folder can put a link in it at any moment, and root would
# follow it; in a folder that is not root's, its owner's own rights are enough.
as_owner_of() {
  folder_owner=$(stat -c '%u:%g' "$1")
  shift
  if [ "${folder_owner%:*}" = "$(id -u)" ]; then
    "$@"
  else
    setpriv --reuid "${folder_owner%:*}" --regid "${folder_owner#*:}" --clear-groups "$@"
  fi
}

# put_folder PATH MODE USER:GROUP
put_folder() {
  if [ ! -d "$1" ]; then
    change "make the folder $1 (mode $2, $3)" || return 0
    record "${4:-folder} $1"
    mkdir "$1"
  else
    has_facts "$1" "$2" "$3" && return 0
    change "give $1 mode $2 and owner $3" || return 0
    record "mode $1 $(stat -c '%a,%U:%G' "$1")"
  fi
  chown "$3" "$1"
  chmod "$2" "$1"
}

# put_data_folder PATH MODE USER:GROUP: what is in it is the owner's; only a purge removes it.
put_data_folder() { put_folder "$1" "$2" "$3" data; }

# put_inside FOLDER NAME MODE USER:GROUP: a folder in one that is not root's. The owner of that one can put
# a link there at any moment, and mkdir, chown and chmod of root would act on what it leads to. So it is
# made where only root can write, and renamed into place, which follows no link.
put_inside() {
  inside=$1.openclaw-new
  record "remove $inside"
  rm -rf "$inside"
  mkdir -m 700 "$inside" "$inside/$2"
  chown "$4" "$inside/$2"
  chmod "$3" "$inside/$2"
  rm -rf "${1:?}/$2"
  mv -T "$inside/$2" "$1/$2"
  rmdir "$inside"
}

# put_link PATH TARGET
put_link() {
  [ "$(readlink "$1" 2>/dev/null)" = "$2" ] && return 0
  change "link $1 to $2" || return 0
  save "$1"
  ln -sfn "$2" "$1.openclaw-new"
  mv -fT "$1.openclaw-new" "$1"
}

# drop_file PATH: what is undone brings it back.
drop_file() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  change "take $1 away" || return 0
  take_away "$1"
}

# take_away PATH: comes back where nobody put something else in its place.
take_away() {
  save "$1" "" bring-back
  rm -f "$1"
}
