# shellcheck shell=sh disable=SC2154,SC2034
# What people see while it works: the plan, the step that is under way, what a download has got so far.

line_is_open=
# install.sh closes the line before it says what failed.
before_words=close_line

close_line() {
  [ -n "$line_is_open" ] || return 0
  line_is_open=
  put_words '\n'
}

# put_words FORMAT…: where progress is shown; a terminal that went away stops nothing.
put_words() {
  # shellcheck disable=SC2059 # formats of ours
  if [ -n "$opt_json" ]; then printf "$@" >&2 || :; else printf "$@" || :; fi
}

# begin_step WORDS, then end_step WORDS MILLISECONDS: one line, unless something was said between.
begin_step() {
  note "$1"
  put_words '%s' "$1"
  line_is_open=1
}

end_step() {
  note "$1  $(seconds "$2") s"
  if [ -n "$line_is_open" ]; then
    line_is_open=
    put_words '  %s s\n' "$(seconds "$2")"
  else
    put_words '%s  %s s\n' "$1" "$(seconds "$2")"
  fi
}

# Four lines, however much it is; each change is told by --dry-run and in the log.
show_plan() {
  if [ "$(wc -l <"$changes")" -le 3 ]; then
    say "This will:"
    while IFS= read -r line; do say "  $line"; done <"$changes"
  else
    say "This will:"
    say "  $(plan_of_release)"
    say "  $(plan_of_way_in)"
    say "  in $(wc -l <"$changes" | tr -d ' ') changes, undone again if one fails; --dry-run lists them, --uninstall takes them off"
  fi
}

plan_of_release() {
  if [ "$release_version" != "$current_version" ]; then
    what="install version $release_version in $prefix${current_version:+ (now: $current_version)}"
  else
    what="keep version $release_version in $prefix"
  fi
  case "$supervisor" in
    none) echo "$what, to be started by yourself" ;;
    *) echo "$what, run by $supervisor as the user openclaw-gateway" ;;
  esac
}

plan_of_way_in() {
  if [ -n "$opt_no_nginx" ]; then
    echo "let clients in at $local_url, on this machine alone"
    return
  fi
  case "$certificate_kind" in
    none) by='without TLS' ;;
    own) by='with a certificate that this machine signs itself' ;;
    given) by="with the certificate $cert_file" ;;
    certbot) by="with a certificate from ${opt_acme_server:-Lets Encrypt}" ;;
  esac
  new=
  package_installed nginx || command -v nginx >/dev/null 2>&1 || new=', which is installed'
  echo "let clients in at $public_url through nginx$new, $by"
}

# fetch_shown NAME FILE: fetch_part, with the bytes that came so far on a terminal, and where they end.
fetch_shown() {
  whole=$(sed -n "s/^file [^ ]* [^ ]* [^ ]* [0-9a-f]* \([0-9]*\) $1\$/\1/p" "$manifest" | head -n 1)
  whole_mb=$(megabytes "$whole")
  waiting=fetch
  # Out of the reach of Ctrl-C, and without the lock: one that outlives this holds nobody up.
  fetch_part "$1" "$2" </dev/null 6>&- 7>&- 9>&- &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    show_bytes "$1" "$2"
    # Ctrl-C ends it, and the download is still to be ended.
    sleep 0.2 || :
    [ "$stops" -eq 0 ] || end_fetch
  done
  code=0
  wait "$pid" || code=$?
  waiting=
  [ "$stops" -eq 0 ] || exit "$stop_code"
  [ "$code" -eq 0 ] || exit "$code"
  if [ "$line_is_open" = bytes ]; then printf '\r\033[K' || :; else close_line; fi
  line_is_open=
  say "  $1: $whole_mb MB"
}

show_bytes() {
  [ -t 1 ] && [ -z "$opt_json" ] || return 0
  # The step's own line stays.
  [ "$line_is_open" = bytes ] || close_line
  printf '\r\033[K  %s: %s of %s MB' "$1" "$(megabytes "$(stat -c %s "$2" 2>/dev/null || echo 0)")" "$whole_mb" || :
  line_is_open=bytes
}

# megabytes BYTES: with one digit after the point.
megabytes() { printf '%d.%d' $(($1 / 1048576)) $(($1 % 1048576 * 10 / 1048576)); }

# A download that nobody waits for any more.
end_fetch() {
  read -r children <"/proc/$pid/task/$pid/children" 2>/dev/null || :
  # shellcheck disable=SC2086 # a list of numbers
  kill "$pid" ${children:-} 2>/dev/null || :
}
