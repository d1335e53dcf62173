# shellcheck shell=sh disable=SC2154,SC2034
# What people are told at the end. The owner's link is a secret: a terminal sees it, nothing else does.

finish() {
  took=$(seconds $(($(now_ms) - began)))
  if [ ! -s "$changes" ]; then
    say "Nothing to change: version $release_version is installed as asked for ($took s)."
  else
    say "Done in $took s: version $release_version."
  fi
  [ -z "$public_url" ] || say "  address   $public_url"
  [ "$supervisor" != none ] || say "  start it  runuser -u openclaw-gateway -- $command_name gateway run"
  say "  look      $command_name"
  [ "$supervisor" = none ] || say "  approve from a phone  $command_name ssh enable"
  say "  log       $log_file"
  say "  take off  sh $prefix/current/install/install.sh --uninstall"
  if [ "$build" = 2.28 ]; then
    say "Note: glibc $glibc of $os_name only runs Node.js 20, which gets no more security fixes; Debian 13 or Ubuntu 24.04 ends that."
  fi
  if [ "$certificate_kind" = own ]; then
    say "  certificate  signed by this machine itself; its SHA-256 fingerprint, for clients to pin:"
    say "               $(fingerprint "$cert_file")"
    say "Browsers warn of such a certificate and cannot pin it; with a name there is a trusted one: --domain gateway.example.com"
  fi
  if [ -z "$opt_no_nginx" ] && ! will_tune_nginx && [ "$(nginx_connections)" -lt "$tuned_connections" ]; then
    say "Note: nginx holds about $(($(nginx_connections) / 2)) clients a worker as it is set up; more: run this again with --tune-nginx."
  fi
  say_renewal
  [ -n "$opt_no_nginx" ] || say_firewall "$http_port" ${cert_file:+"$https_port"}
  owner_link
  [ -z "$opt_json" ] || answer
}

owner_link() {
  [ "$supervisor" != none ] || return 0
  if [ -t 1 ] && [ -z "$opt_json" ] && grep -q "^make the folder /var/lib/openclaw-gateway " "$changes"; then
    echo
    "/usr/local/bin/$command_name" devices invite --scopes owner --name owner || :
  else
    say "  pair      $command_name devices invite --scopes owner (a one-time link for your browser or phone)"
  fi
}

answer() {
  changed=false
  planned=false
  [ -z "$dry" ] || planned=true
  [ ! -s "$changes" ] || changed=true
  printf '{"ok":true,"dryRun":%s,"changed":%s,"version":"%s","url":"%s","seconds":%s,"changes":' \
    "$planned" "$changed" "$release_version" "$(json_text "$public_url")" \
    "$(seconds $(($(now_ms) - began)))"
  json_list "$changes"
  printf '}\n'
}
