import type { ShellName } from "./shells.ts";

/**
 * What a shell runs when Tab is pressed: it asks `openclaw complete`, which knows all commands by their
 * declarations, and what it prints is offered as it is, never evaluated.
 */
export const scripts: Readonly<Record<ShellName, string>> = {
  // A colon, an equals sign or a dash within a word must not end it, so the line is split at blanks alone.
  bash: `# bash completion for openclaw
_openclaw() {
  local line=\${COMP_LINE:0:COMP_POINT} words=() word about current
  local -a found=() abouts=()
  local files=
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current=\${words[\${#words[@]}-1]}
  COMPREPLY=()
  while IFS=$'\\t' read -r word about; do
    if [[ $word == :files ]]; then files=1; else
      found+=("$word")
      abouts+=("$about")
    fi
  done < <("\${COMP_WORDS[0]}" complete "\${words[@]:1}" 2>/dev/null)
  # Readline replaces what stands behind the last of its own word breaks.
  local cut="" i
  if [[ $current == *[=:]* && $COMP_WORDBREAKS == *[=:]* ]]; then cut=\${current%"\${current##*[=:]}"}; fi
  for i in "\${!found[@]}"; do
    word=\${found[i]#"$cut"}
    if [[ \${#found[@]} -eq 1 ]]; then
      COMPREPLY+=("$(printf '%q' "$word")")
    elif [[ -n \${abouts[i]} ]]; then
      COMPREPLY+=("$word  (\${abouts[i]})")
    else
      COMPREPLY+=("$word")
    fi
  done
  if [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "\${current#"$cut"}")
  fi
}
complete -o nosort -F _openclaw openclaw
`,
  zsh: `#compdef openclaw
_openclaw() {
  local -a found shown
  local word about files
  while IFS=$'\\t' read -r word about; do
    if [[ $word == :files ]]; then files=1; continue; fi
    found+=("$word")
    shown+=("$word\${about:+  ($about)}")
  done < <("\${words[1]}" complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && compadd -l -d shown -a found
  [[ -n $files ]] && _files
  return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _openclaw "$@"; else compdef _openclaw openclaw; fi
`,
  fish: `# fish completion for openclaw
function __openclaw_offers
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    for offer in (command $program complete $words[2..] $current 2>/dev/null)
        if test "$offer" = ":files"
            __fish_complete_path $current
        else
            printf '%s\\n' $offer
        end
    end
end
complete -c openclaw -f -a '(__openclaw_offers)'
`,
};
