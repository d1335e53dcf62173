# Shared by start.sh and test.sh: Node, dependencies and build, each only when something changed.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
stamps="$root/node_modules/.stamps"

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$1" >&2
  printf '  next: %s\n' "$2" >&2
  exit 1
}

need_node() {
  command -v node >/dev/null 2>&1 ||
    fail "Node.js 20.19 or newer is needed and none was found" "apt-get update && apt-get install -y --no-install-recommends nodejs npm (on Debian 13 or newer; elsewhere install Node.js 24)"
  node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1);
  ' || fail "Node.js 20.19 or newer is needed; this is $(node --version)" "install a newer Node.js and run this again"
  command -v npm >/dev/null 2>&1 || fail "npm is missing" "apt-get update && apt-get install -y --no-install-recommends npm"
}

# run_quiet WORDS… : runs a command, shows its output only when it fails.
run_quiet() {
  local out
  out=$(mktemp)
  if ! "$@" >"$out" 2>&1; then
    cat "$out" >&2
    rm -f "$out"
    return 1
  fi
  rm -f "$out"
}

install_packages() {
  local want
  want=$(cat "$root/package-lock.json" "$root/package.json" | sha256sum | cut -d' ' -f1)
  [ -f "$stamps/install" ] && [ "$(cat "$stamps/install")" = "$want" ] && return 0
  say "Installing packages (once, about a minute) …"
  # What the lock file says and nothing else: a package that changed meanwhile is refused.
  (cd "$root" && run_quiet npm ci --loglevel=error) ||
    fail "the packages could not be installed" "check the network, then run this again"
  mkdir -p "$stamps"
  printf '%s\n' "$want" >"$stamps/install"
}

# The WebSocket server's binaries for Node.js 22 and newer need glibc 2.38 (Debian 13, Ubuntu 24.04);
# the one for Node.js 20 runs on older systems too. There, a Node.js 20 of our own is used.
suit_node() {
  (cd "$root" && node -e 'require("uWebSockets.js")' >/dev/null 2>&1) && return 0
  local arch version=20.20.2 folder="$root/.cache/node20"
  arch=$(node -p process.arch)
  if [ ! -x "$folder/node_modules/node-linux-$arch/bin/node" ]; then
    say "This system's C library is too old for Node.js $(node --version); getting Node.js $version for the gateway (once) …"
    mkdir -p "$folder"
    run_quiet npm install --prefix "$folder" --no-save --loglevel=error "node-linux-$arch@$version" ||
      fail "Node.js $version could not be installed" "use Debian 13 or Ubuntu 24.04, or install Node.js 20"
  fi
  PATH="$folder/node_modules/node-linux-$arch/bin:$PATH"
  export PATH
  (cd "$root" && node -e 'require("uWebSockets.js")') ||
    fail "the WebSocket server does not load here" "see the message above; Debian 12 or newer on x64 or arm64 is needed"
}

build() {
  local want
  want=$(cd "$root" && find src scripts deploy/ssh package.json package-lock.json -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
  [ -f "$root/dist/index.js" ] && [ -f "$stamps/build" ] && [ "$(cat "$stamps/build")" = "$want" ] && return 0
  say "Building …"
  (cd "$root" && run_quiet node scripts/build.mjs) || fail "the build failed" "see the messages above"
  printf '%s\n' "$want" >"$stamps/build"
}
