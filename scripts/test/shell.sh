#!/usr/bin/env bash
# Every shell script parses and is clean by shellcheck.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.sh' .ci/run .githooks deploy/openclaw)
for file in "${files[@]}"; do bash -n "$file"; done
shellcheck -x "${files[@]}"
echo "${#files[@]} shell scripts are clean"
