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
  \builtin local code before="${AWS_PROFILE-}"
  code=$(AWSPROF_SHELL=zsh AWSPROF_PREVIOUS="$__awsprof_previous" __awsprof_run "$@") || \builtin return
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
\builtin typeset -g __awsprof_left=''

# Learn what the name alone tells, once for each name: the file its state is in, and what to call it.
function __awsprof_learn_name {
  \builtin local char parts
  __awsprof_name=$AWS_PROFILE
  __awsprof_state='?'
  __awsprof_product=''
  __awsprof_env=''
  if [[ $__awsprof_name != (.*|*[^a-z0-9._-]*) ]]; then
    __awsprof_file=$__awsprof_name
    __awsprof_label=$__awsprof_name
    # A name of the convention is told by product and env.
    parts=("${(@s:_:)__awsprof_name}")
    if (( $#parts != 3 )); then \builtin return 0; fi
    for char in "${parts[@]}"; do
      if [[ $char == (|default|[.-]*|*[.-]) || $#char -gt 32 ]]; then \builtin return 0; fi
    done
    __awsprof_product=$parts[1]
    __awsprof_env=$parts[2]
    __awsprof_label=$__awsprof_product/$__awsprof_env
    \builtin return 0
  fi
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
  \builtin local lines
  __awsprof_state=$1
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

# Let go of a protected env whose session has expired.
function __awsprof_let_go {
  if [[ -n $__awsprof_is_protected && -n $__awsprof_release ]]; then
    __awsprof_previous=$AWS_PROFILE
    \builtin unset AWS_PROFILE
    \builtin print -r -u 2 -- "awsprof: the session of $__awsprof_label has expired: this shell lets go of it"
  fi
}

# >>> prompt
\builtin typeset -ga __awsprof_shown
\builtin typeset -g __awsprof_drawn='' __awsprof_directory='' __awsprof_here='' __awsprof_warning='!' __awsprof_other='!='
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
# <<< prompt

# Before each prompt: look at the state of AWS_PROFILE, and draw the segment where anything has changed.
function __awsprof_hook {
  # >>> prompt
  # The prompt's own options hold only until they are set aside here.
  if [[ ${PS1-}${RPS1-} != *"$__awsprof_segment"* && -o prompt_percent && -n ${PS1-} ]]; then PS1=$__awsprof_segment$PS1; fi
  # <<< prompt
  \builtin emulate -L zsh -o extended_glob
  \builtin local text='' file=$__awsprof_states now
  __awsprof_left=''
  if [[ -n ${AWS_PROFILE-} ]]; then
    if [[ $AWS_PROFILE != "$__awsprof_name" ]]; then __awsprof_learn_name; fi
    if [[ ${XDG_STATE_HOME-} == /* ]]; then file=$XDG_STATE_HOME/awsprof/state; fi
    file+=/$__awsprof_file
    if [[ -f $file && -r $file ]]; then text=$(<$file); fi
    if [[ $text != "$__awsprof_state" ]]; then __awsprof_learn_state "$text"; fi
    if [[ -n $__awsprof_expires ]]; then
      # Where the module is missing, the prompt's own clock.
      now='%D{%s}'
      now=$(( __awsprof_expires - ${EPOCHSECONDS:-${(%)now}} ))
      if (( now >= 3600 )); then
        __awsprof_left=$(( now / 3600 ))h${(l:2::0:)$(( now % 3600 / 60 ))}m
      elif (( now >= 120 )); then
        __awsprof_left=$(( now / 60 ))m
      elif (( now > 0 )); then
        __awsprof_left=${now}s
      else
        __awsprof_left=expired
        __awsprof_let_go
      fi
    fi
  fi
  # >>> prompt
  if [[ -z ${AWS_PROFILE-} || ${TERM-} == dumb ]]; then
    if [[ -n $__awsprof_drawn ]]; then
      __awsprof_drawn=''
      psvar[31,34]=('' '' '' '')
    fi
  else
    # All that the segment is made of.
    text="${(t)AWS_PROFILE}|$AWS_PROFILE|$__awsprof_left|$__awsprof_state|$PWD|${NO_COLOR-}|${AWS_ACCESS_KEY_ID:+k}${AWS_WEB_IDENTITY_TOKEN_FILE:+w}|${AWS_DEFAULT_PROFILE-}"
    if [[ $text != "$__awsprof_drawn" ]]; then
      __awsprof_draw
      __awsprof_drawn=$text
    fi
    # Each time, since a hook of the user's own may have set psvar anew.
    psvar[31,34]=("${(@)__awsprof_shown}")
  fi
  # <<< prompt
}

\builtin typeset -ga precmd_functions
precmd_functions=("${(@)precmd_functions[@]:#__awsprof_hook}" __awsprof_hook)
# <<< hook
