# shellcheck shell=sh disable=SC2154
# The person who runs this, whose programs are not ours.

# as_person COMMAND…: with the umask and locale that the person has. What starts here may live on, and
# start others: pm2's daemon does.
as_person() (
  umask "${person_umask:-022}"
  unset LC_ALL
  [ -z "${person_locale:-}" ] || export LC_ALL="$person_locale"
  exec "$@" 6>&- 7>&- 9>&-
)
