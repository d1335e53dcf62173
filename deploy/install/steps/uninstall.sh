# shellcheck shell=sh disable=SC2154,SC2034
# Takes everything off again, by the journal: what was made is removed, what was replaced comes back.

uninstall() {
  if [ ! -s "$journal" ]; then
    say "Nothing to take off: $journal names no installation."
    [ -z "$opt_json" ] || echo '{"ok":true,"changed":false}'
    return 0
  fi
  undo_lines all >"$work/undo"
  if [ -n "$opt_dry_run" ]; then
    say "It would:"
    name_command
    [ ! -e "$prefix/ssh" ] || say "  turn approval over SSH off ($command_name ssh disable)"
    say_undo '.*'
    return 0
  fi
  [ -z "$opt_purge" ] || consent_to_purge
  # The program that runs this may be among what goes.
  cp -R "$here" "$work/installer-copy"
  here=$work/installer-copy
  open_log
  : >"$work/kept"
  left_certificate=
  say "Taking the gateway off …"
  under_way=uninstalling
  [ ! -e "$prefix/ssh" ] || ssh_off || say "  approval over SSH could not be turned off"
  undo_all "$work/undo" uninstall || fail 1 "not everything could be taken off" "mend what is named above, then uninstall again (tail -n 100 $log_file)"
  [ "$stops" -eq 0 ] || stopped_half_way
  leave_nothing
  say "Done.${opt_purge:+ $(what_stays)}"
  [ -z "$opt_json" ] || echo '{"ok":true,"changed":true}'
}

# say_undo VERBS: what undoing those lines of the journal does, each once. VERBS is an extended pattern.
say_undo() {
  grep -E "^($1)( |\$)" "$work/undo" | while read -r verb first _; do describe_undo "$verb" "$first"; done |
    awk '!seen[$0]++' | while IFS= read -r line; do say "  $line"; done
}

# what_stays: after a purge, in words.
what_stays() {
  stays=${left_for_others:+$letsencrypt}
  [ ! -d "$set_aside" ] || stays="$stays${stays:+, }$set_aside (files that somebody changed)"
  [ -z "${left_packages:-}" ] || stays="$stays${stays:+, }the packages that other things use: ${left_packages% }"
  if [ -n "$stays" ]; then echo "What stays: $stays."; else echo "Nothing of the gateway is left."; fi
}

# What is purged comes back from a backup alone, so no answer is no.
consent_to_purge() {
  { [ -z "$opt_yes" ] && [ -t 1 ] && [ -r /dev/tty ]; } || return 0
  say "This will, for good (devices, keys and configuration go too):"
  say_undo 'data|certificate|packages'
  printf 'Go on? [y/N] '
  read -r reply </dev/tty || reply=n
  case "$reply" in [Yy]*) ;; *) fail 1 "nothing was changed" "" ;; esac
}

# What was undone is off the journal: the next run goes on with the rest.
stopped_half_way() {
  of_all=$(wc -l <"$work/undo" | tr -d ' ')
  say "Stopped; $(grep -vc '^done ' "$journal") of $of_all things are still to be taken off."
  under_way=stopped
  again="get install.sh once more, and run: sh install.sh"
  [ ! -e "$prefix/current/install/install.sh" ] || again="sh $prefix/current/install/install.sh"
  fail "$stop_code" "it was stopped half-way" "$again --uninstall${opt_purge:+ --purge}"
}

# Its accounts and sshd's drop-in are not in the journal: "openclaw ssh enable" made them.
# Whatever way in that ends: the gateway goes too. An older command line has no --force.
ssh_off() {
  ssh_disable --yes --force || ssh_disable --yes
}

ssh_disable() {
  quiet env OPENCLAW_STATE_DIR=/var/lib/openclaw-gateway \
    OPENCLAW_CONFIG_PATH=/etc/openclaw-gateway/openclaw.json \
    "$prefix/current/bin/node" "$prefix/current/dist/index.js" ssh disable "$@"
}

# What was kept for its owner stays in the journal, last change first, for a purge to come.
leave_nothing() {
  if [ -s "$work/kept" ]; then
    say "Kept: $(sed -n 's/^data //p' "$work/kept" | tr '\n' ' ')(devices, keys, configuration); --uninstall --purge removes them."
    { tac "$work/kept"; echo "done kept $(date -u +%Y-%m-%dT%H:%M:%SZ)"; } >"$journal"
    drop_copies
  else
    rm -rf "$keeps"
  fi
  rm -f "$log_file"
  logging=
}
