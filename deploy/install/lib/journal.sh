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

# save PATH [VERB]: as it is now it comes back when what follows is undone; what is not there yet is
# undone by VERB ("remove").
save() {
  if [ -e "$1" ] || [ -L "$1" ]; then
    back=restore
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
  undo_all "$work/undo" failure
  # On a disk that is still full the journal stays as it is: undoing twice does no harm, losing it would.
  awk '/^done /{ last = NR } { line[NR] = $0 } END { for (i = 1; i <= last; i++) print line[i] }' \
    "$journal" >"$journal.new" && mv "$journal.new" "$journal" || undo_failed=1
  [ -s "$journal" ] || rm -rf "$keeps"
  [ -z "$undo_failed" ]
}

# undo_lines after-done|all: lines of the journal, last first.
undo_lines() {
  awk -v what="$1" '
    /^done /{ if (what == "after-done") n = 0; next }
    { line[++n] = $0 }
    END { for (i = n; i > 0; i--) print line[i] }' "$journal"
}

# undo_all FILE failure|uninstall: goes on past what cannot be undone, and says so.
undo_all() {
  undo_failed=
  while read -r verb first second <&3; do
    undo_one "$2" "$verb" "$first" "$second" </dev/null || {
      undo_failed=1
      say "  could not undo: $verb $first"
    }
  done 3<"$1"
  [ -z "$undo_failed" ]
}

undo_one() {
  case "$2" in
    remove) undo_remove "$1" "$3" ;;
    back) undo_back "$1" "$3" ;;
    restore) restore "$3" "$4" ;;
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
    pm2) quiet as_person pm2 delete "$3" && quiet as_person pm2 save --force ;;
    start-unit) [ "$1" = uninstall ] || quiet systemctl enable --now "$3" ;;
    start-pm2) [ "$1" = uninstall ] || begin_pm2 ;;
    # Back to what it ran from before, if it was restarted or told something: its line is the last one.
    resume) [ "$1" = uninstall ] || ! grep -q '^restarted ' "$work/undo" || quiet systemctl restart "$3" ;;
    restarted) ;;
    certificate) undo_certificate "$1" "$3" ;;
    connections) set_connections "$tuned_connections" "$3" ;;
    reload-nginx) reload_nginx_if_runs ;;
    *) return 1 ;;
  esac
}

# Journals of older releases would remove the certificate that clients have pinned.
undo_remove() {
  case "$2" in "$own_folder"/*) undo_data "$1" "$own_folder" ;; *) rm -rf "$2" ;; esac
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
  [ -e "$keeps/backup/$2" ] || [ -L "$keeps/backup/$2" ] || return 1
  rm -rf "$1"
  mv -T "$keeps/backup/$2" "$1"
}

restore_mode() {
  [ -e "$1" ] || return 0
  chown "${2#*,}" "$1" && chmod "${2%%,*}" "$1"
}

# Devices, keys and configuration survive an uninstall that does not purge.
undo_data() {
  if [ "$1" = uninstall ] && [ -z "$opt_purge" ]; then kept "data $2"; else rm -rf "$2"; fi
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
kept() { printf '%s\n' "$1" >>"$work/kept"; }

# describe_undo VERB PATH: what undoing a line of the journal does, in words; nothing where nothing.
describe_undo() {
  case "$1 $2" in *.openclaw-new) return 0 ;; esac
  case "$1" in
    remove) echo "remove $2" ;;
    restore) echo "put $2 back as it was" ;;
    folder) echo "remove the folder $2 if it is empty" ;;
    data) [ -z "$opt_purge" ] && echo "keep $2 (--purge removes it)" || echo "remove $2" ;;
    account) [ -z "$opt_purge" ] && echo "keep the user $2 (--purge removes it)" || echo "remove the user $2" ;;
    group) [ -z "$opt_purge" ] && echo "keep the group $2 (--purge removes it)" || echo "remove the group $2" ;;
    packages) describe_packages "$2" ;;
    certificate) [ -z "$opt_purge" ] && echo "keep the certificate of $2 (--purge removes it)" || echo "remove the certificate of $2" ;;
    connections) echo "give nginx its worker_connections $2 back" ;;
    unit) echo "stop and disable $2" ;;
  esac
}
