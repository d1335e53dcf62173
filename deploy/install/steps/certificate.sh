# shellcheck shell=sh disable=SC2154,SC2034
# The certificate: one that was given, one from a certificate authority for a domain, else one that
# the machine signs itself.

own_folder=/etc/nginx/openclaw-gateway
webroot=/var/lib/openclaw-gateway-acme

# Which kind, and where its files are or will be.
choose_certificate() {
  certificate_kind=none
  cert_file=
  key_file=
  hsts=
  [ -z "$opt_no_nginx" ] && [ -z "$opt_no_tls" ] || return 0
  if [ -n "$opt_cert" ]; then
    certificate_kind=given
    cert_file=$(readlink -f "$opt_cert" || :)
    key_file=$(readlink -f "$opt_key" || :)
  elif [ -n "$opt_domain" ]; then
    certificate_kind=certbot
    cert_file=/etc/letsencrypt/live/$opt_domain/fullchain.pem
    key_file=/etc/letsencrypt/live/$opt_domain/privkey.pem
    hsts=1
  else
    certificate_kind=own
    cert_file=$own_folder/cert.pem
    key_file=$own_folder/key.pem
  fi
}

certificate() {
  case "$certificate_kind" in
    certbot) [ -e "$cert_file" ] || ask_authority ;;
    own) [ -e "$cert_file" ] || sign_own ;;
  esac
}

# Native clients can pin it by its fingerprint; browsers warn.
sign_own() {
  put_folder "$own_folder" 700 root:root
  change "make a certificate for $address, signed by this machine itself, in $own_folder" || return 0
  record "remove $own_folder/key.pem"
  record "remove $own_folder/cert.pem"
  quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj "/CN=OpenClaw gateway" -addext "subjectAltName=IP:$address" \
    -keyout "$own_folder/key.pem" -out "$own_folder/cert.pem.new"
  mv -f "$own_folder/cert.pem.new" "$own_folder/cert.pem"
}

# By a file below a folder of ours that nginx serves; renewal is certbot's own timer, then a reload,
# which drops no connection.
ask_authority() {
  put_folder "$webroot" 755 root:root
  put_site name="$opt_domain" stage=acme http="$http_port"
  keep_authority
  change "get a certificate for $opt_domain from ${opt_acme_server:-Lets Encrypt} with certbot" || return 0
  for place in /etc/letsencrypt /var/lib/letsencrypt /var/log/letsencrypt; do
    [ -e "$place" ] || record "data $place"
  done
  record "data $webroot/.well-known"
  record "certificate $opt_domain"
  quiet env ${opt_acme_ca:+REQUESTS_CA_BUNDLE="$opt_acme_ca"} certbot certonly --non-interactive --agree-tos \
    --webroot -w "$webroot" -d "$opt_domain" --cert-name "$opt_domain" --deploy-hook "nginx -s reload" \
    ${opt_acme_server:+--server "$opt_acme_server"} ${opt_email:+--email "$opt_email"} \
    ${no_email:+--register-unsafely-without-email} && return 0
  fail 1 "no certificate for $opt_domain could be got" \
    "let the name $opt_domain lead to this machine and port 80 be open, then run this again (or add --cert and --key, or --no-tls)"
}

# Renewals have to trust the same authority.
keep_authority() {
  [ -n "$opt_acme_ca" ] || return 0
  printf '[Service]\nEnvironment=REQUESTS_CA_BUNDLE=%s\n' "$opt_acme_ca" >"$work/certbot.conf"
  [ -n "$dry" ] || record "reload-systemd"
  put_file "$work/certbot.conf" /etc/systemd/system/certbot.service.d/openclaw-gateway.conf 644 root:root
  [ -n "$dry" ] || ! has_systemd || quiet systemctl daemon-reload
}

undo_certificate() {
  if [ "$1" = uninstall ] && [ -z "$opt_purge" ]; then
    kept "certificate $2"
    return 0
  fi
  command -v certbot >/dev/null 2>&1 || return 0
  [ -e "/etc/letsencrypt/renewal/$2.conf" ] || return 0
  quiet certbot delete --non-interactive --cert-name "$2"
}

# fingerprint FILE: SHA-256 of a certificate.
fingerprint() {
  openssl x509 -in "$1" -noout -fingerprint -sha256 2>/dev/null | sed 's/.*=//; s/://g' | tr 'A-F' 'a-f'
}
