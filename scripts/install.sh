#!/bin/sh
# Installs the OpenClaw gateway on a Debian or Ubuntu VPS:  curl -fsSL <address>/install.sh | bash
# To read it first:  curl -fsSLO <address>/install.sh; less install.sh; sudo sh install.sh --dry-run
#
# This first stage is all that is trusted unseen. It fetches the release's manifest and its signature,
# checks the signature with the key below, fetches the installer that the manifest names, checks its
# length and SHA-256, and only then unpacks it and goes on with it. It changes nothing itself.
# One brace around everything: a script that was cut off on its way has no effect.
# shellcheck disable=SC2034,SC2154 # options are read by the second stage
{
base_url=''
public_key=''

set -eu
# What this person's own programs are to start with again.
person_umask=$(umask)
person_locale=${LC_ALL:-}
umask 077
LC_ALL=C
export LC_ALL

usage() {
  cat <<'HELP'
install.sh [options]            each has a twin in the environment: OPENCLAW_INSTALL_<NAME>
  --dry-run                     print what would be done; change nothing
  --yes                         do not ask
  --version VERSION             this version instead of the newest (older ones too)
  --domain NAME                 the name people reach the gateway by
  --address ADDRESS             the address that others reach this machine by, where it is not its own
  --email ADDRESS               for the certificate authority's warnings
  --port PORT                   let the gateway listen on this TCP port of 127.0.0.1 as well
  --no-nginx                    no nginx in front; people come through a tunnel or your own proxy
  --no-tls                      nginx without TLS
  --cert FILE --key FILE        a certificate (with its chain) that you have
  --acme-server URL             another certificate authority than Let's Encrypt
  --acme-ca FILE                what that authority's own certificate is checked with
  --http-port PORT              where nginx answers plain HTTP (80)
  --https-port PORT             where nginx answers HTTPS (443)
  --nginx  --tls                nginx, or TLS, after all
  --tune-nginx                  let nginx hold thousands of connections, where its nginx.conf is not
                                Debian's own (which is changed anyway, and changed back by --uninstall)
  --no-tune-nginx               leave nginx.conf as it is
  --supervisor systemd|pm2|none what keeps the gateway running (systemd)
  --offline FILE                an archive made by "npm run release -- --sign KEY --offline"
  --uninstall [--purge]         take it off again; --purge: devices, keys and configuration too
  --json                        the result as JSON on standard output, progress on standard error
  --help
What was chosen is kept: run again, it is as before, and only what is named changes. The word none gives
a value up: --domain none. OPENCLAW_INSTALL_NO_NGINX=0 is the same as --nginx.
Exit codes: 0 done, 1 failed (everything undone), 2 not understood, 3 this machine is not fit,
4 what was fetched is not what was signed, 5 it could not be fetched, 130 and 143 stopped (everything undone).
HELP
}

# fail CODE MESSAGE NEXT: every failure says what happened and what to type.
before_words=:
fail() {
  $before_words
  printf 'error: %s\n' "$2" >&2
  [ -z "${3:-}" ] || printf '  next: %s\n' "$(typed "$3")" >&2
  exit "$1"
}

# typed WORDS: what came through a pipe is no file that could be called by its name.
typed() {
  case "$1:$0" in
    "install.sh "*install.sh) echo "sh $0 ${1#install.sh }" ;;
    "install.sh "*) echo "curl -fsSL ${base_url:-ADDRESS}/install.sh | bash -s -- ${1#install.sh }" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

flag_value() {
  case "$1" in
    1 | true | yes) echo 1 ;;
    '' | 0 | false | no) echo '' ;;
    *) fail 2 "OPENCLAW_INSTALL_$2: expected 1 or 0, not \"$1\"" "install.sh --help" ;;
  esac
}

