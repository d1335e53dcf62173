# shellcheck shell=sh disable=SC2154,SC2034
# The address that this machine is reached by, and what kind of address that is.

# own_address: what was given, else the one that this machine reaches others from; IPv6 where it has no other.
own_address() {
  if [ -n "${opt_address:-}" ]; then
    echo "$opt_address"
    return
  fi
  found=$(routed_from -4 192.0.2.1)
  [ -n "$found" ] || found=$(routed_from -6 2001:db8::1)
  [ -n "$found" ] || found=$(first_of '^[0-9.]*$')
  [ -n "$found" ] || found=$(first_of ':')
  echo "${found:-127.0.0.1}"
}

# routed_from -4|-6 ADDRESS: what this machine would be seen as there; nothing is sent.
routed_from() { ip "$1" route get "$2" 2>/dev/null | sed -n 's/.* src \([0-9a-f.:]*\).*/\1/p' | head -n 1; }

first_of() { hostname -I 2>/dev/null | tr ' ' '\n' | grep -m1 "$1" || :; }

# address_kind ADDRESS: in words where machines elsewhere can't use it; nothing for a public one.
address_kind() {
  case "$1" in
    127.* | ::1) echo 'an address of this machine alone' ;;
    10.* | 192.168.* | 172.1[6-9].* | 172.2[0-9].* | 172.3[01].* | f[cd]*:*) echo 'a private address' ;;
    100.6[4-9].* | 100.[789]?.* | 100.1[01]?.* | 100.12[0-7].*) echo "an address behind the provider's translation (CGNAT)" ;;
    169.254.* | fe[89ab]*:*) echo 'an address of the local link' ;;
  esac
}

# say_address: before anything is changed, as links and the certificate will carry it.
say_address() {
  [ -z "$opt_no_nginx" ] && [ -z "$opt_domain" ] || return 0
  kind=$(address_kind "$address")
  [ -n "$kind" ] || return 0
  say "Note: $address is $kind: machines elsewhere do not reach it. If others reach this machine by another one, name that: --address ADDRESS; a name does as well: --domain gateway.example.com"
}

# url_host ADDRESS: as URLs write it.
url_host() { case "$1" in *:*) echo "[$1]" ;; *) echo "$1" ;; esac; }
