// The scripts by which shells complete `authsock`: each hands the words to `authsock __complete` and shows what comes back, a line
// `WORD<tab>DESCRIPTION` for each candidate and a last line that says what else fits (complete.ts).

const bash = String.raw`# bash completion of authsock
_authsock() {
  local line also= IFS=$'\n'
  COMPREPLY=()
  while read -r line; do
    case $line in
      :*) also=${'$'}{line#:} ;;
      *) COMPREPLY+=("$(printf '%q' "${'$'}{line%%$'\t'*}")") ;;
    esac
  done < <(authsock __complete -- "${'$'}{COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case $also in
    files)
      compopt -o filenames
      COMPREPLY=($(compgen -f -- "${'$'}{COMP_WORDS[COMP_CWORD]#=}"))
      ;;
    command) COMPREPLY=($(compgen -c -- "${'$'}{COMP_WORDS[COMP_CWORD]}") $(compgen -f -- "${'$'}{COMP_WORDS[COMP_CWORD]}")) ;;
  esac
}
complete -F _authsock authsock
`

const zsh = String.raw`#compdef authsock
# zsh completion of authsock
_authsock() {
  local line also mark
  local -a found
  for line in "${'$'}{(@f)$(authsock __complete -- "${'$'}{(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      :*) also=${'$'}{line#:} ;;
      *$'\t'*) found+=("${'$'}{${'$'}{line%%$'\t'*}//:/\\:}:${'$'}{line#*$'\t'}") ;;
    esac
  done
  case $also in
    files)
      compset -P '--*='
      _files
      ;;
    command)
      mark=${'$'}{words[(i)--]}
      words=("${'$'}{(@)words[mark+1,-1]}")
      (( CURRENT -= mark ))
      _normal
      ;;
    *) (( ${'$'}#found )) && _describe -V authsock found ;;
  esac
}
if [ "${'$'}funcstack[1]" = _authsock ]; then _authsock "$@"; else compdef _authsock authsock; fi
`

const fish = String.raw`# fish completion of authsock
function __authsock_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines (authsock __complete -- $words[2..-1] $current 2>/dev/null)
    switch "$lines[-1]"
        case ':files'
            __fish_complete_path (string replace -r -- '^--[a-z-]+=' '' $current)
        case ':command'
            __fish_complete_subcommand --commandline (string split -m 1 -f 2 -- ' -- ' (commandline -cp))
        case '*'
            string match -v ':*' -- $lines
    end
end
complete -c authsock -e
complete -c authsock -f -k -a '(__authsock_complete)'
`

const powershell =
  String.raw`# PowerShell completion of authsock
Register-ArgumentCompleter -Native -CommandName authsock -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
    if ($wordToComplete -eq '') { $words += '""' }
    foreach ($line in @(& authsock __complete --powershell -- @words 2>$null)) {
        if ($line.StartsWith(':')) { continue }
        $word, $about = $line -split "` +
  '`' +
  String.raw`t", 2
        if (-not $about) { $about = $word }
        [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
    }
}
`

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
export type Shell = (typeof shells)[number]

export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish, powershell }
