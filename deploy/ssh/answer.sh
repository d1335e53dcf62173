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

# swap CHARACTER BYTES…: puts the character, or nothing, for each of these; they are octal, as printf reads it.
swap() {
  to=$1
  shift
  for bytes in "$@"; do
    # shellcheck disable=SC2059 # a format it is, of this file
    bytes=$(printf "$bytes")
    while :; do
      case $line in
        *"$bytes"*) line=${line%%"$bytes"*}$to${line#*"$bytes"} ;;
        *) break ;;
      esac
    done
  done
}

# wide BYTES FROM TO: puts characters of TO for those that begin with BYTES and end in a byte of FROM, as tr
# reads them.
wide() {
  # shellcheck disable=SC2059 # as above
  begin=$(printf "$1")
  while :; do
    case $line in *"$begin"*) ;; *) break ;; esac
    rest=${line#*"$begin"}
    last=${rest%"${rest#?}"}
    case $last in '' | [0-9A-Za-z]) break ;; esac
    line=${line%%"$begin"*}$(printf %s "$last" | tr "$2" "$3")${rest#?}
  done
}

# What phones, messengers and keyboards of other scripts send, in the plain characters it stands for.
plain() {
  swap ' ' '\t' '\r'
  while :; do
    case $line in
      "$newline"*) line=${line#?} ;;
      *"$newline") line=${line%?} ;;
      *) break ;;
    esac
  done
  case $line in *[!\ -~]*) ;; *) return ;; esac
  # No-break blanks and one as wide as a letter; hyphens, dashes, minus and what is in their place.
  swap ' ' '\302\240' '\342\200\257' '\343\200\200'
  swap - '\342\200\220' '\342\200\221' '\342\200\222' '\342\200\223' '\342\200\224' '\342\200\225' \
    '\342\210\222' '\343\203\274' '\357\274\215'
  # Soft hyphens, zero-width blanks and joiners, marks and isolates of direction, the byte order mark.
  swap '' '\302\255' '\342\200\213' '\342\200\214' '\342\200\215' '\342\200\216' '\342\200\217' \
    '\342\201\240' '\342\201\246' '\342\201\250' '\342\201\251' '\342\200\252' '\342\200\254' '\357\273\277'
  # Fullwidth ones.
  wide '\357\274' '\220-\231\241-\272' 0-9A-Z
  wide '\357\275' '\201-\232' a-z
}
newline='
'

[ "${#line}" -le 64 ] || refuse 'That is too long to be one of the verbs.'
case $line in *[!0-9A-Za-z\ -]*) plain ;; esac
case $line in
  *[!0-9A-Za-z\ -]*) refuse 'That has characters that no verb has.' ;;
esac
# shellcheck disable=SC2086 # split into words at spaces; -f keeps them from becoming file names
set -- $line
verb=${1-}
[ $# -eq 0 ] || shift
case $verb in
  # As a phone begins a line.
  Help | List | Show | Approve | Reject | Revoke) verb=$(printf %s "$verb" | tr AHLRS ahlrs) ;;
esac

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
      # Also as the option that it is on the gateway's machine; phones make one dash of its two.
      '3 '*' without nodes' | '3 '*' -without nodes' | '3 '*' --without nodes')
        set -- "$1" && without=Without
        ;;
      '4 '*' without nodes' | '4 '*' -without nodes' | '4 '*' --without nodes')
        set -- "$1" "$2" && without=Without
        ;;
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