read_environment() {
  opt_dry_run=$(flag_value "${OPENCLAW_INSTALL_DRY_RUN:-}" DRY_RUN)
  opt_yes=$(flag_value "${OPENCLAW_INSTALL_YES:-}" YES)
  opt_no_nginx=$(flag_value "${OPENCLAW_INSTALL_NO_NGINX:-}" NO_NGINX)
  opt_no_tls=$(flag_value "${OPENCLAW_INSTALL_NO_TLS:-}" NO_TLS)
  opt_nginx=$(flag_value "${OPENCLAW_INSTALL_NGINX:-}" NGINX)
  opt_tls=$(flag_value "${OPENCLAW_INSTALL_TLS:-}" TLS)
  # Said to be off, which is more than not said.
  [ -z "${OPENCLAW_INSTALL_NO_NGINX:-}" ] || [ -n "$opt_no_nginx" ] || opt_nginx=1
  [ -z "${OPENCLAW_INSTALL_NO_TLS:-}" ] || [ -n "$opt_no_tls" ] || opt_tls=1
  opt_tune_nginx=$(flag_value "${OPENCLAW_INSTALL_TUNE_NGINX:-}" TUNE_NGINX)
  opt_no_tune_nginx=$(flag_value "${OPENCLAW_INSTALL_NO_TUNE_NGINX:-}" NO_TUNE_NGINX)
  opt_uninstall=$(flag_value "${OPENCLAW_INSTALL_UNINSTALL:-}" UNINSTALL)
  opt_purge=$(flag_value "${OPENCLAW_INSTALL_PURGE:-}" PURGE)
  opt_json=$(flag_value "${OPENCLAW_INSTALL_JSON:-}" JSON)
  opt_version=${OPENCLAW_INSTALL_VERSION:-}
  opt_domain=${OPENCLAW_INSTALL_DOMAIN:-}
  opt_address=${OPENCLAW_INSTALL_ADDRESS:-}
  opt_email=${OPENCLAW_INSTALL_EMAIL:-}
  opt_port=${OPENCLAW_INSTALL_PORT:-}
  opt_cert=${OPENCLAW_INSTALL_CERT:-}
  opt_key=${OPENCLAW_INSTALL_KEY:-}
  opt_acme_server=${OPENCLAW_INSTALL_ACME_SERVER:-}
  opt_acme_ca=${OPENCLAW_INSTALL_ACME_CA:-}
  opt_http_port=${OPENCLAW_INSTALL_HTTP_PORT:-}
  opt_https_port=${OPENCLAW_INSTALL_HTTPS_PORT:-}
  opt_supervisor=${OPENCLAW_INSTALL_SUPERVISOR:-}
  opt_offline=${OPENCLAW_INSTALL_OFFLINE:-}
}

read_arguments() {
  while [ $# -gt 0 ]; do
    case "$1" in
      --dry-run) opt_dry_run=1 ;;
      --yes) opt_yes=1 ;;
      --no-nginx) opt_no_nginx=1 opt_nginx='' ;;
      --nginx) opt_nginx=1 opt_no_nginx='' ;;
      --no-tls) opt_no_tls=1 opt_tls='' ;;
      --tls) opt_tls=1 opt_no_tls='' ;;
      --tune-nginx) opt_tune_nginx=1 ;;
      --no-tune-nginx) opt_no_tune_nginx=1 ;;
      --uninstall) opt_uninstall=1 ;;
      --purge) opt_purge=1 ;;
      --json) opt_json=1 ;;
      --help | -h)
        usage
        exit 0
        ;;
      --version=* | --domain=* | --address=* | --email=* | --port=* | --cert=* | --key=* | --acme-server=* | \
        --acme-ca=* | --http-port=* | --https-port=* | --supervisor=* | --offline=*)
        set_value "${1%%=*}" "${1#*=}"
        ;;
      --version | --domain | --address | --email | --port | --cert | --key | --acme-server | \
        --acme-ca | --http-port | --https-port | --supervisor | --offline)
        [ $# -ge 2 ] || fail 2 "$1 needs a value" "install.sh --help"
        set_value "$1" "$2"
        shift
        ;;
      *) fail 2 "unknown option: $1" "install.sh --help" ;;
    esac
    shift
  done
}

set_value() {
  case "$2" in
    '' | -*) fail 2 "$1 needs a value" "install.sh --help" ;;
    *[!A-Za-z0-9._:/@+~-]*) fail 2 "$1: \"$2\" has characters that don't belong there" "install.sh --help" ;;
  esac
  case "$1" in
    --version) opt_version=$2 ;;
    --domain) opt_domain=$2 ;;
    --address) opt_address=$2 ;;
    --email) opt_email=$2 ;;
    --port) opt_port=$2 ;;
    --cert) opt_cert=$2 ;;
    --key) opt_key=$2 ;;
    --acme-server) opt_acme_server=$2 ;;
    --acme-ca) opt_acme_ca=$2 ;;
    --http-port) opt_http_port=$2 ;;
    --https-port) opt_https_port=$2 ;;
    --supervisor) opt_supervisor=$2 ;;
    --offline) opt_offline=$2 ;;
  esac
}

