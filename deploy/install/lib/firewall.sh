# shellcheck shell=sh disable=SC2154,SC2034
# Firewalls that let only some ports in, and the command that opens another. None is ever changed.

ufw_folder=/etc/ufw
ufw_defaults=/etc/default/ufw

# opening PORT: the command that lets it in; nothing where no firewall was found that keeps it out.
opening() {
  if grep -qs '^ENABLED=yes' "$ufw_folder/ufw.conf"; then
    ufw_lets_in "$1" || echo "ufw allow $1/tcp"
  elif firewall-cmd --state >/dev/null 2>&1; then
    firewalld_lets_in "$1" || echo "firewall-cmd --permanent --add-port=$1/tcp && firewall-cmd --reload"
  elif iptables -S INPUT >"$work/rules" 2>/dev/null && keeps_out_rest; then
    ports_in_rules | lets_in "$1" || echo "iptables -I INPUT -p tcp --dport $1 -j ACCEPT"
  elif nft -n list ruleset >"$work/rules" 2>/dev/null; then
    nft_opening "$1"
  fi
}

# opens PORT: the same for a sentence that needs one.
opens() {
  command=$(opening "$1")
  echo "${command:-in the firewall of whoever rents this machine out}"
}

# lets_in PORT: whether one of the ports, lists and ranges in its input is or holds it.
lets_in() {
  tr -s ', ' '\n' | awk -v port="$1" '
    $0 == port || $0 == "any" || /^@/ { found = 1 }
    split($0, ends, /[-:]/) == 2 && ends[1] + 0 <= port + 0 && port + 0 <= ends[2] + 0 { found = 1 }
    END { exit !found }'
}

ufw_lets_in() {
  ! grep -qs '^DEFAULT_INPUT_POLICY="ACCEPT"' "$ufw_defaults" || return 0
  awk '$1 == "###" && $2 == "tuple" && $4 ~ /^(allow|limit)/ && ($5 == "tcp" || $5 == "any") && $7 == "0.0.0.0/0" && $9 == "0.0.0.0/0" { print $6 }' \
    "$ufw_folder/user.rules" 2>/dev/null | lets_in "$1"
}

firewalld_lets_in() {
  firewall-cmd --query-port="$1/tcp" >/dev/null 2>&1 && return 0
  case "$1" in
    80) firewall-cmd --query-service=http >/dev/null 2>&1 ;;
    443) firewall-cmd --query-service=https >/dev/null 2>&1 ;;
    *) return 1 ;;
  esac
}

# Whether what no rule names is dropped in the end.
keeps_out_rest() {
  grep -qE '^-P INPUT (DROP|REJECT)' "$work/rules" || grep -qE '^-A INPUT -j (DROP|REJECT)' "$work/rules"
}

ports_in_rules() {
  sed -n 's/^-A INPUT .*--dports* \([0-9:,]*\).* -j ACCEPT.*/\1/p' "$work/rules"
  ! grep -qxE -e '-A INPUT (-p tcp )?-j ACCEPT' "$work/rules" || echo any
}

# nft_opening PORT: a chain of the input that drops, in a table none of whose rules names the port.
nft_opening() {
  awk '
    $1 == "table" { table = $2 " " $3 }
    $1 == "chain" { chain = $2 }
    /type filter hook input/ && /policy drop/ { drops = table " " chain; print "chain " drops }
    $0 ~ /tcp dport/ && /accept/ { line = $0; sub(/.*tcp dport /, "", line); sub(/ accept.*/, "", line); sub(/ (ct|counter|limit|log|comment).*/, "", line); gsub(/[{}]/, "", line); print "ports " line }
  ' "$work/rules" >"$work/nft"
  dropping=$(sed -n 's/^chain //p' "$work/nft" | head -n 1)
  [ -n "$dropping" ] || return 0
  sed -n 's/^ports //p' "$work/nft" | lets_in "$1" || echo "nft insert rule $dropping tcp dport $1 accept"
}

# say_firewall PORT…: after an installation, since nothing on the machine itself shows it.
say_firewall() {
  for port in "$@"; do
    command=$(opening "$port")
    [ -z "$command" ] || say "Note: this machine's firewall seems to let nobody in on port $port; to open it: $command"
  done
}
