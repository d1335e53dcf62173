#!/bin/sh
#@ A template: what stands between two @ is filled in, and lines that begin with #@ are left out.
# sshd runs this as "answer.sh <fingerprint>" for a key that may approve, whatever was asked for; that
# stands in SSH_ORIGINAL_COMMAND, is never run and never becomes part of a command. Verbs:
#   list, show CODE, approve CODE [without nodes], reject CODE, revoke DEVICE, help
# Made by "openclaw ssh enable"; a change here is undone by the next one.
set -fu
LC_ALL=C
IFS=' '
PATH=/usr/bin:/bin
export LC_ALL PATH
print=${1-}
line=${SSH_ORIGINAL_COMMAND-}

refuse() {
  printf '%s\n' "$1" 'help says what this key can do.' >&2
  exit 2
}

help() {
  cat <<'HELP'
This key approves devices. It can do
nothing else here.

  list            who waits
  show CODE       who asks, for what
  approve CODE    let it in
  approve CODE without nodes
                  the same, but it runs
                  no commands on nodes
  reject CODE     turn it down
  revoke DEVICE   take it out again

CODE stands on the device that waits,
such as 7F3K-Q2MN. DEVICE is the id that
approve and list show.
HELP
}

[ "${#line}" -le 64 ] || refuse 'That is too long to be one of the verbs.'
case $line in
  *[!0-9A-Za-z\ -]*) refuse 'That has characters that no verb has.' ;;
esac
# shellcheck disable=SC2086 # split into words at spaces; -f keeps them from becoming file names
set -- $line
verb=${1-}
[ $# -eq 0 ] || shift

# code WORD…: 7F3K-Q2MN, 7f3kq2mn or 7f3k q2mn.
four='[0-9A-Za-z][0-9A-Za-z][0-9A-Za-z][0-9A-Za-z]'
code() {
  # shellcheck disable=SC2254 # patterns they are
  case $#,$* in
    1,$four-$four | 1,$four$four | 2,$four\ $four) ;;
    *) refuse "$verb takes the code of a request, such as 7F3K-Q2MN." ;;
  esac
}

case $verb in
  '')
    help >&2
    exit 2
    ;;
  help)
    [ $# -eq 0 ] || refuse 'help stands alone.'
    help
    exit 0
    ;;
  list) [ $# -eq 0 ] || refuse 'list stands alone.' ;;
  show | reject) code "$@" ;;
  approve)
    without=''
    case "$# $*" in
      '3 '*' without nodes') set -- "$1" && without=Without ;;
      '4 '*' without nodes') set -- "$1" "$2" && without=Without ;;
    esac
    code "$@"
    verb=approve$without
    ;;
  revoke)
    case $#,$* in
      1,????????*) ;;
      *) refuse 'revoke takes the id of a device: at least its first eight characters.' ;;
    esac
    ;;
  *) refuse "There is no verb $verb." ;;
esac

address=${SSH_CONNECTION-}
address=${address%% *}
case $address in *[!0-9A-Za-z.:%]*) address='' ;; esac
exec /usr/bin/env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 \
  @node@ @program@ @socket@ "$print" "$address" "$verb" "$*"
