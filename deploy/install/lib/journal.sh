# shellcheck shell=sh disable=SC2154,SC2034
# What was changed, so that it can be undone: in reverse on a failure, and all of it by --uninstall.
# A line is written before its change is made. Words carry no spaces.

keeps=/var/lib/openclaw-gateway-installer
journal=$keeps/journal

open_journal() {
  install -d -m 0700 "$keeps" "$keeps/backup"
  [ -f "$journal" ] || : >"$journal"
}

record() {
  printf '%s\n' "$*" >>"$journal"
  sync "$journal" 2>/dev/null || sync
}

commit_journal() { record "done $1 $(date -u +%Y-%m-%dT%H:%M:%SZ)"; }

# save PATH [VERB [BACK]]: as it is now it comes back when what follows is undone, by BACK ("restore");
# what is not there yet is undone by VERB ("remove").
save() {
  if [ -e "$1" ] || [ -L "$1" ]; then
    back=${3:-restore}
    [ "${2:-}" != data ] || back=reset
    saved=$(mktemp "$keeps/backup/XXXXXXXX")
    rm -f "$saved"
    cp -a "$1" "$saved" || {
      rm -rf "$saved"
      return 1
    }
    record "$back $1 ${saved##*/}"
  else
    record "${2:-remove} $1"
  fi
}

# unfinished: whether a run before this one was cut off in the middle.
unfinished() {
  [ -s "$journal" ] || return 1
  case "$(tail -n 1 "$journal")" in done\ *) return 1 ;; esac
}

# undo_unfinished: undoes what follows the last run that was finished.
undo_unfinished() {
  undo_lines after-done >"$work/undo"
  : >"$work/kept"
  left_certificate=
  undone=0
  undo_all "$work/undo" failure || undone=1
  # What could not be undone, and what a failure leaves, waits for an uninstall; what a stop left, for the
  # next run.
  [ "$stops" -ne 0 ] || ! unfinished || record "done undone $(date -u +%Y-%m-%dT%H:%M:%SZ)"
  if [ -s "$journal" ]; then drop_copies; else rm -rf "$keeps"; fi
  return "$undone"
}

# drop_copies: those that no line of the journal names, as a run was cut off before or after that line.
drop_copies() {
  for copy in "$keeps"/backup/*; do
    grep -qE " ${copy##*/}(,|\$)" "$journal" || rm -rf "$copy"
  done
}

# undo_lines after-done|all: lines of the journal, last first.
undo_lines() {
  awk -v what="$1" '
    /^done /{ if (what == "after-done") n = 0; next }
    { line[++n] = $0 }
    END { for (i = n; i > 0; i--) print line[i] }' "$journal"
}

# undo_all FILE failure|uninstall: goes on past what cannot be undone, and says so. What is undone is
# taken off the journal at once, so that the next try starts where this one ended. On a full disk that may
# fail: undoing twice does no harm, losing the journal would.
undo_all() {
  undo_failed=
  while read -r verb first second <&3; do
    [ "$stops" -eq 0 ] || break
    keeping=
    if ! undo_one "$2" "$verb" "$first" "$second" </dev/null; then
      # Ctrl-C ends its programs too; the next run does it again.
      [ "$stops" -eq 0 ] || break
      undo_failed=1
      say "  could not undo: $verb $first"
    elif [ -z "$keeping" ]; then
      forget "$verb${first:+ $first}${second:+ $second}" || undo_failed=1
    fi
  done 3<"$1"
  [ -z "$undo_failed" ]
}

# forget LINE: the last of its kind.
forget() {
  line=$1 awk '{ all[NR] = $0 } $0 == ENVIRON["line"] { last = NR }
    END { for (i = 1; i <= NR; i++) if (i != last) print all[i] }' "$journal" >"$journal.new" &&
    mv "$journal.new" "$journal"
}

