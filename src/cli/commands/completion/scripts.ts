import type { ShellName } from "./shells.ts";

/**
 * What a shell runs when Tab is pressed: it asks `openclaw complete`, which knows all commands by their
 * declarations, and what it prints is offered as it is, never evaluated.
 */
export const scripts: Readonly<Record<ShellName, string>> = {
  // A colon, an equals sign or a dash within a word must not end it, so the line is split at blanks alone,
  // and at none that stands in quotes.
  bash: `# bash completion for openclaw
_openclaw() {
  local line=\${COMP_LINE:0:COMP_POINT} program=\${COMP_WORDS[0]}
  local word="" quote="" open="" cut="" char about current i
  local -a words=() found=() abouts=()
  local files=
  for ((i = 0; i < \${#line}; i++)); do
    char=\${line:i:1}
    if [[ -n $quote && $char == "$quote" ]]; then quote=""
    elif [[ $char == \\\\ && $quote != "'" ]]; then i=$((i + 1)) word+=\${line:i:1} open=1
    elif [[ -n $quote ]]; then word+=$char
    elif [[ $char == [\\'\\"] ]]; then quote=$char open=1
    elif [[ $char != [[:space:]] ]]; then word+=$char open=1
    elif [[ -n $open ]]; then words+=("$word") word="" open=""
    fi
  done
  words+=("$word")
  current=$word
  # An alias, or a path that begins with a tilde, can't be run as it was typed.
  type -P "$program" >/dev/null || program=openclaw
  COMPREPLY=()
  while IFS=$'\\t' read -r word about; do
    if [[ $word == :files ]]; then files=1; else
      found+=("$word")
      abouts+=("$about")
    fi
  done < <("$program" complete "\${words[@]:1}" 2>/dev/null)
  # Readline replaces what stands behind the last of its own word breaks.
  if [[ -z $quote && $current == *[=:]* && $COMP_WORDBREAKS == *[=:]* ]]; then
    cut=\${current%"\${current##*[=:]}"}
  fi
  for i in "\${!found[@]}"; do
    word=\${found[i]#"$cut"}
    # What is offered is put where the quote that is open goes on.
    case $quote in
      \\') word=\${word//\\'/\\'\\\\\\'\\'} ;;
      \\") word=$(printf '%s' "$word" | sed 's/[\\\\"$\`]/\\\\&/g') ;;
      *) printf -v word %q "$word" ;;
    esac
    if [[ \${#found[@]} -gt 1 && -n \${abouts[i]} ]]; then word="$word  (\${abouts[i]})"; fi
    COMPREPLY+=("$word")
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
  done < <("\${words[1]}" complete "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)
  (( \${#found} )) && compadd -l -d shown -a found
  [[ -n $files ]] && _files
  return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _openclaw "$@"; else compdef _openclaw openclaw; fi
`,
  fish: `# fish completion for openclaw
function __openclaw_offers
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    # A quote may still be open.
    set -l current (string unescape -- $typed; or string unescape -- $typed\\'; or string unescape -- $typed\\"; or echo -- $typed)
    set -l program $words[1]
    # An alias can't be run as a command.
    command -q $program; or set program openclaw
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