check_port() {
  case "$2" in
    *[!0-9]* | 0* | ??????*) fail 2 "$1: expected a port from 1 to 65535, not \"$2\"" "install.sh --help" ;;
  esac
  [ -z "$2" ] || [ "$2" -le 65535 ] || fail 2 "$1: expected a port from 1 to 65535, not \"$2\"" "install.sh --help"
}

# forget_none: a value that is given up is none, and is not to be taken from a run before.
forget_none() {
  opt_forget=
  for option in domain address email port cert key acme_server acme_ca http_port https_port; do
    eval "value=\$opt_$option"
    [ "$value" = none ] || continue
    opt_forget="$opt_forget $option"
    eval "opt_$option="
  done
  case "$opt_forget " in *" cert "* | *" key "*) opt_forget="$opt_forget cert key" ;; esac
}

check_options() {
  for option in opt_version opt_domain opt_address opt_email opt_cert opt_key opt_acme_server opt_acme_ca opt_offline; do
    eval "value=\$$option"
    case "$value" in
      *[!A-Za-z0-9._:/@+~-]*) fail 2 "$option: \"$value\" has characters that don't belong there" "install.sh --help" ;;
    esac
  done
  check_port --port "$opt_port"
  check_port --http-port "$opt_http_port"
  check_port --https-port "$opt_https_port"
  case "$opt_supervisor" in
    '' | systemd | pm2 | none) ;;
    *) fail 2 "--supervisor: expected systemd, pm2 or none, not \"$opt_supervisor\"" "install.sh --help" ;;
  esac
  case "$opt_domain" in
    *[!A-Za-z0-9.-]* | .* | -*) fail 2 "--domain: expected a name such as gateway.example.com, not \"$opt_domain\"" "install.sh --help" ;;
  esac
  case "$opt_address" in
    *:*[!0-9a-fA-F:]* | *[!0-9a-fA-F:]*:* | *:*.*) fail 2 "--address: expected an address such as 203.0.113.7 or 2001:db8::7, not \"$opt_address\"" "install.sh --help" ;;
    *:* | '') ;;
    *[!0-9.]* | *..* | .* | *.) fail 2 "--address: expected an address such as 203.0.113.7 or 2001:db8::7, not \"$opt_address\"" "install.sh --help" ;;
  esac
  case "$opt_version" in
    */* | *..*) fail 2 "--version: expected a version such as 1.2.3, not \"$opt_version\"" "install.sh --help" ;;
  esac
  [ -z "$opt_cert" ] || [ -n "$opt_key" ] || fail 2 "--cert needs --key" "install.sh --help"
  [ -z "$opt_key" ] || [ -n "$opt_cert" ] || fail 2 "--key needs --cert" "install.sh --help"
  [ -z "$opt_tune_nginx" ] || [ -z "$opt_no_tune_nginx" ] || fail 2 "--tune-nginx and --no-tune-nginx exclude each other" "install.sh --help"
  [ -z "$opt_purge" ] || [ -n "$opt_uninstall" ] || fail 2 "--purge goes with --uninstall" "install.sh --help"
}

need_program() {
  command -v "$1" >/dev/null 2>&1 || fail 3 "$1 is needed and was not found" "apt-get update && apt-get install -y $2"
}

# fetch NAME FILE: gets NAME of the published folder, or of the archive that was given, as FILE.
fetch() {
  if [ -n "$opt_offline" ]; then
    tar -xOf "$opt_offline" "./${1##*/}" >"$2" 2>/dev/null || tar -xOf "$opt_offline" "${1##*/}" >"$2" 2>/dev/null ||
      fail 5 "$opt_offline holds no ${1##*/}" "make it again: npm run release -- --sign KEY --offline"
  elif command -v curl >/dev/null 2>&1; then
    redirects='=https'
    case "$base_url" in http:*) redirects='=http,https' ;; esac
    # Nobody's ~/.curlrc: a line such as "include" in it would make other bytes of what is verified.
    curl -q -fsSL --proto-redir "$redirects" --connect-timeout 15 --retry 3 -o "$2" "$base_url/$1" ||
      fail 5 "$base_url/$1 could not be fetched" "check the network (and https_proxy, if you need one), then run this again"
  else
    wget --no-config -q --timeout=15 --tries=3 -O "$2" "$base_url/$1" ||
      fail 5 "$base_url/$1 could not be fetched" "check the network (and https_proxy, if you need one), then run this again"
  fi
}

