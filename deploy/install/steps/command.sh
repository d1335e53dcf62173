# shellcheck shell=sh disable=SC2154,SC2034
# `openclaw` on the path, under another name where that one is taken.

command_line() {
  sed "s/^OPENCLAW_COMMAND=.*/OPENCLAW_COMMAND=$command_name/" "$here/openclaw" >"$work/launcher"
  put_file "$work/launcher" "/usr/local/bin/$command_name" 755 root:root
}
