# shellcheck shell=sh disable=SC2154,SC2034
# What a machine that serves something already has, looked at before anything is changed: what would be
# harmed is refused, what would change for others is said.

caution() { say "Note: $1"; }

check_in_use() {
  nginx_file=/etc/nginx/conf.d/$ours_in_nginx
  read_nginx
  web_group=$(nginx_group)
  [ -z "$opt_no_nginx" ] || return 0
  check_held "$http_port" --http-port
  [ -z "$cert_file" ] || check_held "$https_port" --https-port
  [ -n "$nginx_version" ] || return 0
  check_unit_of_nginx
  check_site_folder
  check_name
  check_how_others_listen "$http_port" --http-port
  [ -z "$cert_file" ] || check_how_others_listen "$https_port" --https-port
}

# check_held PORT OPTION: by a program that is not nginx, or by an nginx that this one does not know of.
check_held() {
  listens "$1" || return 0
  holder=$(ss -Hltnp "sport = :$1" 2>/dev/null | grep -v '(("nginx"' | sed -n 's/.*users:(("\([^"]*\)".*/\1/p' | head -n 1)
  if [ -z "$holder" ]; then
    # Where nobody says who listens it is nginx, if that has the port.
    [ ! -f "$nginx_file" ] || ! grep -qE "^ *listen [^;]*\b$1[ ;]" "$nginx_file" || return 0
    [ -z "$(others_on "$1")" ] || return 0
    holder=$(listener "$1")
    started=$(other_nginx)
    [ "$holder" != nginx ] || [ -z "$started" ] || holder="nginx ($started)"
  fi
  wrong "port $1 is taken by ${holder:-another program}, where nginx would listen; use another: $2 $(other_port "$1") (or free it, or add --no-nginx)"
}

# check_unit_of_nginx: what it reads when it is told to reload has to be what nginx -T prints.
check_unit_of_nginx() {
  has_systemd && systemctl is-active -q nginx.service 2>/dev/null || return 0
  master=$(nginx_master)
  [ -z "$master" ] || return 0
  started=$(other_nginx)
  wrong "nginx.service runs nginx with another configuration than the one that nginx -T prints${started:+ ($started)}; add --no-nginx and lead to the gateway from there yourself"
}

other_port() {
  other=$(($1 < 1024 ? $1 + 8000 : $1 + 1))
  while listens "$other"; do other=$((other + 1)); done
  echo "$other"
}

check_site_folder() {
  [ -s "$directives" ] || return 0
  folder=$(site_folder)
  if [ -n "$folder" ]; then
    nginx_file=$folder/$ours_in_nginx
  else
    wrong "its nginx reads no folder of sites; add this line to the http block of $(head -n 1 "$directives" | cut -f 1): include /etc/nginx/conf.d/*.conf; (or add --no-nginx)"
  fi
}

# sites_named NAME: FILE and "exact" or "pattern" of each server of others that answers to NAME on a port
# of ours.
sites_named() {
  awk -F '\t' -v name="$(printf '%s' "$1" | tr '[:upper:]' '[:lower:]')" -v http="$http_port" -v https="${cert_file:+$https_port}" '
    NR == FNR {
      if ($1 == "http" && ($2 == http || $2 == https)) ours[$6] = $5
      next
    }
    ($3 in ours) && $5 ~ /^server_name / {
      count = split(tolower($5), names, " ")
      for (i = 2; i <= count; i++) {
        if (names[i] == name || names[i] == "." name) print "exact\t" ours[$3]
        else if (names[i] ~ /^(\*)?\./) {
          tail = names[i]
          sub(/^\*/, "", tail)
          if (substr(name, length(name) - length(tail) + 1) == tail) print "pattern\t" ours[$3]
        }
      }
    }' "$listens" "$directives" | sort -u
}

check_name() {
  [ -n "$opt_domain" ] || return 0
  sites_named "$opt_domain" >"$work/named"
  taken=$(sed -n 's/^exact\t//p' "$work/named" | head -n 1)
  [ -z "$taken" ] || wrong "another site of nginx answers to $opt_domain already: $taken; give the gateway a name of its own with --domain, or other ports with --http-port and --https-port"
  like=$(sed -n 's/^pattern\t//p' "$work/named" | head -n 1)
  [ -z "$like" ] || [ -n "$taken" ] || caution "$like answers for all names like $opt_domain; for that one the gateway will answer instead."
}