# verified_manifest FILE: checks the signature beside it; fails closed.
verified_manifest() {
  printf 'release namespaces="openclaw-gateway-release" %s\n' "$public_key" >"$work/signers"
  ssh-keygen -Y verify -f "$work/signers" -I release -n openclaw-gateway-release -s "$1.sig" \
    <"$1" >"$work/signature" 2>&1 ||
    fail 4 "the release's manifest is not signed by the key that this script trusts" \
      "do not install it; tell whoever publishes ${base_url:-it}"
  [ "$(sed -n '1p;$p' "$1" | tr '\n' ' ')" = "openclaw-gateway-release 1 end " ] ||
    fail 4 "the release's manifest is of a kind that this script does not know" "get the newest install.sh"
}

# verify FILE SHA256 LENGTH
verify() {
  [ "$(wc -c <"$1" | tr -d ' ')" = "$3" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ] && return 0
  rm -f "$1"
  fail 4 "${1##*/} is not what the signed manifest names" "run this again; if it stays, tell whoever publishes ${base_url:-it}"
}

# fetch_part NAME FILE: a file that the manifest names, checked before anybody opens it.
fetch_part() {
  part=$(grep "^file [^ ]* [^ ]* [^ ]* [0-9a-f]* [0-9]* $1\$" "$manifest") ||
    fail 4 "the release's manifest names no $1" "tell whoever publishes ${base_url:-it}"
  fetch "$(manifest_word version)/$1" "$2"
  # shellcheck disable=SC2086 # words of a verified line
  set -- "$2" $part
  verify "$1" "$6" "$7"
}

manifest_word() { sed -n "s/^$1 //p" "$manifest" | head -n 1; }

# What an installation keeps of this program; it was verified when it came.
installed=/opt/openclaw-gateway/current/install

stage_one() {
  if [ -n "$opt_uninstall" ] && [ -f "$installed/main.sh" ]; then
    here=$installed
    return
  fi
  if [ -z "$opt_offline" ]; then
    [ -n "$base_url" ] || fail 2 "this copy of install.sh knows no address to install from" "take the one that is published with a release, or make one: npm run release -- --base-url URL --sign KEY"
    command -v curl >/dev/null 2>&1 || need_program wget curl
  else
    [ -f "$opt_offline" ] || fail 2 "--offline: there is no $opt_offline" "install.sh --help"
  fi
  [ -n "$public_key" ] || fail 2 "this copy of install.sh has no key to check releases with" "take the one that is published with a release, or make one: npm run release -- --base-url URL --sign KEY"
  need_program ssh-keygen openssh-client
  need_program tar tar
  need_program gzip gzip
  manifest=$work/manifest
  folder=${opt_version:+$opt_version/}
  fetch "${folder}manifest" "$manifest"
  fetch "${folder}manifest.sig" "$manifest.sig"
  verified_manifest "$manifest"
  [ -z "$opt_version" ] || [ "$(manifest_word version)" = "$opt_version" ] ||
    fail 4 "version $opt_version was asked for and $(manifest_word version) was delivered" "tell whoever publishes ${base_url:-it}"
  installer=$(sed -n 's/^file installer .* //p' "$manifest")
  fetch_part "$installer" "$work/installer.tar.gz"
  here=$work/installer
  mkdir "$here"
  tar -xzf "$work/installer.tar.gz" -C "$here" --no-same-owner
}

read_environment
read_arguments "$@"
forget_none
check_options
[ "$(id -u)" -eq 0 ] || [ -n "$opt_dry_run" ] ||
  fail 3 "this must be run as root" "curl -fsSL ${base_url:-ADDRESS}/install.sh | sudo bash"
need_program mktemp coreutils
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
stage_one
# shellcheck source=deploy/install/main.sh
. "$here/main.sh"
exit
}
