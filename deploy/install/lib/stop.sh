# shellcheck shell=sh disable=SC2154,SC2034
# How it ends before its end: a failure, Ctrl-C, SIGTERM. A terminal that is closed ends nothing: it goes
# on without one, and the log tells how it went.

# before | undoing | installing | installed | uninstalling: what a stop finds. "undoing" is of what a run
# before this one left.
under_way=before
# How many signals came, and whether a program is waited for.
stops=0
waiting=

# A command expands one $(…) at most, here and in the steps. bash 5.2 runs a trap that waits where it parses
# the next one, reads the trap's words as if they were in there, and ends by a syntax error, with code 2.
catch_signals() {
  exec 6>&1 7>&2
  trap 'stop 130' INT
  trap 'stop 143' TERM
}

# stop CODE: ends at once, or after the program that is under way: half an apt-get is worse than none.
stop() {
  stops=$((stops + 1))
  stop_code=$1
  if [ -z "$waiting" ] && ! takes_off; then exit "$stop_code"; fi
  # What is under way has its output elsewhere.
  [ "$stops" -gt 1 ] || say "Stopping, as soon as what is under way has ended …" >&6 2>&7
}

# takes_off: whether it is between two changes at any moment, and stops after the one that is under way.
takes_off() { case "$under_way" in undoing | uninstalling) return 0 ;; esac; return 1; }

# waited COMMAND…: runs it out of the reach of Ctrl-C, and stops after it where that was wanted meanwhile.
waited() {
  waiting=1
  # A server that it starts lives on: it must hold neither the lock nor what people read this from.
  "$@" </dev/null 6>&- 7>&- 9>&- &
  pid=$!
  while :; do
    seen=$stops
    code=0
    wait "$pid" || code=$?
    [ "$stops" != "$seen" ] || break
  done
  waiting=
  [ "$stops" -eq 0 ] || takes_off || exit "$stop_code"
  return "$code"
}

# at_exit: what is unfinished is undone, whatever ended it; a second Ctrl-C does not stop that.
at_exit() {
  # What is run below has codes of its own.
  ended_with=$?
  trap '' INT TERM
  # Where it ended in, its output may have gone elsewhere.
  exec 1>&6 2>&7
  trap - EXIT
  set +e
  stops=0
  if [ "$under_way" = installing ]; then
    undo_and_say "$ended_with"
  elif [ "$ended_with" -gt 128 ]; then
    case "$under_way" in
      before) say "Stopped; nothing was changed." ;;
      undoing) say_undone_so_far ;;
      installed) say "Stopped. The gateway is installed; only the words about it were left." ;;
    esac
  fi
  rm -rf "$work"
  exit "$ended_with"
}

say_undone_so_far() {
  if unfinished; then
    say "Stopped; the installation that was cut off before is not undone to its end. The next run goes on with that."
  else
    say "Stopped; the installation that was cut off before is undone, and nothing else was changed."
  fi
}

undo_and_say() {
  full=$(full_disks)
  under_way=undoing
  what='the installation failed'
  [ "$1" -le 128 ] || what='the installation was stopped'
  [ -z "$full" ] || say "error: the disk is full: nothing more can be written to $full"
  say "Undoing …"
  if undo_unfinished; then
    what="$what; everything it did was undone"
    [ -z "$left_certificate" ] ||
      what="$what, but for the certificate of $left_certificate, which the next run uses: /etc/letsencrypt/live/$left_certificate"
  else
    what="$what, and not everything could be undone"
  fi
  echo "error: $what. The log: $log_file" >&2
  note "$what"
  [ -z "$full" ] || echo "  next: free some space on $full, then run this again" >&2
  [ -z "$opt_json" ] || printf '{"ok":false,"changed":false,"log":"%s"}\n' "$log_file"
}

# full_disks: folders of ours on file systems with less than a megabyte, or without room for a file.
full_disks() {
  found=
  for place in "$prefix" /etc /usr /var/lib /var/log "$work"; do
    [ -d "$place" ] || continue
    if [ "$(df -Pk "$place" | awk 'NR == 2 { print $4 }')" -lt 1024 ] ||
      [ "$(df -Pi "$place" | awk 'NR == 2 { print $4 }')" = 0 ]; then
      found="$found${found:+, }$place"
    fi
  done
  echo "$found"
}
