#!/bin/sh
#@ A template: what stands between two @ is filled in, and lines that begin with #@ are left out.
# sshd runs this as "keys.sh <account> <type> <key>" before anybody is logged in. It prints the one line
# of authorized_keys that the key has, or nothing. The gateway's file says which keys there are; what a
# key may do stands here and nowhere else, so that not even the gateway can give one more than that.
# Made by "openclaw ssh enable"; a change here is undone by the next one.
set -fu
LC_ALL=C
export LC_ALL
file=@keys-file@
[ -r "$file" ] || exit 0
head -c @max-bytes@ -- "$file" | while read -r expires type key print from rest; do
  if [ "$type" != "${2-}" ] || [ "$key" != "${3-}" ]; then continue; fi
  case $expires in '' | *[!0-9]*) exit 0 ;; esac
  if [ "$expires" -ne 0 ] && [ "$expires" -le "$(date +%s)" ]; then exit 0; fi
  case $print in *[!A-Za-z0-9:+/]* | '') exit 0 ;; SHA256:*) ;; *) exit 0 ;; esac
  case $from$rest in *[!0-9a-f.:/,-]* | '') exit 0 ;; esac
  options="restrict,command=\"@folder@/answer.sh $print\""
  if [ "$from" != - ]; then options="$options,from=\"$from\""; fi
  printf '%s %s %s\n' "$options" "$type" "$key"
  exit 0
done
