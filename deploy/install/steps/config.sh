# shellcheck shell=sh disable=SC2154,SC2034
# The first configuration. One that is there is the owner's: only what was asked for is set in it.

config_file=/etc/openclaw-gateway/openclaw.json
public_socket=/run/openclaw-gateway/public/gateway.sock

configuration() {
  if [ -f "$config_file" ]; then
    port_said=$(forgotten port)
    ! is_named port || port_said=1
    want_setting "$port_said" gateway.port "$gateway_port"
    want_public_url
    want_way_in
    return
  fi
  first_configuration >"$work/openclaw.json"
  put_file "$work/openclaw.json" "$config_file" 640 openclaw-gateway:openclaw-gateway data
}

first_configuration() {
  echo '{'
  echo '  // Yours to change: openclaw config set KEY VALUE keeps comments; openclaw config validate checks.'
  echo '  "gateway": {'
  [ -n "$opt_no_nginx" ] || echo "    \"socket\": \"$public_socket\","
  [ -z "$public_url" ] || echo "    \"publicUrl\": \"$public_url\","
  # Behind nginx nobody needs a TCP port, so there is none unless somebody asked for one.
  if [ -z "$opt_no_nginx$opt_port" ]; then
    echo '    "bind": "none"'
  else
    echo "    \"port\": $gateway_port"
  fi
  echo '  }'
  echo '}'
}

# A port that a run before this one was given is no longer asked for where the owner set another since.
choose_port() {
  gateway_port=$opt_port
  is_named port || gateway_port=$(configured_port)
  if [ -n "$opt_port" ] && [ "$opt_port" != "$gateway_port" ]; then
    say "The configuration's own gateway.port stays: $gateway_port."
    opt_port=$gateway_port
  fi
}

# configured_port: where the gateway listens if nobody says otherwise now; what its owner set stays.
configured_port() {
  if [ -z "$opt_no_nginx$opt_port" ] || [ -n "$(forgotten port)" ] || [ ! -f "$config_file" ]; then
    echo "${opt_port:-18789}"
  elif [ -x "$prefix/current/bin/node" ]; then
    installed_cli config get gateway.port 2>/dev/null || echo 18789
  else
    # One that outlived its gateway is read without it.
    port_there=$(sed -n 's/^ *"port": *\([0-9]*\).*/\1/p' "$config_file" 2>/dev/null | head -n 1)
    echo "${port_there:-18789}"
  fi
}

# installed_cli WORDS…: the command line of the gateway that is here, whatever it is called.
installed_cli() {
  OPENCLAW_STATE_DIR=/var/lib/openclaw-gateway OPENCLAW_CONFIG_PATH=$config_file \
    "$prefix/current/bin/node" "$prefix/current/dist/index.js" "$@"
}

# setting_is KEY VALUE: a configuration that outlived its gateway is read without it.
setting_is() {
  if [ -x "$prefix/current/bin/node" ]; then
    [ "$("/usr/local/bin/$command_name" config get "$1" 2>/dev/null)" = "$2" ]
  elif [ -z "$2" ]; then
    ! grep -qF "\"${1##*.}\": " "$config_file"
  else
    grep -qF -e "\"${1##*.}\": $2" -e "\"${1##*.}\": \"$2\"" "$config_file"
  fi
}

# What the installer put there follows what it is asked for; what the owner put there is the owner's,
# unless a name is given now.
want_public_url() {
  [ "$public_url" != "$(recalled public_url)" ] || is_named domain || return 0
  if [ -n "$public_url" ]; then
    is_named domain || setting_is gateway.publicUrl "$(recalled public_url)" || return 0
    want_setting 1 gateway.publicUrl "$public_url"
    return
  fi
  setting_is gateway.publicUrl "$(recalled public_url)" || return 0
  unset_setting gateway.publicUrl
}

unset_setting() {
  change "take $1 out of $config_file" || return 0
  save "$config_file" data
  quiet "/usr/local/bin/$command_name" config unset "$1"
}

# nginx comes by the socket; without it people come by a port.
want_way_in() {
  if [ -z "$opt_no_nginx" ]; then
    want_setting 1 gateway.socket "$public_socket"
  elif setting_is gateway.bind none; then
    want_setting 1 gateway.bind loopback
  fi
}

# want_setting GIVEN KEY VALUE: sets KEY where somebody asked for it and it is something else.
want_setting() {
  [ -n "$1" ] || return 0
  ! setting_is "$2" "$3" || return 0
  change "set $2 to $3 in $config_file" || return 0
  save "$config_file" data
  quiet "/usr/local/bin/$command_name" config set "$2" "$3"
}
