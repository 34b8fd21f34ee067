# awsprof in zsh, 5.1 and newer: `awsprof use` and `awsprof off` for this shell, and the active profile in its prompt.

# >>> values
\builtin typeset -g __awsprof_launcher=/usr/local/bin/awsprof
\builtin typeset -g __awsprof_states=${HOME-}/.local/state/awsprof/state
\builtin typeset -g __awsprof_protected=' prod production live '
\builtin typeset -g __awsprof_ascii=''
\builtin typeset -g __awsprof_release=yes
# <<< values

\builtin typeset -g __awsprof_previous=${__awsprof_previous-}

# The real program; where its launcher has moved since, whatever is on PATH.
function __awsprof_run {
  if [[ -x $__awsprof_launcher ]]; then
    "$__awsprof_launcher" "$@"
  else
    \command awsprof "$@"
  fi
}

# Whether the words mean `use` or `off`, which change this shell; both with --help only print.
function __awsprof_is_ours {
  \builtin local word verb=''
  for word in "$@"; do
    case $word in
      # Quoted, since one may be a global alias.
      '-h' | '--help' | '--version') \builtin return 1 ;;
      -*) ;;
      *) verb=${verb:-$word} ;;
    esac
  done
  [[ $verb == use || $verb == off ]]
}

function awsprof {
  if ! __awsprof_is_ours "$@"; then
    __awsprof_run "$@"
    \builtin return
  fi
  \builtin local code line name before="${AWS_PROFILE-}"
  code=$(AWSPROF_SHELL=zsh AWSPROF_PREVIOUS="$__awsprof_previous" __awsprof_run "$@") || \builtin return
  # To unset one that is read-only would leave it there, with the status of what comes behind.
  for line in "${(@f)code}"; do
    name=${${line#* }%%'='*}
    if [[ $name == AWS_* && ${(Pt)name-} == *readonly* ]]; then
      \builtin print -r -u 2 -- "awsprof: $name is read-only in this shell"
      \builtin return 1
    fi
  done
  \builtin eval "$code" || \builtin return
  if [[ -n $before && $before != "${AWS_PROFILE-}" ]]; then
    __awsprof_previous=$before
  fi
}

# >>> hook

\builtin zmodload -F zsh/datetime p:EPOCHSECONDS 2>/dev/null || \builtin true

# What was learned last, and from what; learned anew only when that changes.
\builtin typeset -g __awsprof_name='' __awsprof_file='' __awsprof_label='' __awsprof_product='' __awsprof_env=''
\builtin typeset -g __awsprof_state='' __awsprof_expires='' __awsprof_alias='' __awsprof_is_protected=''
\builtin typeset -g __awsprof_home='' __awsprof_path=''
\builtin typeset -g __awsprof_left='' __awsprof_least=1 __awsprof_most=0 __awsprof_made_of=''

# Learn what the name alone tells, once for each name: the file its state is in, and what to call it.
function __awsprof_learn_name {
  \builtin emulate -L zsh -o extended_glob
  __awsprof_name=$AWS_PROFILE
  __awsprof_home=${XDG_STATE_HOME-}
  __awsprof_state='?'
  __awsprof_product=''
  __awsprof_env=''
  if [[ $__awsprof_name == (.*|*[^a-z0-9._-]*) ]]; then
    __awsprof_learn_other
  else
    __awsprof_file=$__awsprof_name
    __awsprof_label=$__awsprof_name
    __awsprof_split
  fi
  if [[ $__awsprof_home == /* ]]; then
    __awsprof_path=$__awsprof_home/awsprof/state/$__awsprof_file
  else
    __awsprof_path=$__awsprof_states/$__awsprof_file
  fi
}

# A name of the convention is told by product and env.
function __awsprof_split {
  \builtin local part parts
  parts=("${(@s:_:)__awsprof_name}")
  if (( $#parts != 3 )); then \builtin return 0; fi
  for part in "${parts[@]}"; do
    if [[ $part == (|default|[.-]*|*[.-]) || $#part -gt 32 ]]; then \builtin return 0; fi
  done
  __awsprof_product=$parts[1]
  __awsprof_env=$parts[2]
  __awsprof_label=$__awsprof_product/$__awsprof_env
}

function __awsprof_learn_other {
  \builtin local char
  # Others may have written the name: what a terminal or a prompt might act on becomes a question mark.
  __awsprof_label=''
  for char in "${(@s::)__awsprof_name[1,64]}"; do
    if [[ $char != [[:alnum:]._/@+=,:\ -] ]]; then char='?'; fi
    __awsprof_label+=$char
  done
  # Percent-encode the name's bytes as awsprof does for its files.
  \builtin setopt local_options no_multibyte
  __awsprof_file=''
  for char in "${(@s::)__awsprof_name}"; do
    if [[ $__awsprof_file$char == . || $char != [a-z0-9._-] ]]; then
      char=%${(l:2::0:)$(([##16] #char))}
    fi
    __awsprof_file+=$char
  done
}

# Learn what the text of a state file tells: expiration, account id, alias and mark, a line each.
function __awsprof_learn_state {
  \builtin emulate -L zsh -o extended_glob
  \builtin local lines
  __awsprof_state=$1
  __awsprof_left=''
  __awsprof_least=1
  __awsprof_most=0
  __awsprof_made_of=''
  lines=("${(@f)1}" '' '' '' '')
  __awsprof_expires=$lines[1]
  __awsprof_alias=$lines[3]
  __awsprof_is_protected=''
  if [[ $lines[4] == protected || $__awsprof_protected == *" ${__awsprof_env:-?} "* ]]; then __awsprof_is_protected=yes; fi
  if [[ $__awsprof_expires != [0-9]## || $#__awsprof_expires -gt 11 ]]; then
    __awsprof_expires=''
    __awsprof_alias=''
  fi
  # No account alias has any other character.
  if [[ $__awsprof_alias == *[^a-z0-9-]* ]]; then __awsprof_alias=''; fi
}

# Put the time left into words, and note from which and up to which number of seconds they hold; let go of a protected
# env whose session has expired.
function __awsprof_word_left {
  \builtin emulate -L zsh
  \builtin local seconds=$1
  __awsprof_made_of=''
  if (( seconds >= 120 )); then
    __awsprof_least=$(( seconds - seconds % 60 ))
    __awsprof_most=$(( __awsprof_least + 59 ))
    __awsprof_left=$(( seconds / 60 ))m
    if (( seconds >= 3600 )); then __awsprof_left=$(( seconds / 3600 ))h${(l:2::0:)$(( seconds % 3600 / 60 ))}m; fi
  elif (( seconds > 0 )); then
    __awsprof_least=$seconds
    __awsprof_most=$seconds
    __awsprof_left=${seconds}s
  elif [[ -n $__awsprof_is_protected && -n $__awsprof_release ]]; then
    # To be looked at again, should it be set again.
    __awsprof_most=$(( __awsprof_least - 1 ))
    __awsprof_left=expired
    __awsprof_previous=$AWS_PROFILE
    \builtin unset AWS_PROFILE
    \builtin print -r -u 2 -- "awsprof: the session of $__awsprof_label has expired: this shell lets go of it"
  else
    __awsprof_least=-999999999999
    __awsprof_most=0
    __awsprof_left=expired
  fi
}

# >>> prompt
\builtin typeset -ga __awsprof_shown
\builtin typeset -g __awsprof_placed='' __awsprof_psvar=''
\builtin typeset -g __awsprof_directory='' __awsprof_here='' __awsprof_warning='!' __awsprof_other='!='
if [[ ${LC_ALL:-${LC_CTYPE:-${LANG-}}}$__awsprof_ascii == *[Uu][Tt][Ff](|-)8 ]]; then
  __awsprof_warning=$'\xe2\x9a\xa0'
  __awsprof_other=$'\xe2\x89\xa0'
fi
# The segment as it stands in the prompt: %31v and its like are elements of psvar, shown as they are and where they are
# not empty, so that neither PROMPT_SUBST is needed nor a value ever expanded. It may be put in PS1 or RPS1 by hand.
\builtin typeset -g __awsprof_segment='%(31V.%F{cyan}%31v%f .)%(32V.%K{red}%F{white} %32v %f%k .)%(33V.%F{yellow}%33v%f .)%(34V.%34v .)'

# Find the product that the nearest .awsprof.toml upwards is of, once for each directory.
function __awsprof_learn_directory {
  \builtin local above=$PWD:A text='' line match mbegin mend MATCH MBEGIN MEND
  __awsprof_directory=$PWD
  __awsprof_here=''
  while [[ ! -e $above/.awsprof.toml ]]; do
    if [[ $above != /?* ]]; then \builtin return 0; fi
    above=$above:h
  done
  above+=/.awsprof.toml
  # What is another user's is passed over; a pipe would make the prompt wait.
  if [[ ! -f $above || ! -O $above || ! -r $above ]]; then \builtin return 0; fi
  IFS='' \builtin read -r -u 0 -k 16384 text <$above
  for line in ${${(f)text}[1,200]}; do
    if [[ $line == \[* ]]; then \builtin break; fi
    if [[ $line == [[:space:]]#product[[:space:]]#=[[:space:]]#[\"\'](#b)([a-z0-9.-](#c1,32))[\"\'][[:space:]]#(|\#*) ]]; then
      __awsprof_here=$match[1]
      \builtin break
    fi
  done
  \builtin return 0
}

# Put the segment together.
function __awsprof_draw {
  \builtin emulate -L zsh -o extended_glob
  \builtin local text=$__awsprof_label marks=''
  if [[ -n ${NO_COLOR-} && -n $__awsprof_is_protected ]]; then text+=' (protected)'; fi
  if [[ -n $__awsprof_alias ]]; then text+=" ($__awsprof_alias)"; fi
  if [[ -n $__awsprof_left ]]; then text+=" $__awsprof_left"; fi
  if [[ -n ${AWS_ACCESS_KEY_ID-} ]]; then marks+=" $__awsprof_warning AWS_ACCESS_KEY_ID"; fi
  if [[ -n ${AWS_WEB_IDENTITY_TOKEN_FILE-} ]]; then marks+=" $__awsprof_warning AWS_WEB_IDENTITY_TOKEN_FILE"; fi
  if [[ -n ${AWS_DEFAULT_PROFILE-} && $AWS_DEFAULT_PROFILE != "$AWS_PROFILE" ]]; then
    marks+=" $__awsprof_warning AWS_DEFAULT_PROFILE"
  fi
  if [[ ${(t)AWS_PROFILE} != *export* ]]; then marks+=" $__awsprof_warning not exported"; fi
  if [[ $PWD != "$__awsprof_directory" ]]; then __awsprof_learn_directory; fi
  if [[ -n $__awsprof_here && -n $__awsprof_product && $__awsprof_here != "$__awsprof_product" ]]; then
    marks+=" $__awsprof_other$__awsprof_here"
  fi
  if [[ -n ${NO_COLOR-} ]]; then
    __awsprof_shown=('' '' '' "$text$marks")
  elif [[ -n $__awsprof_is_protected ]]; then
    __awsprof_shown=('' "$text" "${marks# }" '')
  else
    __awsprof_shown=("$text" '' "${marks# }" '')
  fi
}

# Have the segment shown before the prompt, unless the prompt has a place for it.
function __awsprof_place {
  if [[ ${PS1-}${RPS1-} != *"$__awsprof_segment"* && ! ( -o prompt_percent && -n ${PS1-} ) ]]; then \builtin return 0; fi
  # The prompt's own options held until here.
  \builtin emulate -L zsh
  if [[ ${PS1-}${RPS1-} != *"$__awsprof_segment"* ]]; then PS1=$__awsprof_segment$PS1; fi
  __awsprof_placed=${PS1-}${RPS1-}
}

function __awsprof_show {
  \builtin emulate -L zsh
  __awsprof_made_of=$1
  psvar[31,34]=("${(@)__awsprof_shown}")
  __awsprof_psvar="${(j:|:)psvar[@]}"
}

function __awsprof_hide {
  \builtin emulate -L zsh
  __awsprof_made_of=''
  __awsprof_psvar=''
  psvar[31,34]=('' '' '' '')
}
# <<< prompt

# Before each prompt: look at the state of AWS_PROFILE, and draw the segment where anything has changed. It does not set
# options aside, which costs as much as all the tests: what stands here means the same under every option.
function __awsprof_hook {
  \builtin local text='' seconds
  # >>> prompt
  if [[ ${PS1-}${RPS1-} != "$__awsprof_placed" ]]; then __awsprof_place; fi
  # <<< prompt
  if [[ -n ${AWS_PROFILE-} ]]; then
    if [[ $AWS_PROFILE != "$__awsprof_name" || ${XDG_STATE_HOME-} != "$__awsprof_home" ]]; then __awsprof_learn_name; fi
    if [[ -f $__awsprof_path && -r $__awsprof_path ]]; then text=$(<"$__awsprof_path"); fi
    if [[ $text != "$__awsprof_state" ]]; then __awsprof_learn_state "$text"; fi
    if [[ -n $__awsprof_expires ]]; then
      if [[ -n ${EPOCHSECONDS-} ]]; then
        seconds=$(( __awsprof_expires - EPOCHSECONDS ))
      else
        # Where the module is missing, the prompt's own clock.
        seconds='%D{%s}'
        seconds=$(( __awsprof_expires - ${(%)seconds} ))
      fi
      if (( seconds < __awsprof_least || seconds > __awsprof_most )); then __awsprof_word_left "$seconds"; fi
    fi
  fi
  # >>> prompt
  if [[ -z ${AWS_PROFILE-} || ${TERM-} == dumb ]]; then
    if [[ -n $__awsprof_psvar ]]; then
      __awsprof_hide
    fi
  else
    # All that the segment is made of, but for what was learned: learning clears it.
    text="${(t)AWS_PROFILE}|$PWD|${NO_COLOR-}|${AWS_ACCESS_KEY_ID:+k}${AWS_WEB_IDENTITY_TOKEN_FILE:+w}|${AWS_DEFAULT_PROFILE-}"
    if [[ $text != "$__awsprof_made_of" ]]; then
      __awsprof_draw
      __awsprof_show "$text"
    elif [[ "${(j:|:)psvar[@]}" != "$__awsprof_psvar" ]]; then
      # A hook of the user's own has set psvar anew.
      __awsprof_show "$text"
    fi
  fi
  # <<< prompt
}

\builtin typeset -ga precmd_functions
precmd_functions=("${(@)precmd_functions[@]:#__awsprof_hook}" __awsprof_hook)
# <<< hook
