# shellcheck shell=sh disable=SC2154,SC2034
# The certificate: one that was given, one from a certificate authority for a domain, else one that
# the machine signs itself.

own_folder=/etc/nginx/openclaw-gateway
webroot=/var/lib/openclaw-gateway-acme
renewal_hook=$letsencrypt/renewal-hooks/deploy/openclaw-gateway

# Which kind, and where its files are or will be.
choose_certificate() {
  certificate_kind=none
  cert_file=
  key_file=
  [ -z "$opt_no_nginx" ] && [ -z "$opt_no_tls" ] || return 0
  if [ -n "$opt_cert" ]; then
    certificate_kind=given
    cert_file=$opt_cert
    key_file=$opt_key
  elif [ -n "$opt_domain" ]; then
    certificate_kind=certbot
    cert_file=$letsencrypt/live/$opt_domain/fullchain.pem
    key_file=$letsencrypt/live/$opt_domain/privkey.pem
    renewal_file=$letsencrypt/renewal/$opt_domain.conf
  else
    certificate_kind=own
    cert_file=$own_folder/cert.pem
    key_file=$own_folder/key.pem
  fi
}

certificate() {
  [ -n "$dry" ] || [ -n "$certificate_seen" ] || see_certificate
  case "$certificate_kind" in
    certbot) if [ "$certificate_state" = reuse ]; then keep_renewing; else ask_authority; fi ;;
    own) own_is_whole || sign_own ;;
  esac
}

# Whether the machine's own certificate and its key are there and belong together.
own_is_whole() {
  [ -s "$cert_file" ] && [ -s "$key_file" ] || return 1
  of_cert=$(openssl x509 -in "$cert_file" -noout -pubkey 2>/dev/null) || return 1
  [ "$of_cert" = "$(openssl pkey -in "$key_file" -pubout 2>/dev/null)" ]
}

# Native clients can pin it by its fingerprint; browsers warn.
sign_own() {
  # Where nginx has its settings elsewhere there is no folder above it.
  [ -n "$dry" ] || parents "$own_folder"
  put_data_folder "$own_folder" 700 root:root
  change "make a certificate for $address, signed by this machine itself, in $own_folder" || return 0
  # Clients have pinned it: it outlives an uninstall that does not purge.
  save "$own_folder/key.pem" data
  save "$own_folder/cert.pem" data
  sign_for "IP:$address" "$own_folder/cert.pem" "$own_folder/key.pem" 3650
  nginx_stale=1
}

# see_certificate: where openssl came only now, what lies there could not be looked at before.
see_certificate() {
  : >"$work/wrong"
  check_certificate
  [ ! -s "$work/wrong" ] || fail 1 "$(head -n 1 "$work/wrong")" ""
}

# check_certificate: what lies there already, looked at before anything is changed. certificate_state: missing,
# renew, reuse, or given.
check_certificate() {
  certificate_state=missing
  certificate_seen=
  command -v openssl >/dev/null 2>&1 || return 0
  certificate_seen=1
  case "$certificate_kind" in
    given)
      certificate_state=given
      [ -r "$cert_file" ] && [ -r "$key_file" ] || return 0
      problem=$(certificate_problem "$cert_file" "$key_file" "$opt_domain")
      if [ -z "$problem" ]; then check_chain; else wrong "$problem; give another with --cert and --key"; fi
      ;;
    certbot)
      [ -e "$cert_file" ] || return 0
      certificate_state=reuse
      problem=$(certificate_problem "$cert_file" "$key_file" "$opt_domain")
      if [ -z "$problem" ]; then
        check_chain
        check_renewal
      elif certificate_names "$cert_file" "$opt_domain" && ! certificate_in_time "$cert_file" && [ -f "$renewal_file" ]; then
        certificate_state=renew
        if certificate_covers_more "$cert_file" "$opt_domain"; then
          wrong "$problem; as it is for other names too, it is left to you to renew it (certbot renew --cert-name $opt_domain), or give another with --cert and --key"
          return 0
        fi
        caution "$problem; certbot will be asked to renew it."
      else
        wrong "$problem; move it out of the way, or give another with --cert and --key"
      fi
      ;;
  esac
}

check_chain() {
  certificate_trusted "$cert_file" "$opt_domain" ||
    caution "browsers will refuse $cert_file: its chain is not complete, or ends at nobody whom this machine trusts."
}