undo_one() {
  drop_beside "$2" "$3"
  case "$2" in
    remove) undo_remove "$1" "$3" ;;
    back) undo_back "$1" "$3" ;;
    restore)
      # Deleted with its certificate, it would be a certificate that certbot fails to renew.
      case "$3" in */letsencrypt/renewal/*) [ -e "$3" ] || return 0 ;; esac
      keep_changed "$3" && restore "$3" "$4"
      ;;
    bring-back) bring_back "$3" "$4" ;;
    overwritten) undo_overwritten "$1" "$3" "${4%%,*}" "${4#*,}" ;;
    # The owner's own file: what it says now is kept by an uninstall, and purged with its folder.
    reset) [ "$1" = uninstall ] || restore "$3" "$4" ;;
    folder) rmdir "$3" 2>/dev/null || : ;;
    mode) restore_mode "$3" "$4" ;;
    data) undo_data "$1" "$3" ;;
    account) undo_account "$1" "$3" ;;
    group) undo_group "$1" "$3" ;;
    packages) undo_packages "$1" "$3" ;;
    unit) undo_unit "$3" ;;
    reload-systemd) ! has_systemd || quiet systemctl daemon-reload ;;
    pm2) undo_pm2 "$3" ;;
    start-unit) [ "$1" = uninstall ] || quiet systemctl enable --now "$3" ;;
    start-pm2) [ "$1" = uninstall ] || begin_pm2 ;;
    resume-pm2) [ "$1" = uninstall ] || resume_pm2 "$3" ;;
    stop-unit) [ "$1" = uninstall ] || quiet systemctl stop "$3" || : ;;
    disable-unit) [ "$1" = uninstall ] || quiet systemctl disable "$3" || : ;;
    # Back to what it ran from before, if it was restarted or told something: its line is the last one.
    resume) [ "$1" = uninstall ] || ! grep -qxF "restarted $3" "$work/undo" || quiet systemctl restart "$3" ;;
    restarted) ;;
    certificate) undo_certificate "$1" "$3" ;;
    connections) set_connections "$tuned_connections" "$3" ;;
    reload-nginx) reload_nginx_if_runs ;;
    stop-nginx) stays_for_others "$1" "goes on running" || undo_start "$3" ;;
    disable-nginx) stays_for_others "$1" "still starts with the machine" || quiet systemctl disable "$3" || : ;;
    *) return 1 ;;
  esac
}

# drop_beside VERB PATH: what comes to a path is made beside it first, and may never have come there.
drop_beside() {
  case "$1" in remove | restore | reset | bring-back | data) rm -rf "$2.openclaw-new" ;; esac
}

# Journals of older releases would remove the certificate that clients have pinned.
undo_remove() {
  case "$2" in
    "$own_folder"/*) undo_data "$1" "$own_folder" ;;
    *)
      keep_changed "$2" && rm -rf "$2"
      ;;
  esac
}

# pm2 itself may be gone.
undo_pm2() {
  command -v pm2 >/dev/null 2>&1 && as_person pm2 describe "$1" >/dev/null 2>&1 </dev/null || return 0
  quiet as_person pm2 delete "$1" && quiet as_person pm2 save --force
}

# Its line is the first of a run, so that what it runs from is back.
resume_pm2() {
  command -v pm2 >/dev/null 2>&1 || return 0
  if grep -qxF "restarted $1" "$work/undo" || ! as_person pm2 describe "$1" >/dev/null 2>&1 </dev/null; then begin_pm2; fi
}

# What was replaced lies beside its successor.
undo_back() {
  if [ "$1" = uninstall ]; then
    rm -rf "$2" "$2.openclaw-old"
  elif [ -e "$2.openclaw-old" ]; then
    rm -rf "$2" && mv -T "$2.openclaw-old" "$2"
  fi
}

restore() {
  if [ ! -e "$keeps/backup/$2" ] && [ ! -L "$keeps/backup/$2" ]; then
    # Nothing will ever bring it back: no reason to try for ever.
    say "  $1 stays as it is: the copy of what it was is gone"
    return 0
  fi
  (umask 022 && mkdir -p "$(dirname "$1")") && put_back "$1" "$keeps/backup/$2" && rm -rf "${keeps:?}/backup/$2"
}

# put_back PATH COPY: from another file system it is copied beside what is there first, which goes only
# then: the disk may be full.
put_back() {
  from=$2
  beside=
  disk=$(stat -c %d "$(dirname "$1")")
  if [ "$(stat -c %d "$2")" != "$disk" ]; then
    beside=$(mktemp -d "$(dirname "$1")/.openclaw-XXXXXXXX") || return 1
    from=$beside/copy
  fi
  moved=0
  { [ -z "$beside" ] || cp -aT "$2" "$from"; } && make_room "$1" "$from" && mv -fT "$from" "$1" || moved=1
  [ -z "$beside" ] || rm -rf "$beside"
  return "$moved"
}

# make_room PATH COPY: no rename takes a folder's place, or puts one in a file's.
make_room() {
  if { [ -d "$1" ] && [ ! -L "$1" ]; } || { [ -d "$2" ] && [ ! -L "$2" ]; }; then rm -rf "$1"; fi
}

bring_back() {
  if [ -e "$1" ] || [ -L "$1" ]; then
    say "  $1 stays as it is: somebody put it there since"
    return 0
  fi
  restore "$1" "$2"
}

# undo_overwritten HOW PATH COPY PACKAGE: a file that stood where a package of ours has one. As long as
# the package is there it is in use, and what is there after it is newer than the copy.
undo_overwritten() {
  if package_there "$4"; then
    [ "$1" != uninstall ] || [ -n "$opt_purge" ] || kept "overwritten $2 $3,$4"
  elif [ "$1" = failure ] || [ ! -e "$2" ]; then
    restore "$2" "$3"
  fi
}

restore_mode() {
  [ -e "$1" ] || return 0
  chown "${2#*,}" "$1" && chmod "${2%%,*}" "$1"
}

# stays_for_others HOW WORDS: what a failed run started is stopped again; later, others may rely on it.
stays_for_others() {
  [ "$1" = uninstall ] && serves_others || return 1
  say "  nginx $2, because it serves others now"
}

# Devices, keys and configuration survive an uninstall that does not purge.
undo_data() {
  if { [ "$1" = uninstall ] && [ -z "$opt_purge" ]; } || { [ "$1" = failure ] && holds_left "$2"; }; then
    ! others_renew_in "$2" || left_for_others=1
    kept "data $2"
  elif others_renew_in "$2"; then
    say "  $2 is kept: it has certificates that are not the gateway's"
    left_for_others=1
  else
    rm -rf "$2"
  fi
}

# holds_left PATH: whether the certificate that a failed run leaves is in there, or what renews it.
holds_left() {
  [ -n "$left_certificate" ] || return 1
  case "$1" in */letsencrypt) return 0 ;; *) return 1 ;; esac
}

