# shellcheck shell=sh disable=SC2154,SC2034
# What was chosen is kept with the installation, so that a run changes only what it names.

choices_file=$keeps/choices
value_choices='domain address email port cert key acme_server acme_ca http_port https_port supervisor'
flag_choices='no_nginx no_tls tune_nginx no_tune_nginx'

# recall_choices: completes this run's options by those of the runs before it.
recall_choices() {
  named=' '
  for choice in $value_choices $flag_choices; do
    # An install.sh of an older release knows fewer.
    eval "given=\${opt_$choice:=}"
    [ -z "$given" ] || named="$named$choice "
  done
  # Kept for runs from other folders; a link that a renewal moves on stays one.
  for choice in cert key acme_ca; do
    eval "given=\$opt_$choice"
    [ -n "$given" ] || continue
    eval "opt_$choice=\$(realpath -sm \"\$given\")"
    eval "given=\$opt_$choice"
    # The folder that it was named from is part of it now; all of it goes into a line of configuration.
    case "$given" in
      *[!A-Za-z0-9._/@:-]*) fail 2 "--$(printf '%s' "$choice" | tr _ -): \"$given\" has characters that don't belong there; letters, digits and . _ - / @ : do" "copy it to a folder such as /etc/ssl/gateway, and name it there" ;;
    esac
  done
  if [ -f "$choices_file" ]; then
    cp "$choices_file" "$work/recalled"
  else
    choices_of_machine >"$work/recalled"
  fi
  as_before=
  for choice in $value_choices $flag_choices; do recall "$choice"; done
  [ -z "$as_before" ] || say "as before:$as_before"
}

is_named() { case "$named" in *" $1 "*) return 0 ;; esac; return 1; }

recall() {
  ! is_named "$1" && ! given_up "$1" || return 0
  kept_value=$(recalled "$1")
  [ -n "$kept_value" ] || return 0
  eval "opt_$1=\$kept_value"
  case " $value_choices " in
    *" $1 "*) as_before="$as_before --$(printf '%s' "$1" | tr _ -) $kept_value" ;;
    *) as_before="$as_before --$(printf '%s' "$1" | tr _ -)" ;;
  esac
}

# recalled NAME: what the runs before this one chose, or found out.
recalled() { sed -n "s/^$1 //p" "$work/recalled" | head -n 1; }

# given_up NAME: whether this run says the opposite. An install.sh of an older release knows no opposites.
given_up() {
  [ -z "$(forgotten "$1")" ] || return 0
  case "$1" in
    no_nginx) [ -n "${opt_nginx:-}" ] ;;
    no_tls) [ -n "${opt_tls:-}" ] || is_named cert ;;
    tune_nginx) is_named no_tune_nginx ;;
    no_tune_nginx) is_named tune_nginx ;;
    *) return 1 ;;
  esac
}

# forgotten NAME: something where this run gives the value up.
forgotten() { case " ${opt_forget:-} " in *" $1 "*) echo 1 ;; esac; }

# The last step: a run that failed chose nothing.
remember() {
  for choice in $value_choices $flag_choices; do
    eval "given=\$opt_$choice"
    [ -z "$given" ] || printf '%s %s\n' "$choice" "$given"
  done >"$work/choices"
  # What the configuration got from here: anything else in it is the owner's.
  [ -z "$public_url" ] || printf 'public_url %s\n' "$public_url" >>"$work/choices"
  [ -z "$public_pin" ] || printf 'public_pin %s\n' "$public_pin" >>"$work/choices"
  put_file "$work/choices" "$choices_file" 600 root:root data
}

# choices_of_machine: those of an installation that kept none, as far as its files tell them.
choices_of_machine() {
  [ -s "$journal" ] && [ -e "$prefix/current" ] || return 0
  if grep -q '^pm2 ' "$journal"; then
    echo 'supervisor pm2'
  elif [ ! -e "$unit_file" ]; then
    echo 'supervisor none'
  fi
  gateway_has=$(sed -n 's/^ *"port": \([0-9]*\).*/\1/p' "$config_file" 2>/dev/null | head -n 1)
  if [ -f "$nginx_file" ]; then
    [ -z "$gateway_has" ] || echo "port $gateway_has"
    choices_of_site
  else
    [ "${gateway_has:-18789}" = 18789 ] || echo "port $gateway_has"
    echo 'no_nginx 1'
  fi
  public_url_there=$(sed -n 's/^ *"publicUrl": "\([^"]*\)".*/\1/p' "$config_file" 2>/dev/null | head -n 1)
  [ -z "$public_url_there" ] || echo "public_url $public_url_there"
}

# Our site is rendered in one way, one directive a line.
choices_of_site() {
  site_names=$(sed -n 's/^  server_name \([^ ;]*\).*/\1/p' "$nginx_file" | head -n 1)
  case "$site_names" in '' | _ | 127.0.0.1) ;; *) echo "domain $site_names" ;; esac
  site_cert=$(sed -n 's/^  ssl_certificate \(.*\);/\1/p' "$nginx_file")
  case "$site_cert" in
    '') echo 'no_tls 1' ;;
    "$own_folder"/* | "/etc/letsencrypt/live/$site_names/"*) ;;
    *)
      echo "cert $site_cert"
      echo "key $(sed -n 's/^  ssl_certificate_key \(.*\);/\1/p' "$nginx_file")"
      ;;
  esac
  plain_port=$(sed -n 's/^  listen \([0-9]*\)[; ].*/\1/p' "$nginx_file" | head -n 1)
  [ "${plain_port:-80}" = 80 ] || echo "http_port $plain_port"
  tls_port=$(sed -n 's/^  listen \([0-9]*\) ssl.*/\1/p' "$nginx_file" | head -n 1)
  [ "${tls_port:-443}" = 443 ] || echo "https_port $tls_port"
  if [ ! -e "$limit_file" ]; then
    echo 'no_tune_nginx 1'
  elif ! untouched_conf; then
    echo 'tune_nginx 1'
  fi
}
