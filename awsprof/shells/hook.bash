# shellcheck shell=bash disable=SC2034 # what is learned is used by the prompt, which may be left out
# awsprof in bash, 3.2 and newer: `awsprof use` and `awsprof off` for this shell, and the active profile in its prompt.

# >>> values
__awsprof_launcher=/usr/local/bin/awsprof
__awsprof_states=${HOME-}/.local/state/awsprof/state
__awsprof_protected=' prod production live '
__awsprof_ascii=''
__awsprof_release=yes
# <<< values

__awsprof_previous=${__awsprof_previous-}

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
    -h | --help | --version) \builtin return 1 ;;
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
  \builtin local code name declared before="${AWS_PROFILE-}"
  code=$(AWSPROF_SHELL=bash AWSPROF_PREVIOUS="$__awsprof_previous" __awsprof_run "$@") || \builtin return
  # To assign to one that is read-only would end a shell under 'set -e', whatever stands behind the command; to unset
  # one would leave it there, with the status of what comes behind.
  for name in "${!AWS_@}"; do
    declared=$(\builtin declare -p "$name" 2>/dev/null) || declared=''
    if [[ ${declared%%=*} == 'declare -'*r*" $name" && $code$'\n' == *" $name"[=$'\n']* ]]; then
      \builtin printf '%s\n' "awsprof: $name is read-only in this shell" >&2
      \builtin return 1
    fi
  done
  \builtin eval "$code" || \builtin return
  if [[ -n $before && $before != "${AWS_PROFILE-}" ]]; then
    __awsprof_previous=$before
  fi
}

# >>> hook

# How to tell the time without a process: a variable from bash 5, printf from 4.2; before that, one `date` now and the
# seconds since.
if [[ -z ${__awsprof_clock-} ]]; then
  if ((BASH_VERSINFO[0] >= 5)) && [[ -n ${EPOCHSECONDS-} ]]; then
    __awsprof_clock=variable
  elif \builtin printf -v __awsprof_now '%(%s)T' -1 2>/dev/null; then
    __awsprof_clock='printf'
  else
    __awsprof_clock=seconds
  fi
fi
if [[ $__awsprof_clock == seconds ]]; then
  __awsprof_start=$(($(\command date +%s) - SECONDS))
fi

# What was learned last, and from what; learned anew only when that changes.
__awsprof_name=''
__awsprof_home=''
__awsprof_state=''
__awsprof_expires=''
__awsprof_left=''
__awsprof_made_of=''

