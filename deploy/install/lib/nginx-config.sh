# shellcheck shell=sh disable=SC2154,SC2034
# What nginx's configuration says, all files of it together, as nginx itself reads them.

directives=$work/nginx-directives
listens=$work/nginx-listens
ours_in_nginx=openclaw-gateway.conf

# As it was when nginx last took one of ours: what is read where it has an error now, such as a certificate
# of ours that is gone.
last_dump=$keeps/nginx-dump

# read_nginx: reads it anew. Without nginx there is nothing in it.
read_nginx() {
  : >"$directives"
  : >"$listens"
  command -v nginx >/dev/null 2>&1 || return 0
  nginx -T >"$work/nginx-dump" 2>/dev/null || cat "$last_dump" >"$work/nginx-dump" 2>/dev/null || :
  awk -f "$here/lib/nginx-config.awk" "$work/nginx-dump" >"$directives"
  list_listens >"$listens"
}

keep_dump() {
  [ -e "$last_dump" ] || record "remove $last_dump"
  cp "$work/nginx-dump" "$last_dump"
}

# main_directive NAME: the words after it, outside of all blocks.
main_directive() {
  awk -F '\t' -v name="$1" '$2 == "" && index($5, name " ") == 1 { found = substr($5, length(name) + 2) }
    END { print found }' "$directives"
}

# built_with OPTION: what nginx was compiled with.
built_with() { nginx -V 2>&1 | tr ' ' '\n' | sed -n "s/^--$1=//p" | head -n 1; }

# nginx_place PATH: a relative one starts from the folder that nginx was made for.
nginx_place() {
  case "$1" in
    /*) echo "$1" ;;
    *)
      made_for=$(built_with prefix)
      echo "${made_for:-/usr/local/nginx}/$1"
      ;;
  esac
}

# list_listens: where the servers of others listen, one line each: http or stream, port, address, the other
# words, file, number of the server, and the number of the include that brought its file.
list_listens() {
  awk -F '\t' -v ours="/$ours_in_nginx" '
    function line(server, words,  place, port, more) {
      place = words
      more = ""
      if (match(words, / /)) {
        place = substr(words, 1, RSTART - 1)
        more = substr(words, RSTART + 1)
      }
      if (place ~ /^unix:/ || (" " more " ") ~ / quic /) return
      port = 80
      if (place ~ /^[0-9]+$/) {
        port = place
        place = "*"
      } else if (match(place, /:[0-9]+$/)) {
        port = substr(place, RSTART + 1)
        place = substr(place, 1, RSTART - 1)
      }
      if (place == "0.0.0.0") place = "*"
      print kind[server] "\t" port "\t" place "\t" more "\t" file[server] "\t" server "\t" order[server]
    }
    substr($1, length($1) - length(ours) + 1) == ours { next }
    $2 ~ /^(http|stream)>server$/ && $5 ~ /\{$/ {
      kind[$3] = substr($2, 1, index($2, ">") - 1)
      file[$3] = $1
      order[$3] = $4
      servers[++count] = $3
    }
    $3 in kind && $5 ~ /^listen / { said[$3, ++number[$3]] = substr($5, 8) }
    END {
      for (i = 1; i <= count; i++) {
        server = servers[i]
        if (!number[server] && kind[server] == "http") line(server, "80")
        for (j = 1; j <= number[server]; j++) line(server, said[server, j])
      }
    }' "$directives"
}

# others_on PORT: addresses at which servers of others listen there.
others_on() { awk -F '\t' -v port="$1" '$1 == "http" && $2 == port { print $3 }' "$listens" | sort -u; }

# own_addresses 4|6: addresses at which others reach this machine.
own_addresses() { ip -o "-$1" address show scope global 2>/dev/null | sed -n 's|.* inet6* \([0-9a-f.:]*\)/.*|\1|p'; }

# addresses_for PORT: where ours listens. As the others do: nginx gives a connection to the server that
# names its address, so one that names none would not be asked; and a port that is open at one address
# cannot be opened at all of them by a reload. "*" is every IPv4 address.
addresses_for() {
  others_on "$1" >"$work/others"
  addresses_of_kind 4 "$1"
  [ ! -e /proc/net/if_inet6 ] || addresses_of_kind 6 "$1"
}

addresses_of_kind() {
  if [ "$1" = 4 ]; then every='*'; else every='[::]'; fi
  if [ "$1" = 4 ]; then grep -v '^\[' "$work/others"; else grep '^\[' "$work/others"; fi >"$work/of-kind" || :
  if grep -qxF "$every" "$work/of-kind"; then
    cat "$work/of-kind"
  elif [ -s "$work/of-kind" ]; then
    cat "$work/of-kind"
    # Who is asked at loopback alone has something else in front of it.
    grep -qvE '^(127\..*|\[::1\]|localhost)$' "$work/of-kind" || bracketed "$1"
  elif [ "$1" = 6 ] || ! listens_for_both "$2"; then
    echo "$every"
  fi
}

bracketed() {
  if [ "$1" = 4 ]; then own_addresses 4; else own_addresses 6 | sed 's/.*/[&]/'; fi
}

# listens_for_both PORT: whether somebody listens for IPv4 and IPv6 with one socket.
listens_for_both() {
  awk -F '\t' -v port="$1" '$2 == port && $3 == "[::]" && $4 ~ /ipv6only=off/ { found = 1 }
    END { exit !found }' "$listens"
}

# reached_at PORT: the addresses at which ours answers there, loopback first.
reached_at() {
  addresses_for "$1" >"$work/addresses"
  if grep -qxF '*' "$work/addresses" || { grep -qxF '[::]' "$work/addresses" && listens_for_both "$1"; }; then
    echo 127.0.0.1
    own_addresses 4
  fi
  if grep -qxF '[::]' "$work/addresses"; then
    echo ::1
    own_addresses 6
  fi
  grep -vxF -e '*' -e '[::]' "$work/addresses" | sed 's/localhost/127.0.0.1/; s/^\[\(.*\)\]$/\1/' || :
}

# nginx_group: the group of its workers, who have to reach the gateway's socket.
nginx_group() {
  [ -s "$directives" ] || { echo www-data; return 0; }
  said=$(main_directive user)
  if [ -z "$said" ]; then
    said=$(built_with user)
    said="$said $(built_with group)"
  fi
  # shellcheck disable=SC2086 # a user, perhaps a group
  set -- $said
  # nginx takes the group of the user's name where none is said.
  for candidate in "${2:-${1:-}}" "$(id -gn "${1:-nobody}" 2>/dev/null)"; do
    [ -z "$candidate" ] || ! getent group "$candidate" >/dev/null || { echo "$candidate"; return 0; }
  done
  echo www-data
}

# site_folder: a folder whose sites nginx reads; nothing where there is none.
site_folder() {
  main=$(head -n 1 "$directives" | cut -f 1)
  awk -F '\t' -v folder="$(dirname "$main")" '
    $2 == "http" && $5 ~ /^include .*\/\*(\.conf)?$/ {
      place = substr($5, 9)
      if (place !~ /^\//) place = folder "/" place
      sub(/\/[^\/]*$/, "", place)
      if (place ~ /\*/) next
      if (found == "" || place ~ /\/conf\.d$/) found = place
    }
    END { print found }' "$directives"
}
