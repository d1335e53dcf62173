#!/bin/sh
# Prints the nginx site of the gateway for the nginx found and the wishes given.
#
#   sh render-site.sh name=gateway.example.com cert=/path/fullchain.pem key=/path/privkey.pem
#
# Words (each name=value):
#   name=NAMES      server names, separated by spaces; none: the server for every name
#   cert= key=      certificate and key: HTTPS, and HTTP only redirects there; none: plain HTTP
#   hsts=yes        tell browsers to come back by HTTPS only (for certificates that all of them trust)
#   https= http=    ports (443, 80)
#   https_at= http_at=   addresses to listen at, separated by spaces; * is every IPv4 address (* and [::])
#   http2=no        no HTTP/2 where nginx (before 1.25.1) would give it to others on the same port too
#   socket=PATH     where the gateway listens
#   address=IP:PORT likewise, where that is no socket, such as a container's published port
#   webroot=PATH    where certbot puts its challenges
#   workers= connections=   of this nginx (2, 16384 each): what one address may take follows from them
#   nginx=VERSION openssl=VERSION ipv6=yes|no   what is there; looked at when not given
set -eu

name=_ cert='' key='' hsts=no https=443 http=80
socket=/run/openclaw-gateway/public/gateway.sock
address=''
webroot=/var/lib/openclaw-gateway-acme
https_at='' http_at='' http2=yes
nginx='' openssl='' ipv6=''
workers=2 connections=16384

for word in "$@"; do
  value=${word#*=}
  case $word in
    name=*) name=${value:-_} ;;
    cert=*) cert=$value ;;
    key=*) key=$value ;;
    hsts=*) hsts=$value ;;
    https=*) https=$value ;;
    http=*) http=$value ;;
    https_at=*) https_at=$value ;;
    http_at=*) http_at=$value ;;
    http2=*) http2=$value ;;
    socket=*) socket=$value ;;
    address=*) address=$value ;;
    webroot=*) webroot=$value ;;
    nginx=*) nginx=$value ;;
    openssl=*) openssl=$value ;;
    ipv6=*) ipv6=$value ;;
    workers=*) workers=$value ;;
    connections=*) connections=$value ;;
    *)
      echo "render-site.sh: unknown word: $word" >&2
      exit 2
      ;;
  esac
done

# Whatever is printed becomes configuration: nothing in it may end a directive.
case "$name $cert $key $socket $address $webroot" in
  *[!][A-Za-z0-9._/@:\ *-]*)
    echo "render-site.sh: names, paths and addresses may hold letters, digits and . _ - / @ : [ ] only" >&2
    exit 2
    ;;
esac
case "$https_at $http_at" in
  *[!A-Za-z0-9._:\ *[\]-]*)
    echo "render-site.sh: addresses to listen at are IP addresses, names, or *" >&2
    exit 2
    ;;
esac
case "$https$http$workers$connections" in
  *[!0-9]*)
    echo "render-site.sh: ports, workers and connections are numbers" >&2
    exit 2
    ;;
esac

# A client takes two of a worker's connections, and all of one address may come to one worker: half of
# what one can hold, a quarter where there is no other worker.
per_address=$((connections / 4))
if [ "$workers" -lt 2 ]; then per_address=$((connections / 8)); fi
[ "$per_address" -gt 0 ] || per_address=1
plain_per_address=$(((per_address + 3) / 4))

if [ -z "$nginx" ]; then
  said=$(nginx -V 2>&1)
  nginx=$(printf '%s\n' "$said" | sed -n 's|^nginx version: nginx/\([0-9.]*\).*|\1|p')
  running=$(printf '%s\n' "$said" | sed -n 's/.*running with OpenSSL \([0-9.]*\).*/\1/p')
  built=$(printf '%s\n' "$said" | sed -n 's/^built with OpenSSL \([0-9.]*\).*/\1/p')
  openssl=${openssl:-${running:-$built}}
fi
if [ -z "$ipv6" ]; then
  if [ -e /proc/net/if_inet6 ]; then ipv6=yes; else ipv6=no; fi
fi

# least 1.25.1 "$nginx": whether a version is at least that.
least() {
  printf '%s\n%s\n' "$1" "$2" | awk -F. '
    NR == 1 { for (i = 1; i <= 3; i++) want[i] = $i + 0 }
    NR == 2 { for (i = 1; i <= 3; i++) if ($i + 0 != want[i]) exit !($i + 0 > want[i]) }'
}

# The one server that answers for names nobody else has.
default=''
if [ "$name" = _ ]; then default=' default_server'; fi

# listens PORT ADDRESSES [ssl]
listens() {
  http2_word=''
  if [ -n "${3-}" ] && [ "$http2" = yes ] && ! least 1.25.1 "$nginx"; then http2_word=' http2'; fi
  at=$2
  if [ -z "$at" ]; then
    at='*'
    if [ "$ipv6" = yes ]; then at='* [::]'; fi
  fi
  # An address may be "*", which is no pattern here.
  set -f
  for address in $at; do
    where=$address:$1
    if [ "$address" = '*' ]; then where=$1; fi
    echo "  listen $where${3:+ $3}$http2_word$default;"
  done
  set +f
  if [ -n "${3-}" ] && least 1.25.1 "$nginx"; then echo '  http2 on;'; fi
}

