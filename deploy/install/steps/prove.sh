# shellcheck shell=sh disable=SC2154,SC2034
# Shows that it works: a throwaway device connects the way people will, is approved, and removed again.

prove() {
  [ "$supervisor" != none ] || return 0
  [ -s "$changes" ] || return 0
  change "connect to $local_url with a throwaway device, approve it and remove it again" || return 0
  proof_fingerprint=
  [ "$certificate_kind" = none ] || proof_fingerprint=$(fingerprint)
  quiet "/usr/local/bin/$command_name" gateway prove "$local_url" --connect-to 127.0.0.1 ${proof_fingerprint:+--tls-fingerprint "$proof_fingerprint"} && return 0
  fail 1 "the gateway runs but could not be used through $local_url" "$command_name doctor; less $log_file"
}
