#!/usr/bin/env bash
# Runs OpenClaw's own programs (command line, node host, web app) and programs and libraries of others
# (`openclaw-node`, `openclaw-mcp`, `lobster`, `openai`, `ai`) against a fresh gateway of ours and writes docs/compatibility.md: what works, what does not, and why.
#   bash scripts/compat.sh [--only TEXT] [--table FILE] [--keep]
# The packages (about 850 MB unpacked) are kept in OPENCLAW_COMPAT_CACHE, by default
# ~/.cache/openclaw-gateway-test/compat, and are loaded once.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Prints the Node that OpenClaw runs on and the folder of its packages, loading what is missing.
cache=${OPENCLAW_COMPAT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/openclaw-gateway-test/compat}
openclaw=2026.9.6
node=24.21.0
# The first openclaw-node speaks protocol 3, as many apps do that are installed.
others="openclaw-node@0.14.0 openclaw-node-0.1.0@npm:openclaw-node@0.1.0 openclaw-mcp@1.7.0 @clawdbot/lobster@2026.9.13 openai@7.59.0 ai@6.0.326 @ai-sdk/openai-compatible@2.0.92"
INSTALL_SECONDS=600

install_theirs() {
  local want="openclaw@$openclaw node@$node $others"
  [ -f "$cache/.complete" ] && [ "$(cat "$cache/.complete")" = "$want" ] && return 0
  say "Loading $want to $cache (once, about 850 MB unpacked) …"
  mkdir -p "$cache"
  rm -rf "$cache/node_modules" "$cache/.complete"
  printf '{"name":"openclaw-compat","private":true}\n' >"$cache/package.json"
  # No scripts and no optional packages: what is tested needs neither, and nothing foreign runs.
  # shellcheck disable=SC2086 # a word each
  (cd "$cache" && run_quiet timeout "$INSTALL_SECONDS" npm install --no-save --no-package-lock \
    --ignore-scripts --no-audit --no-fund --omit=optional --loglevel=error \
    "openclaw@$openclaw" $others "node-linux-$(npm_arch)@$node") ||
    fail "OpenClaw's packages could not be loaded" "check the network, then run this again"
  printf '%s\n' "$want" >"$cache/.complete"
}

# Node's name for this machine's processor, as its packages have it.
npm_arch() { node -p process.arch; }

[ "$(uname -s)" = Linux ] || fail "this runs on Linux only" "use a Linux machine or a container"
need_node
install_packages
suit_node
build
# One at a time: two loads into one folder would tear it.
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9
install_theirs
flock -u 9
exec 9>&-
exec node "$root/scripts/compat/run.mjs" --packages "$cache/node_modules" "$@"