# others_renew_in PATH: whether it is certbot's, and others got certificates by it since.
others_renew_in() {
  case "$1" in */letsencrypt) foreign_certificates ;; *) return 1 ;; esac
}

undo_account() {
  if [ "$1" = uninstall ] && [ -z "$opt_purge" ]; then
    kept "account $2"
  else
    ! getent passwd "$2" >/dev/null || quiet userdel "$2"
  fi
}

undo_group() {
  if [ "$1" = uninstall ] && [ -z "$opt_purge" ]; then
    kept "group $2"
  else
    ! getent group "$2" >/dev/null || quiet groupdel "$2"
  fi
}

undo_unit() {
  has_systemd || return 0
  quiet systemctl disable --now "$1"
  systemctl reset-failed "$1" 2>/dev/null || :
}

# kept LINE: stays in the journal for a purge to come.
kept() {
  keeping=1
  printf '%s\n' "$1" >>"$work/kept"
}

# describe_undo VERB PATH: what undoing a line of the journal does, in words; nothing where nothing.
describe_undo() {
  case "$1 $2" in *.openclaw-new) return 0 ;; esac
  case "$1" in
    remove) echo "remove $2" ;;
    restore | bring-back) echo "put $2 back as it was" ;;
    folder) echo "remove the folder $2 if it is empty" ;;
    data) describe_data "$2" ;;
    account) [ -z "$opt_purge" ] && echo "keep the user $2 (--purge removes it)" || echo "remove the user $2" ;;
    group) [ -z "$opt_purge" ] && echo "keep the group $2 (--purge removes it)" || echo "remove the group $2" ;;
    packages) describe_packages "$2" ;;
    certificate) [ -z "$opt_purge" ] && echo "keep the certificate of $2 (--purge removes it)" || echo "remove the certificate of $2" ;;
    connections) echo "give nginx its worker_connections $2 back" ;;
    unit) echo "stop and disable $2" ;;
  esac
}

describe_data() {
  if [ -z "$opt_purge" ]; then
    echo "keep $1 (--purge removes it)"
  elif others_renew_in "$1"; then
    echo "keep $1, which has certificates that are not the gateway's"
  else
    echo "remove $1"
  fi
}
