#!/usr/bin/env bash
# Installs, builds and starts the gateway in the foreground; it then says what to do next.
# Arguments go to `openclaw gateway run`, for example: bash scripts/start.sh --port 19000
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_node
install_packages
suit_node
build

# What the gateway tells people to type: there is no `openclaw` on the path of a fresh clone.
node_here=node
case "$(command -v node)" in "$root"/*) node_here=$(command -v node) ;; esac
# What has blanks is quoted, because it is typed as it is shown.
printf -v command_here '%q %q' "$node_here" "$root/dist/index.js"
export OPENCLAW_COMMAND="${OPENCLAW_COMMAND:-$command_here}"
if [ ! -t 1 ]; then
  say "Output is not a terminal, so no secret is shown. For the owner's one-time link: $OPENCLAW_COMMAND devices invite --scopes owner"
fi
exec node "$root/dist/index.js" gateway run "$@"
