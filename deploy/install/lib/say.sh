# shellcheck shell=sh disable=SC2154,SC2034
# What people see, what the log keeps, and what --json answers.

log_file=/var/log/openclaw-gateway-install.log

# A terminal that went away must not stop an installation half-way.
say() {
  close_line
  if [ -n "$opt_json" ]; then printf '%s\n' "$*" >&2 || :; else printf '%s\n' "$*" || :; fi
  note "$*"
}

# note WORDS: for the log alone.
note() {
  [ -z "$logging" ] || printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*" >>"$log_file"
}

# The log is for root alone; one that is there is continued.
open_log() {
  logging=1
  [ ! -L "$log_file" ] || rm -f "$log_file"
  : >>"$log_file"
  chmod 0600 "$log_file"
}

# quiet COMMAND…: its output goes to the log; the end of it is shown when it fails.
quiet() {
  note "+ $*"
  if waited "$@" >"$work/output" 2>&1; then
    cat "$work/output" >>"$log_file"
    return 0
  fi
  cat "$work/output" >>"$log_file"
  close_line
  tail -n 15 "$work/output" >&2
  return 1
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# seconds MILLISECONDS: with one digit after the point.
seconds() { printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100)); }

json_text() { printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g' | tr -d '\000-\037'; }

# json_list FILE: its lines as an array of strings.
json_list() {
  separator=
  printf '['
  while IFS= read -r line; do
    printf '%s"%s"' "$separator" "$(json_text "$line")"
    separator=,
  done <"$1"
  printf ']'
}