# check_renewal: whether a certificate that is reused will go on being renewed, and by what.
check_renewal() {
  renewal_way=
  if [ ! -f "$renewal_file" ]; then
    caution "$cert_file is used as it is; certbot has no $renewal_file, so it will not be renewed ($(certificate_dates "$cert_file"))."
    return 0
  fi
  renewal_way=$(renewal_word authenticator)
  case "$renewal_way" in standalone | webroot | apache) ;; *) return 0 ;; esac
  [ "$renewal_way/$(renewal_word webroot_path)" != "webroot/$webroot," ] || return 0
  if certificate_covers_more "$cert_file" "$opt_domain"; then
    caution "$cert_file is for other names too and is left as it is: certbot renews it by $renewal_way, which cannot work for $opt_domain while nginx answers there for the gateway. A certificate of its own ends that: certbot certonly --webroot -w $webroot -d $opt_domain"
    return 0
  fi
  renewal_way=ours
}

renewal_word() { sed -n "s/^$1 *= *//p" "$renewal_file" | tail -n 1; }

# keep_renewing: by a file that nginx serves, since nginx holds port 80 now; and nginx hears of it.
keep_renewing() {
  if [ -f "$renewal_file" ]; then
    # A run that failed leaves the certificate alone, without what renews it.
    [ -d "$webroot" ] || [ -n "$dry" ] || record "data $webroot/.well-known"
    if [ "$renewal_way" = ours ] || [ "$(renewal_word webroot_path)" = "$webroot," ]; then
      put_folder "$webroot" 755 root:root
    fi
    keep_authority
  fi
  if [ "$renewal_way" = ours ]; then
    dropped=$(web_server_hooks | paste -sd , | sed 's/,/, /g')
    if change "let certbot renew $opt_domain by files in $webroot (was: $(renewal_word authenticator))${dropped:+, without $dropped}"; then
      save "$renewal_file"
      renew_by_webroot <"$renewal_file" >"$work/renewal.conf"
      cat "$work/renewal.conf" >"$renewal_file"
      wrote "$renewal_file"
    fi
  fi
  [ -f "$renewal_file" ] || return 0
  case "$(renewal_word renew_hook)" in *nginx*) return 0 ;; esac
  # shellcheck disable=SC2016 # certbot's shell expands it
  printf '#!/bin/sh\ncase " $RENEWED_DOMAINS " in *" %s "*) nginx -s reload ;; esac\n' "$opt_domain" >"$work/hook"
  [ -d "${renewal_hook%/*}" ] || [ -n "$dry" ] || parents "$renewal_hook"
  put_file "$work/hook" "$renewal_hook" 755 root:root
}

# web_server_hooks: lines that stop or start a web server around a renewal, which needs no such stop now.
web_server_hooks() { grep -E '^(pre|post)_hook *=.*(nginx|apache|httpd)' "$renewal_file" || :; }

renew_by_webroot() {
  awk -v webroot="$webroot" -v name="$opt_domain" '
    /^webroot_path *=/ || /^(pre|post)_hook *=.*(nginx|apache|httpd)/ { next }
    /^\[\[webroot_map\]\]/ { skipping = 1; next }
    /^\[/ { skipping = 0 }
    skipping { next }
    /^authenticator *=/ { print "authenticator = webroot"; print "webroot_path = " webroot ","; next }
    { print }
    END { print "[[webroot_map]]"; print name " = " webroot }'
}

# say_renewal: certbot's packages bring a timer; other ways to install it leave that to people.
say_renewal() {
  [ "$certificate_kind" = certbot ] && [ -f "$renewal_file" ] || return 0
  ! has_systemd || for timer in certbot.timer snap.certbot.renew.timer; do
    ! systemctl is-enabled -q "$timer" 2>/dev/null || return 0
  done
  ! grep -rqs certbot /etc/crontab /etc/cron.d /etc/cron.daily /etc/cron.weekly /var/spool/cron || has_only_debians_cron || return 0
  say "Note: nothing on this machine starts certbot by itself, so the certificate will not be renewed ($(certificate_dates "$cert_file"))."
}

# Debian's own line in cron does nothing under systemd.
has_only_debians_cron() {
  has_systemd && [ "$(grep -rls certbot /etc/crontab /etc/cron.d /etc/cron.daily /etc/cron.weekly /var/spool/cron)" = /etc/cron.d/certbot ]
}

# fingerprint FILE: SHA-256 of a certificate.
fingerprint() {
  openssl x509 -in "$1" -noout -fingerprint -sha256 2>/dev/null | sed 's/.*=//; s/://g' | tr 'A-F' 'a-f'
}