# Learn what the name alone tells, once for each name: the file its state is in, and what to call it.
function __awsprof_learn_name {
  __awsprof_name=$AWS_PROFILE
  __awsprof_home=${XDG_STATE_HOME-}
  __awsprof_state='?'
  __awsprof_product=''
  __awsprof_env=''
  case $__awsprof_name in
  .* | *[!abcdefghijklmnopqrstuvwxyz0123456789._-]*)
    __awsprof_encode
    __awsprof_clean
    ;;
  *)
    __awsprof_file=$__awsprof_name
    __awsprof_label=$__awsprof_name
    __awsprof_split
    ;;
  esac
  case $__awsprof_home in
  /*) __awsprof_path=$__awsprof_home/awsprof/state/$__awsprof_file ;;
  *) __awsprof_path=$__awsprof_states/$__awsprof_file ;;
  esac
}

# Percent-encode the name's bytes as awsprof does for its files.
function __awsprof_encode {
  \builtin local LC_CTYPE=C LC_COLLATE=C LC_ALL='' LANG='' char index number
  __awsprof_file=''
  for ((index = 0; index < ${#__awsprof_name}; index++)); do
    char=${__awsprof_name:index:1}
    case $index$char in
    0.) char=%2E ;;
    *[abcdefghijklmnopqrstuvwxyz0123456789._-]) ;;
    *)
      # A byte above 127 comes out negative.
      \builtin printf -v number '%d' "'$char"
      \builtin printf -v char '%%%02X' "$((number & 255))"
      ;;
    esac
    __awsprof_file+=$char
  done
}

# Others may have written the name: what a terminal or a prompt might act on becomes a question mark.
function __awsprof_clean {
  \builtin local char index
  __awsprof_label=''
  for ((index = 0; index < ${#__awsprof_name} && index < 64; index++)); do
    char=${__awsprof_name:index:1}
    case $char in
    [[:alnum:]] | [._/@+=,:\ -]) ;;
    *) char='?' ;;
    esac
    __awsprof_label+=$char
  done
}

# A name of the convention is told by product and env.
function __awsprof_split {
  \builtin local part rest count=0
  rest=${__awsprof_name}_
  while [[ -n $rest ]]; do
    part=${rest%%_*}
    rest=${rest#*_}
    count=$((count + 1))
    case $part in
    '' | default | [.-]* | *[.-]) \builtin return 0 ;;
    esac
    if ((count > 3 || ${#part} > 32)); then \builtin return 0; fi
  done
  if ((count == 3)); then
    part=${__awsprof_name%_*}
    __awsprof_product=${part%_*}
    __awsprof_env=${part#*_}
    __awsprof_label=$__awsprof_product/$__awsprof_env
  fi
}

# Learn what the text of a state file tells: expiration, account id, alias and mark, a line each.
function __awsprof_learn_state {
  \builtin local rest="$1"$'\n\n\n\n' protected="$__awsprof_protected"
  __awsprof_state=$1
  __awsprof_left=''
  __awsprof_least=1
  __awsprof_most=0
  __awsprof_made_of=''
  __awsprof_expires=${rest%%$'\n'*}
  rest=${rest#*$'\n'*$'\n'}
  __awsprof_alias=${rest%%$'\n'*}
  rest=${rest#*$'\n'}
  if [[ ${rest%%$'\n'*} == protected ]]; then protected=" $__awsprof_env "; fi
  __awsprof_is_protected=''
  if [[ $protected == *" $__awsprof_env "* ]]; then __awsprof_is_protected=yes; fi
  case $__awsprof_expires in
  '' | *[!0123456789]* | ????????????*)
    __awsprof_expires=''
    __awsprof_alias=''
    ;;
  *) __awsprof_expires=$((10#$__awsprof_expires)) ;;
  esac
  # No account alias has any other character.
  case $__awsprof_alias in
  *[!abcdefghijklmnopqrstuvwxyz0123456789-]*) __awsprof_alias='' ;;
  esac
}

# Put the time left into words, and note from which and up to which number of seconds they hold; let go of a protected
# env whose session has expired.
function __awsprof_word_left {
  \builtin local seconds="$__awsprof_seconds"
  __awsprof_made_of=''
  if ((seconds >= 120)); then
    __awsprof_least=$((seconds - seconds % 60))
    __awsprof_most=$((__awsprof_least + 59))
    __awsprof_left=$((seconds / 60))m
    if ((seconds >= 3600)); then
      __awsprof_left=0$((seconds % 3600 / 60))m
      __awsprof_left=$((seconds / 3600))h${__awsprof_left:${#__awsprof_left}-3}
    fi
  elif ((seconds > 0)); then
    __awsprof_least=$seconds
    __awsprof_most=$seconds
    __awsprof_left=${seconds}s
  elif [[ -n $__awsprof_is_protected && -n $__awsprof_release ]]; then
    # To be looked at again, should it be set again.
    __awsprof_most=$((__awsprof_least - 1))
    __awsprof_left=expired
    __awsprof_previous=$AWS_PROFILE
    \builtin unset -v AWS_PROFILE
    \builtin printf '%s\n' "awsprof: the session of $__awsprof_label has expired: this shell lets go of it" >&2
  else
    __awsprof_least=-999999999999
    __awsprof_most=0
    __awsprof_left=expired
  fi
}

# >>> prompt
__awsprof_segment=''
__awsprof_directory=''
case ${LC_ALL:-${LC_CTYPE:-${LANG-}}}$__awsprof_ascii in
*[Uu][Tt][Ff]8 | *[Uu][Tt][Ff]-8)
  __awsprof_warning=$'\xe2\x9a\xa0'
  __awsprof_other=$'\xe2\x89\xa0'
  ;;
*)
  __awsprof_warning='!'
  __awsprof_other='!='
  ;;
esac

# Find the product that the nearest .awsprof.toml upwards is of, once for each directory.
function __awsprof_learn_directory {
  \builtin local above=. depth line most=200 form='^[[:space:]]*product[[:space:]]*=[[:space:]]*["'\'']([a-z0-9.-]{1,32})["'\''][[:space:]]*(#.*)?$'
  __awsprof_directory=$PWD
  __awsprof_here=''
  for ((depth = 0; depth < 64; depth++)); do
    if [[ -e $above/.awsprof.toml ]]; then \builtin break; fi
    if [[ $above -ef / ]]; then \builtin return 0; fi
    above=$above/..
  done
  above=$above/.awsprof.toml
  # What is another user's is passed over; a pipe would make the prompt wait.
  if [[ ! -f $above || ! -O $above || ! -r $above ]]; then \builtin return 0; fi
  while IFS='' \builtin read -r -n 1024 line || [[ -n $line ]]; do
    most=$((most - 1))
    if ((most < 0)) || [[ $line == '['* ]]; then \builtin break; fi
    if [[ $line =~ $form ]]; then
      __awsprof_here=${BASH_REMATCH[1]}
      \builtin break
    fi
  done <"$above"
  case $__awsprof_here in
  *[!abcdefghijklmnopqrstuvwxyz0123456789.-]*) __awsprof_here='' ;;
  esac
}

# Put the segment together.
function __awsprof_draw {
  \builtin local text="$__awsprof_label" marks='' colour end
  if [[ -n ${NO_COLOR-} && -n $__awsprof_is_protected ]]; then text="$text (protected)"; fi
  if [[ -n $__awsprof_alias ]]; then text="$text ($__awsprof_alias)"; fi
  if [[ -n $__awsprof_left ]]; then text="$text $__awsprof_left"; fi
  if [[ -n ${AWS_ACCESS_KEY_ID-} ]]; then marks="$marks $__awsprof_warning AWS_ACCESS_KEY_ID"; fi
  if [[ -n ${AWS_WEB_IDENTITY_TOKEN_FILE-} ]]; then marks="$marks $__awsprof_warning AWS_WEB_IDENTITY_TOKEN_FILE"; fi
  if [[ -n ${AWS_DEFAULT_PROFILE-} && $AWS_DEFAULT_PROFILE != "$AWS_PROFILE" ]]; then
    marks="$marks $__awsprof_warning AWS_DEFAULT_PROFILE"
  fi
  if ((BASH_VERSINFO[0] >= 5)) && [[ ${AWS_PROFILE@a} != *x* ]]; then marks="$marks $__awsprof_warning not exported"; fi
  if [[ $PWD != "$__awsprof_directory" ]]; then __awsprof_learn_directory; fi
  if [[ -n $__awsprof_here && -n $__awsprof_product && $__awsprof_here != "$__awsprof_product" ]]; then
    marks="$marks $__awsprof_other$__awsprof_here"
  fi
  if [[ -n ${NO_COLOR-} ]]; then
    __awsprof_segment="$text$marks "
    \builtin return 0
  fi
  # Between \001 and \002 stands what takes no room on the line.
  end=$'\001\e[0m\002'
  colour=$'\001\e[36m\002'
  if [[ -n $__awsprof_is_protected ]]; then
    colour=$'\001\e[97;41m\002'
    text=" $text "
  fi
  if [[ -n $marks ]]; then marks=$'\001\e[33m\002'$marks$end; fi
  __awsprof_segment="$colour$text$end$marks "
}

# Have the segment shown before the prompt, unless the prompt has a place for it.
function __awsprof_place {
  \builtin local bare
  if [[ -z ${PS1-} ]]; then \builtin return 0; fi
  if \builtin shopt -q promptvars; then
    # shellcheck disable=SC2016 # the prompt itself expands it, and nothing in it is expanded again
    PS1='${__awsprof_segment-}'$PS1
  else
    bare=${PS1#"${__awsprof_shown-}"}
    __awsprof_shown=$__awsprof_segment
    PS1=$__awsprof_segment$bare
  fi
}
# <<< prompt

# Before each prompt: look at the state of AWS_PROFILE, and draw the segment where anything has changed. It has no
# variables of its own, since those cost as much as all the tests.
function __awsprof_hook {
  __awsprof_status=$?
  # Names, files and marks are told apart by their case, whatever the option nocasematch says.
  __awsprof_caseless=''
  # shellcheck disable=SC2050 # the option makes it true, and asking so costs less than 'shopt -q'
  if [[ a == A ]]; then
    __awsprof_caseless=yes
    \builtin shopt -u nocasematch
  fi
  if [[ -n ${AWS_PROFILE-} ]]; then
    if [[ $AWS_PROFILE != "$__awsprof_name" || ${XDG_STATE_HOME-} != "$__awsprof_home" ]]; then __awsprof_learn_name; fi
    __awsprof_text=''
    if [[ -f $__awsprof_path && -r $__awsprof_path ]]; then
      # One read of all there is, which ends in no zero byte.
      if ((BASH_VERSINFO[0] < 5)); then
        IFS='' \builtin read -r -d '' __awsprof_text <"$__awsprof_path" || :
      else
        \builtin mapfile -t -d '' __awsprof_text <"$__awsprof_path" || :
      fi
    fi
    # shellcheck disable=SC2128 # the first is all there is
    if [[ ${__awsprof_text-} != "$__awsprof_state" ]]; then __awsprof_learn_state "${__awsprof_text-}"; fi
    if [[ -n $__awsprof_expires ]]; then
      case $__awsprof_clock in
      variable) __awsprof_seconds=$((__awsprof_expires - EPOCHSECONDS)) ;;
      printf)
        \builtin printf -v __awsprof_seconds '%(%s)T' -1
        __awsprof_seconds=$((__awsprof_expires - __awsprof_seconds))
        ;;
      *) __awsprof_seconds=$((__awsprof_expires - __awsprof_start - SECONDS)) ;;
      esac
      if ((__awsprof_seconds < __awsprof_least || __awsprof_seconds > __awsprof_most)); then __awsprof_word_left; fi
    fi
  fi
  # >>> prompt
  if [[ -z ${AWS_PROFILE-} || ${TERM-} == dumb ]]; then
    __awsprof_segment=''
    __awsprof_made_of=''
  else
    # All that the segment is made of, but for what was learned: learning clears it.
    __awsprof_seen="$PWD|${NO_COLOR-}|${AWS_ACCESS_KEY_ID:+k}${AWS_WEB_IDENTITY_TOKEN_FILE:+w}|${AWS_DEFAULT_PROFILE-}"
    if ((BASH_VERSINFO[0] >= 5)); then __awsprof_seen=${AWS_PROFILE@a}$__awsprof_seen; fi
    if [[ $__awsprof_seen != "$__awsprof_made_of" ]]; then
      __awsprof_made_of=$__awsprof_seen
      __awsprof_draw
    fi
  fi
  # Something may have set PS1 anew.
  if [[ ${PS1-} != *__awsprof_segment* ]]; then __awsprof_place; fi
  # <<< prompt
  if [[ -n $__awsprof_caseless ]]; then \builtin shopt -s nocasematch; fi
  \builtin return "$__awsprof_status"
}

# Behind all others, since one of them may set PS1 anew.
# shellcheck disable=SC2178,SC2128 # a string, or from bash 5.1 on an array, whose first element is then meant
case "${PROMPT_COMMAND[*]-}" in
*__awsprof_hook*) ;;
'') PROMPT_COMMAND=__awsprof_hook ;;
*)
  # Counted in a copy: under 'set -u' a string that is asked for its number of elements is an error.
  __awsprof_commands=("${PROMPT_COMMAND[@]}")
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501 && ${#__awsprof_commands[@]} > 1)); then
    PROMPT_COMMAND+=(__awsprof_hook)
  else
    PROMPT_COMMAND=$PROMPT_COMMAND$'\n'__awsprof_hook
  fi
  \builtin unset -v __awsprof_commands
  ;;
esac
# <<< hook