# check_how_others_listen PORT OPTION
check_how_others_listen() {
  addresses_for "$1" >"$work/addresses"
  refuse_listen "$1" "$2" stream "" "passes port $1 on in a stream block"
  refuse_listen "$1" "$2" http proxy_protocol "awaits the PROXY protocol on port $1, which clients do not speak"
  if [ "$2" = --https-port ]; then
    refuse_listen "$1" "$2" http "" "answers plain HTTP on port $1" ssl
  else
    refuse_listen "$1" "$2" http ssl "answers HTTPS on port $1"
  fi
  check_unnamed "$1"
}

# refuse_listen PORT OPTION KIND WITH WORDS [WITHOUT]: a server of others at an address of ours.
refuse_listen() {
  found=$(awk -F '\t' -v port="$1" -v kind="$3" -v with="$4" -v without="${6:-}" '
    NR == FNR { ours[$1]; next }
    $1 == kind && $2 == port && (kind == "stream" || $3 in ours) &&
      (with == "" || (" " $4 " ") ~ " " with " ") && (without == "" || (" " $4 " ") !~ " " without " ") {
      print $5
      exit
    }' "$work/addresses" "$listens")
  [ -z "$found" ] || wrong "$found $5; use another port: $2 $(other_port "$1") (or add --no-nginx)"
}

# check_unnamed PORT: without a name ours answers whatever has no name of its own; with one it does so too
# where nginx reads it before the others and none of them says that it is the default.
check_unnamed() {
  awk -F '\t' -v port="$1" '
    NR == FNR { ours[$1]; next }
    $1 == "http" && $2 == port && $3 in ours {
      if ((" " $4 " ") ~ / default(_server)? /) says[$3] = $5
      if (!($3 in first)) { first[$3] = $5; order[$3] = $7 }
    }
    END { for (place in first) print (place in says ? "says\t" says[place] : "first\t" first[place]) "\t" order[place] }
  ' "$work/addresses" "$listens" | sort -u >"$work/unnamed"
  if [ -z "$opt_domain" ]; then
    # Debian's untouched example steps aside.
    default=$(sed -n 's/^says\t\(.*\)\t.*/\1/p' "$work/unnamed" | while read -r file; do
      [ "$file" = "$debian_default" ] && untouched_default || echo "$file"
    done | head -n 1)
    [ -z "$default" ] || wrong "another site of nginx answers whatever has no name of its own on port $1: $default; give the gateway a name: --domain gateway.example.com (or add --no-nginx)"
  fi
  sed -n 's/^first\t//p' "$work/unnamed" | while IFS='	' read -r file order; do
    comes_first "$file" "$order" || continue
    caution "on port $1 the gateway will answer whatever has no name of its own, as $file does now; to leave that to it, write default_server into its listen line${opt_domain:+ or give that site a file that sorts before $nginx_file}${opt_domain:-, and give the gateway a name: --domain gateway.example.com}."
  done
}

# comes_first FILE ORDER: whether nginx reads ours before that file, or ours asks for it.
comes_first() {
  [ -n "$opt_domain" ] || return 0
  own_order=$(awk -F '\t' -v folder="$(dirname "$nginx_file")" '
    $5 ~ /^include / { count++; if (!found && index($5, folder "/")) found = count } END { print found + 0 }' "$directives")
  [ "$own_order" -ne "$2" ] || { [ "$(printf '%s\n%s\n' "$1" "$nginx_file" | sort | head -n 1)" = "$nginx_file" ]; return; }
  [ "$own_order" -lt "$2" ]
}

# check_openings: an authority that cannot connect counts the failure all the same. Only said, since rules
# can let a port in in more ways than are looked at.
check_openings() {
  [ "$certificate_kind" = certbot ] && [ "$certificate_state" != reuse ] || return 0
  command=$(opening "$http_port")
  [ -z "$command" ] || caution "this machine's firewall seems to let nobody in on port $http_port, where the certificate authority will ask for $opt_domain; to open it: $command"
}
