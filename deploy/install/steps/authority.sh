# shellcheck shell=sh disable=SC2154,SC2034
# A certificate from a certificate authority, by certbot. An authority gives few for one name, so it is
# asked last: when the gateway has been reached through nginx, at the address that the authority will ask.

first_cert=$keeps/first-cert.pem
first_key=$keeps/first-key.pem
certbot_log=/var/log/letsencrypt/letsencrypt.log

# By a file below a folder of ours that nginx serves; renewal is certbot's own timer, then a reload,
# which drops no connection.
ask_authority() {
  put_folder "$webroot" 755 root:root
  keep_authority
  prove_first
  change "get a certificate for $opt_domain from ${opt_acme_server:-Lets Encrypt} with certbot" || return 0
  for place in "$letsencrypt" /var/lib/letsencrypt /var/log/letsencrypt; do
    [ -e "$place" ] || record "data $place"
  done
  record "data $webroot/.well-known"
  # One that lies there is its owner's, and certbot writes down anew how it is renewed.
  if [ -e "$renewal_file" ]; then save "$renewal_file"; else record "certificate $opt_domain"; fi
  asked_at=$(date +%s)
  quiet env ${opt_acme_ca:+REQUESTS_CA_BUNDLE="$opt_acme_ca"} certbot certonly --non-interactive --agree-tos \
    --webroot -w "$webroot" -d "$opt_domain" --cert-name "$opt_domain" --deploy-hook "nginx -s reload" \
    ${opt_acme_server:+--server "$opt_acme_server"} ${opt_email:+--email "$opt_email"} \
    ${no_email:+--register-unsafely-without-email} && { note_renewal; return 0; }
  acme_words
  fail 1 "no certificate for $opt_domain could be got: $acme_why" "$acme_next"
}

# note_renewal: so that what its owner changes in there later is told from this.
note_renewal() { [ ! -f "$renewal_file" ] || wrote "$renewal_file"; }

# prove_first: the whole way but for the certificate, with one that the machine signs for the moment.
prove_first() {
  if [ -n "$dry" ]; then
    put_site "$cert_file" "$key_file" ""
    return 0
  fi
  record "remove $first_cert"
  record "remove $first_key"
  sign_for "DNS:$opt_domain" "$first_cert" "$first_key" 2
  put_site "$first_cert" "$first_key" ""
  [ "$supervisor" != none ] || return 0
  find_reached
  prove_everywhere "$local_url" "$(fingerprint "$first_cert")"
}

# Renewals have to trust the same authority, whichever of certbot's timers starts them.
keep_authority() {
  [ -n "$opt_acme_ca" ] || return 0
  keep_authority_in certbot.service
  ! has_systemd || ! systemctl cat snap.certbot.renew.service >/dev/null 2>&1 || keep_authority_in snap.certbot.renew.service
}

# keep_authority_in SERVICE
keep_authority_in() {
  drop_in=/etc/systemd/system/$1.d/openclaw-gateway.conf
  printf '[Service]\nEnvironment=REQUESTS_CA_BUNDLE=%s\n' "$opt_acme_ca" >"$work/certbot.conf"
  ! cmp -s "$work/certbot.conf" "$drop_in" || return 0
  [ -n "$dry" ] || record "reload-systemd"
  put_file "$work/certbot.conf" "$drop_in" 644 root:root
  [ -n "$dry" ] || ! has_systemd || quiet systemctl daemon-reload
}

# acme_words: why and what next, by the type of the authority's last error (RFC 8555, section 6.7).
acme_words() {
  again="then run this again (or add --cert and --key, or --no-tls)"
  acme_type=
  if [ -f "$certbot_log" ] && [ "$(stat -c %Y "$certbot_log")" -ge "$asked_at" ]; then
    acme_type=$(grep -o 'urn:ietf:params:acme:error:[A-Za-z]*' "$certbot_log" | grep -v ':badNonce$' | tail -n 1 | sed 's/.*://')
    acme_detail=$(sed -n 's/.*"detail": *"\(.*\)",*$/\1/p' "$certbot_log" | tail -n 1)
  fi
  acme_why_of "$acme_type"
  [ -z "$acme_type" ] || acme_why="$acme_why (${acme_detail:-$acme_type})"
}

acme_why_of() {
  case "$1" in
    dns)
      acme_why="the authority finds no address for the name"
      acme_next="make the record $opt_domain $(record_kind) $address where the domain's DNS is kept, wait until it is known, $again"
      ;;
    connection)
      acme_why="the authority could not connect to port 80 of $opt_domain"
      acme_next="let $opt_domain lead to this machine ($address) and let port 80 in: $(opens 80), $again"
      ;;
    unauthorized | incorrectResponse)
      acme_why="at $opt_domain something else than this machine answered the authority"
      acme_next="let the name lead to this machine ($address) and to no other, also by its AAAA record and past any proxy in front, $again"
      ;;
    rateLimited)
      acme_why="the authority gives no more certificates for it for now"
      acme_next="wait as long as the authority says, or use a name under another domain, $again"
      ;;
    caa)
      acme_why="the domain's CAA record does not allow this authority"
      acme_next="allow it in the CAA record, $again"
      ;;
    rejectedIdentifier | unsupportedIdentifier)
      acme_why="the authority gives no certificates for this name"
      acme_next="use another name with --domain (or add --cert and --key, or --no-tls)"
      ;;
    invalidContact | unsupportedContact)
      acme_why="the authority does not take the address --email ${opt_email:-}"
      acme_next="give another with --email, or none, then run this again"
      ;;
    serverInternal)
      acme_why="the authority has trouble of its own"
      acme_next="run this again in an hour (or add --cert and --key, or --no-tls)"
      ;;
    '')
      acme_why="certbot did not get an answer from the authority"
      acme_next="less $certbot_log, $again"
      ;;
    *)
      acme_why="the authority refused with $1"
      acme_next="less $certbot_log, $again"
      ;;
  esac
}

record_kind() { case "$address" in *:*) echo AAAA ;; *) echo A ;; esac; }

# The authority gave it once: a failed run leaves it for the next one.
undo_certificate() {
  if [ "$1" = failure ] && [ -e "$letsencrypt/live/$2/fullchain.pem" ]; then
    left_certificate=$2
    kept "certificate $2"
    return 0
  fi
  if [ "$1" = uninstall ] && [ -z "$opt_purge" ]; then
    kept "certificate $2"
    return 0
  fi
  [ -e "$letsencrypt/renewal/$2.conf" ] || return 0
  if command -v certbot >/dev/null 2>&1; then
    quiet certbot delete --non-interactive --cert-name "$2"
  else
    rm -rf "$letsencrypt/live/$2" "$letsencrypt/archive/$2" "$letsencrypt/renewal/$2.conf"
  fi
}
