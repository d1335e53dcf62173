# shellcheck shell=sh disable=SC2154,SC2034
# Shows that it works: a throwaway device connects the way people will, is approved, and removed again;
# and at every address of this machine at which nginx is asked, it is this gateway that answers.

prove() {
  [ "$supervisor" != none ] || return 0
  [ -s "$changes" ] || return 0
  find_reached
  change "connect to $local_url with a throwaway device, approve it and remove it again$(other_addresses)" || return 0
  proof_fingerprint=
  [ "$certificate_kind" = none ] || proof_fingerprint=$(fingerprint "$cert_file")
  prove_everywhere "$local_url" "$proof_fingerprint"
}

find_reached() {
  if [ -n "$opt_no_nginx" ]; then echo 127.0.0.1; else reached_at "$local_port"; fi | awk '!seen[$0]++' >"$work/reached"
}

other_addresses() {
  others=$(grep -vxF 127.0.0.1 "$work/reached" | tr '\n' ' ')
  [ -z "$others" ] || echo "; ask for it at ${others% } too"
}

# prove_everywhere URL FINGERPRINT
prove_everywhere() {
  pair_through "$1" "$2" || fail 1 "the gateway runs but could not be used through $1" "tail -n 100 $log_file"
  [ -z "$opt_no_nginx" ] || return 0
  while read -r place <&5; do
    quiet "$prefix/current/bin/node" "$here/lib/answers.mjs" "$1" "$place" "$public_socket" "$2" ||
      fail 1 "the gateway runs but is not what answers $1 at $place" "tail -n 100 $log_file"
  done 5<"$work/reached"
}

# pair_through URL FINGERPRINT: by loopback where nginx listens there. Clients take no plain ws:// elsewhere.
pair_through() {
  at=$(head -n 1 "$work/reached")
  url=$1
  case "$at/$1" in
    127.0.0.1/* | ::1/wss:*) ;;
    */ws:*) return 0 ;;
  esac
  # An address in a URL leads nowhere else.
  case "$1" in wss://127.0.0.1:*) url=wss://$(url_host "$at"):${1##*:} ;; esac
  quiet "/usr/local/bin/$command_name" gateway prove "$url" --connect-to "$at" ${2:+--tls-fingerprint "$2"}
}