head_of_file() {
  cat <<'END'
# Made by the OpenClaw gateway (nginx/render-site.sh); made anew when it is set up again. Names of
# maps, zones and upstreams carry our prefix, so that they meet nobody else's.

END
}

shared_parts() {
  cat <<END
map \$http_upgrade \$openclaw_connection {
  default upgrade;
  # Empty, not "close": plain requests keep the connection to the gateway open.
  "" "";
}

# What counts as one client: an IPv4 address, or the /64 of an IPv6 address. Read from its bytes, as
# one address can be written in many ways.
map \$binary_remote_addr \$openclaw_client {
  default \$binary_remote_addr;
  "~^\\x00{10}\\xff{2}(?<openclaw_v4>(?s:.{4}))\\z" \$openclaw_v4;
  "~^(?<openclaw_net>(?s:.{8}))(?s:.{8})\\z" \$openclaw_net;
}

# Handshakes of WebSockets are limited, and apart from them all other requests: an empty key is not
# counted. The gateway takes nothing for a handshake that does not say so in this header.
map \$http_upgrade \$openclaw_handshake {
  default \$openclaw_client;
  "" "";
}
map \$http_upgrade \$openclaw_plain {
  default "";
  "" \$openclaw_client;
}

# Sized for many people behind one address, and for what this nginx holds in all: the gateway itself
# has the finer limits.
limit_conn_zone \$openclaw_handshake zone=openclaw_connections:10m;
limit_conn_zone \$openclaw_plain zone=openclaw_requests:10m;
limit_req_zone \$openclaw_handshake zone=openclaw_handshakes:10m rate=200r/s;

upstream openclaw_gateway {
  server ${address:-unix:$socket} max_fails=0;
  keepalive 16;
}

END
}

gateway_locations() {
  cat <<END
  # Neither requests nor errors are logged: both lines would hold the address asked for, and that may
  # hold somebody's token. The gateway's own log tells who came, without secrets.
  access_log off;
  error_log /dev/null;

  client_max_body_size 64k;
  # Who connects and says nothing, or does not read, has a place here no longer than the gateway gives.
  client_header_timeout 10s;
  client_body_timeout 10s;
  send_timeout 20s;
  keepalive_timeout 20s;
  reset_timedout_connection on;
  limit_conn openclaw_connections $per_address;
  limit_conn openclaw_requests $plain_per_address;
  limit_conn_status 429;
  limit_req zone=openclaw_handshakes burst=$per_address nodelay;
  limit_req_status 429;

  location / {
    proxy_pass http://openclaw_gateway;
    proxy_http_version 1.1;
    proxy_set_header Host \$http_host;
    proxy_set_header Upgrade \$http_upgrade;
    proxy_set_header Connection \$openclaw_connection;
    # Overwritten, never appended: what a client claims about its address must not survive.
    proxy_set_header X-Forwarded-For \$remote_addr;
    proxy_set_header X-Forwarded-Proto \$scheme;
    proxy_set_header Forwarded "";
    proxy_set_header X-Real-IP "";
    proxy_buffering off;
    # The gateway pings after 24 s of silence and drops after 40: this must be longer.
    proxy_read_timeout 90s;
    proxy_send_timeout 90s;
    proxy_connect_timeout 2s;
  }
END
}

challenges() {
  cat <<END
  location ^~ /.well-known/acme-challenge/ {
    root $webroot;
    default_type text/plain;
  }
END
}

plain_server() {
  echo 'server {'
  listens "$http" "$http_at"
  echo "  server_name $name;"
  echo
  gateway_locations
  echo '}'
}

redirecting_server() {
  echo 'server {'
  listens "$http" "$http_at"
  echo "  server_name $name;"
  echo '  access_log off;'
  echo
  challenges
  echo "  location / { return 308 https://\$host$port\$request_uri; }"
  echo '}'
}

tls_server() {
  echo
  echo 'server {'
  listens "$https" "$https_at" ssl
  echo "  server_name $name;"
  echo
  echo "  ssl_certificate $cert;"
  echo "  ssl_certificate_key $key;"
  # Mozilla's intermediate profile (guidelines 6.0). OpenSSL knows the first curve from 3.5 on.
  echo '  ssl_protocols TLSv1.2 TLSv1.3;'
  echo '  ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;'
  echo '  ssl_prefer_server_ciphers off;'
  curves=X25519:prime256v1:secp384r1
  if least 3.5.0 "${openssl:-0}"; then curves=X25519MLKEM768:$curves; fi
  echo "  ssl_ecdh_curve $curves;"
  echo '  ssl_session_timeout 1d;'
  echo '  ssl_session_cache shared:openclaw_tls:10m;'
  echo '  ssl_session_tickets off;'
  if [ "$hsts" = yes ]; then
    echo '  add_header Strict-Transport-Security "max-age=63072000" always;'
  fi
  echo
  gateway_locations
  echo '}'
}

head_of_file
shared_parts
if [ -z "$cert" ]; then
  plain_server
  exit 0
fi
port=''
if [ "$https" != 443 ]; then port=:$https; fi
redirecting_server
tls_server
