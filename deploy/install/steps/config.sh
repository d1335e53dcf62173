# shellcheck shell=sh disable=SC2154,SC2034
# The first configuration. One that is there is the owner's: only what was asked for is set in it.

config_file=/etc/openclaw-gateway/openclaw.json
public_socket=/run/openclaw-gateway/public/gateway.sock

configuration() {
  if [ -f "$config_file" ]; then
    want_setting "$opt_port" gateway.port "$gateway_port"
    want_setting "$opt_domain" gateway.publicUrl "$public_url"
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

# setting_is KEY VALUE: a configuration that outlived its gateway is read without it.
setting_is() {
  if [ -x "$prefix/current/bin/node" ]; then
    [ "$("/usr/local/bin/$command_name" config get "$1" 2>/dev/null)" = "$2" ]
  else
    grep -qF -e "\"${1##*.}\": $2" -e "\"${1##*.}\": \"$2\"" "$config_file"
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
