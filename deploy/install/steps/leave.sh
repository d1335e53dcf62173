# shellcheck shell=sh disable=SC2154,SC2034
# What choices before these made here and these do not want: another supervisor, a site of nginx.

leave() {
  [ "$supervisor" = systemd ] || leave_systemd
  [ "$supervisor" = pm2 ] || leave_pm2
  [ -z "$opt_no_nginx" ] || leave_nginx
}

# was_made LINE: whether an installation here recorded such a line.
was_made() { grep -qsxF "$1" "$journal"; }

leave_systemd() {
  was_made "unit $unit" && [ -e "$unit_file" ] || return 0
  change "stop and disable $unit" || return 0
  record "restarted $unit"
  record "start-unit $unit"
  record reload-systemd
  goes_away
  quiet systemctl disable --now "$unit"
  drop_file "$unit_file"
  quiet systemctl daemon-reload
}

leave_pm2() {
  under_pm2 || return 0
  change "take the gateway out of pm2" || return 0
  record "restarted openclaw-gateway"
  goes_away
  quiet as_person pm2 delete openclaw-gateway && quiet as_person pm2 save --force
}

# The machine's own certificate stays, as clients have pinned it, and so does what nginx may hold.
leave_nginx() {
  # In the folder of sites that nginx read when it was made.
  nginx_file=$(sed -n "s|^remove \(/.*/$ours_in_nginx\)\$|\1|p" "$journal" 2>/dev/null |
    grep -v -e '^/etc/[a-z]*\.d/' -e '^/etc/systemd/' | tail -n 1)
  [ -n "$nginx_file" ] && [ -e "$nginx_file" ] || return 0
  change "take the gateway's site out of nginx" || return 0
  record reload-nginx
  drop_file "$nginx_file"
  if grep -qsE "^(restore|bring-back) $debian_default " "$journal" && [ ! -e "$debian_default" ]; then
    put_link "$debian_default" /etc/nginx/sites-available/default
  fi
  reload_nginx_if_runs
}
