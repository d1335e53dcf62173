# shellcheck shell=sh disable=SC2154,SC2034
# What a certificate is worth: its date, its name, its key, and whether browsers trust who signed it.

# certificate_problem CERTIFICATE KEY [NAME]: what is wrong with it, in words; nothing where it will do.
certificate_problem() {
  public_part=$(openssl x509 -in "$1" -noout -pubkey 2>/dev/null) || { echo "$1 holds no certificate (PEM)"; return 0; }
  key_part=$(openssl pkey -in "$2" -passin pass: -pubout 2>/dev/null) || { echo "$2 holds no private key (PEM, without a passphrase)"; return 0; }
  if [ "$public_part" != "$key_part" ]; then
    echo "$2 is not the key of $1"
  elif [ -n "${3:-}" ] && ! certificate_names "$1" "$3"; then
    echo "$1 is not for $3"
  elif ! certificate_in_time "$1"; then
    echo "$1 is not valid now ($(certificate_dates "$1"))"
  fi
}

# Each looks at the first certificate of the file alone: the chain is another question.
certificate_names() { openssl verify -no_check_time -partial_chain -trusted "$1" -verify_hostname "$2" "$1" >/dev/null 2>&1; }
certificate_in_time() { openssl verify -partial_chain -trusted "$1" "$1" >/dev/null 2>&1; }
certificate_dates() { openssl x509 -in "$1" -noout -startdate -enddate | sed 's/notBefore=/from /; s/notAfter=/until /' | paste -sd ' '; }

# certificate_trusted CERTIFICATE [NAME]: by those whom this machine trusts, as browsers do, with its chain.
certificate_trusted() { openssl verify -untrusted "$1" ${2:+-verify_hostname "$2"} "$1" >/dev/null 2>&1; }

# certificate_covers_more CERTIFICATE NAME: whether it is for others too.
certificate_covers_more() {
  openssl x509 -in "$1" -noout -ext subjectAltName 2>/dev/null | tr ',' '\n' | sed -n 's/^ *DNS://p' | grep -qvxF "$2"
}

# sign_for NAMES CERTIFICATE KEY DAYS: one that this machine signs itself, such as for DNS:a.test or IP:::1.
sign_for() {
  quiet openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$4" \
    -subj "/CN=OpenClaw gateway" -addext "subjectAltName=$1" -keyout "$3" -out "$2.openclaw-new"
  mv -f "$2.openclaw-new" "$2"
}
