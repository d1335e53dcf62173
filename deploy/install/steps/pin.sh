# shellcheck shell=sh disable=SC2154,SC2034
# No authority vouches for a certificate that the machine signs itself: links and setup codes carry its
# fingerprint, so that clients can tell it from another.

pin() {
  if [ "$certificate_kind" = own ]; then
    public_pin=$(fingerprint "$cert_file")
    if [ -n "$public_pin" ] && setting_is gateway.publicPin "$public_pin"; then return 0; fi
    change "set gateway.publicPin to the fingerprint of $cert_file in $config_file" || return 0
    save "$config_file" data
    quiet "/usr/local/bin/$command_name" config set gateway.publicPin "$public_pin"
  else
    public_pin=
    # What the owner put there stays.
    [ -n "$(recalled public_pin)" ] && setting_is gateway.publicPin "$(recalled public_pin)" || return 0
    unset_setting gateway.publicPin
  fi
}
