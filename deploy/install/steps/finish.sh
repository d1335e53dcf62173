# shellcheck shell=sh disable=SC2154,SC2034
# What people are told at the end. The owner's link is a secret: a terminal sees it, nothing else does.

finish() {
  took=$(seconds $(($(now_ms) - began)))
  versions="version $release_version with Node.js $node_version"
  if [ ! -s "$changes" ]; then
    say "Nothing to change: version $release_version is installed as asked for ($took s)."
  else
    [ -z "$current_version" ] || [ "$current_version" = "$release_version" ] || versions="$versions; before it was $current_version"
    say "Done in $took s: $versions."
    say_clients
  fi
  say_way_in
  [ "$supervisor" != none ] || say "  start it  runuser -u openclaw-gateway -- $command_name gateway run"
  say "  look      $command_name"
  [ "$supervisor" = none ] || say "  approve from a phone  $command_name ssh enable"
  say_pm2_boot
  say "  log       $log_file"
  say "  take off  sh $prefix/current/install/install.sh --uninstall"
  if [ "$build" = 2.28 ]; then
    say "Note: glibc $glibc of $os_name only runs Node.js 20, which gets no more security fixes; Debian 13 or Ubuntu 24.04 ends that."
  fi
  if [ -z "$opt_no_nginx" ] && ! will_tune_nginx && [ "$(nginx_connections)" -lt "$tuned_connections" ]; then
    say "Note: nginx holds about $(($(nginx_connections) / 2)) clients a worker as it is set up; more: run this again with --tune-nginx."
  fi
  say_renewal
  [ -n "$opt_no_nginx" ] || say_firewall "$http_port" ${cert_file:+"$https_port"}
  owner_link
  [ -z "$opt_json" ] || answer
}

# Only a restart drops clients; they come back by themselves. One that did not run before has none.
say_clients() {
  [ -n "$current_version" ] && [ -z "${begins:-}" ] || return 0
  who="${clients_away:-0} clients were"
  come="they come back by themselves"
  if [ "${clients_away:-0}" -eq 1 ]; then
    who="1 client was"
    come="it comes back by itself"
  fi
  if [ -z "${away_since:-}" ]; then
    say "  the gateway was not restarted, and no client was dropped."
  elif [ -z "${away_ms:-}" ]; then
    say "  $who connected and dropped; $come once you have started the gateway."
  elif [ "${clients_away:-0}" -eq 0 ]; then
    say "  the gateway was away for $(seconds "$away_ms") s; no client was connected."
  else
    say "  $who connected and dropped; the gateway was away for $(seconds "$away_ms") s, and $come."
  fi
}

# Where people open it, what their browser will say of the certificate, and what to compare.
say_way_in() {
  [ -n "$public_url" ] || return 0
  kind=
  [ -n "$opt_domain" ] || kind=$(address_kind "$address")
  say "  address   $public_url${kind:+  ($kind)}"
  [ "$certificate_kind" = own ] || return 0
  say "  Browsers will warn that the connection is not private (ERR_CERT_AUTHORITY_INVALID, SELF_SIGNED_CERT):"
  say "  the machine signed its certificate itself. Go on only where the browser shows this SHA-256 of it:"
  say "               $(fingerprint "$cert_file")"
  words=$("/usr/local/bin/$command_name" gateway status --json 2>/dev/null | sed -n 's/^ *"fingerprint": "\(.*\)",*$/\1/p')
  [ -z "$words" ] || say "  and the page then the gateway's words: $words"
  say "  Links for nodes and setup codes carry it. To see it again: $command_name status"
  say "  With a name there is a certificate that browsers trust: --domain gateway.example.com"
}

# pm2 starts at boot when it was told to once.
say_pm2_boot() {
  [ "$supervisor" = pm2 ] || return 0
  if has_systemd && systemctl is-enabled -q "pm2-$(id -un).service" 2>/dev/null; then return 0; fi
  say "  start at boot  pm2 startup -u $(id -un) --hp $HOME   (typed once, and the gateway is back after each reboot)"
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
  took=$(seconds $(($(now_ms) - began)))
  printf '{"ok":true,"dryRun":%s,"changed":%s,"version":"%s","url":"%s","seconds":%s,"changes":' \
    "$planned" "$changed" "$release_version" "$(json_text "$public_url")" "$took"
  json_list "$changes"
  printf '}\n'
}
