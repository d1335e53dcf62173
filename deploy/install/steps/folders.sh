# shellcheck shell=sh disable=SC2154,SC2034
# Where state, configuration and sockets live.

folders() {
  put_data_folder /var/lib/openclaw-gateway 700 openclaw-gateway:openclaw-gateway
  put_data_folder /etc/openclaw-gateway 750 openclaw-gateway:openclaw-gateway
  # Whom nginx runs as.
  sed "s/ www-data\$/ $web_group/" "$here/systemd/openclaw-gateway.tmpfiles.conf" >"$work/tmpfiles.conf"
  put_file "$work/tmpfiles.conf" /etc/tmpfiles.d/openclaw-gateway.conf 644 root:root
  socket_folders
}

socket_folders() {
  [ "$(cd /run/openclaw-gateway 2>/dev/null && stat -c %a:%G public admin | tr '\n' ' ')" = "2750:$web_group 2750:openclaw " ] && return 0
  change "make the folders of its sockets in /run/openclaw-gateway" || return 0
  [ -d /run/openclaw-gateway ] || record "remove /run/openclaw-gateway"
  if command -v systemd-tmpfiles >/dev/null 2>&1; then
    quiet systemd-tmpfiles --create /etc/tmpfiles.d/openclaw-gateway.conf
    return
  fi
  install -d -m 0711 -o openclaw-gateway -g openclaw-gateway /run/openclaw-gateway
  for pair in public:$web_group admin:openclaw approve:openclaw-ssh; do
    put_inside /run/openclaw-gateway "${pair%:*}" 2750 "openclaw-gateway:${pair#*:}"
  done
}
