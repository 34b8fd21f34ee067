# awsprof in fish, 3.4 and newer: `awsprof use` and `awsprof off` for this shell, and the active profile in its prompt.

# >>> values
set -g __awsprof_launcher /usr/local/bin/awsprof
set -g __awsprof_states $HOME/.local/state/awsprof/state
set -g __awsprof_protected prod production live
set -g __awsprof_ascii ''
set -g __awsprof_release yes
# <<< values

set -q __awsprof_previous
or set -g __awsprof_previous ''

# The real program; where its launcher has moved since, whatever is on PATH.
function __awsprof_run
    if test -x $__awsprof_launcher
        $__awsprof_launcher $argv
    else
        command awsprof $argv
    end
end

# Whether the words mean `use` or `off`, which change this shell; both with --help only print.
function __awsprof_is_ours
    set -l verb ''
    for word in $argv
        switch $word
            case -h --help --version
                return 1
            case '-*'
            case '*'
                test -n "$verb"
                or set verb $word
        end
    end
    contains -- "$verb" use off
end

# Say once of each variable that it is universal, where something of this shell alone had to stand before it.
set -g __awsprof_told
function __awsprof_tell_universal
    for name in $argv
        set -qU $name
        and not contains -- $name $__awsprof_told
        or continue
        set -ga __awsprof_told $name
        echo "awsprof: $name is universal, and only hidden in this shell: 'set -eU $name' takes it out of all" >&2
    end
end

function awsprof --description 'Work in many AWS accounts'
    if not __awsprof_is_ours $argv
        __awsprof_run $argv
        return
    end
    set -l before "$AWS_PROFILE"
    set -lx AWSPROF_SHELL fish
    set -lx AWSPROF_PREVIOUS $__awsprof_previous
    set -l code (__awsprof_run $argv)
    or return
    string join \n -- $code | source
    __awsprof_tell_universal (string match -rg '^set -qU (\w+)' -- $code)
    if test -n "$before" -a "$before" != "$AWS_PROFILE"
        set -g __awsprof_previous $before
    end
    return 0
end

# >>> hook

# An age that no file has.
set -g __awsprof_never -99999999999
# What was learned last, and from what; learned anew only when that changes.
set -g __awsprof_from
set -g __awsprof_state ''
set -g __awsprof_expires ''
set -g __awsprof_left ''
set -g __awsprof_worded $__awsprof_never
set -g __awsprof_worded_at 0
# Up to which uptime the words hold, where the system tells its uptime.
set -g __awsprof_until 0
set -g __awsprof_up
set -g __awsprof_idle
set -g __awsprof_uptime
test -r /proc/uptime
and set __awsprof_uptime /proc/uptime
set -g __awsprof_made_of
set -g __awsprof_text

# Learn what the name alone tells, once for each name: the file its state is in, and what to call it.
function __awsprof_learn_name
    set -g __awsprof_name "$AWS_PROFILE"
    set -g __awsprof_from "$AWS_PROFILE|$XDG_STATE_HOME"
    set -g __awsprof_state '?'
    set -g __awsprof_product ''
    set -g __awsprof_env ''
    set -l directory $__awsprof_states
    string match -q '/*' -- "$XDG_STATE_HOME"
    and set directory $XDG_STATE_HOME/awsprof/state
    if string match -qr '^[a-z0-9_-][a-z0-9._-]*$' -- "$__awsprof_name"
        set -g __awsprof_file $directory/$__awsprof_name
        set -g __awsprof_label $__awsprof_name
        # A name of the convention is told by product and env.
        set -l part '(?!default_)([a-z0-9](?:[a-z0-9.-]{0,30}[a-z0-9])?)_'
        set -l parts (string match -r "^$part$part$part\$" -- "$__awsprof_name"_)
        and set -g __awsprof_product $parts[2]
        and set -g __awsprof_env $parts[3]
        and set -g __awsprof_label $parts[2]/$parts[3]
        return
    end
    # Others may have written the name: what a terminal or a prompt might act on becomes a question mark.
    set -l printed (string replace -ra '[^\p{L}\p{N}._/@+=,: -]' '?' -- "$__awsprof_name" | string join '?')
    set -g __awsprof_label (string sub -l 64 -- $printed)
    # Percent-encode the name's bytes as awsprof does for its files.
    set -l file ''
    for char in (string escape --style=url -- "$__awsprof_name" | string match -ra '%..|.')
        if string match -qr '^[A-Z/~]$' -- $char
            set char (printf '%%%02X' "'$char")
        else if test "$file$char" = .
            set char '%2E'
        end
        set file $file$char
    end
    set -g __awsprof_file $directory/$file
end

# Learn what the text of a state file tells: expiration, account id, alias and mark, a line each.
function __awsprof_learn_state -a text
    set -g __awsprof_state "$text"
    set -g __awsprof_left ''
    set -g __awsprof_made_of
    set -g __awsprof_worded $__awsprof_never
    set -g __awsprof_until 0
    set -l lines (string split \n -- "$text")
    set -g __awsprof_expires ''
    set -g __awsprof_alias ''
    set -g __awsprof_is_protected ''
    if contains -- "$__awsprof_env" $__awsprof_protected; or test "$lines[4]" = protected
        set -g __awsprof_is_protected yes
    end
    if string match -qr '^[0-9]{1,11}$' -- "$lines[1]"
        set -g __awsprof_expires $lines[1]
        # No account alias has any other character.
        if string match -qr '^[a-z0-9-]+$' -- "$lines[3]"
            set -g __awsprof_alias $lines[3]
        end
    end
end

# Put the time left into words, and note up to which age they hold: arithmetic is the dearest thing here.
function __awsprof_word_left -a age
    set -g __awsprof_worded_at $age
    set -l before $__awsprof_left
    if test $age -ge 0
        set -g __awsprof_left expired
        # To be looked at again, as long as it is so.
        set -g __awsprof_worded $__awsprof_never
        if test -n "$__awsprof_is_protected" -a -n "$__awsprof_release"
            set -g __awsprof_previous $AWS_PROFILE
            # A universal one is every shell's, and stays there; an empty one of this shell stands before it, exported,
            # or else commands would have the universal one.
            set -qU AWS_PROFILE
            and set -gx AWS_PROFILE ''
            or set -e -g AWS_PROFILE
            echo "awsprof: the session of $__awsprof_label has expired: this shell lets go of it" >&2
            __awsprof_tell_universal AWS_PROFILE
        end
    else if test $age -gt -120
        set -g __awsprof_left (string sub -s 2 -- $age)s
        set -g __awsprof_worded $age
    else
        set -l minutes (math "floor((0 - $age) / 60)")
        set -g __awsprof_worded (math "0 - 60 * $minutes")
        set -g __awsprof_left $minutes'm'
        if test $minutes -ge 60
            set -g __awsprof_left (printf '%dh%02dm' (math "floor($minutes / 60)") (math "$minutes % 60"))
        end
    end
    test "$__awsprof_left" = "$before"
    or set -g __awsprof_made_of
end

# Before fish 3.5 there is no clock without a process.
set -g __awsprof_clock path
contains path (builtin -n)
or set -g __awsprof_clock ''

# >>> prompt
set -g __awsprof_segment ''
set -g __awsprof_directory ''
set -g __awsprof_here ''
set -g __awsprof_warning '!'
set -g __awsprof_other '!='
set -l locale (string match -v '' -- "$LC_ALL" "$LC_CTYPE" "$LANG")
if string match -qir 'utf-?8$' -- "$locale[1]$__awsprof_ascii"
    set __awsprof_warning \u26a0
    set __awsprof_other \u2260
end

# Find the product that the nearest .awsprof.toml upwards is of, once for each directory.
function __awsprof_learn_directory
    set -g __awsprof_directory $PWD
    set -g __awsprof_here ''
    set -l above .
    for part in (string split / -- (builtin pwd -P 2>/dev/null))
        if test -e $above/.awsprof.toml
            break
        end
        set above $above/..
    end
    set above $above/.awsprof.toml
    # What is another user's is passed over; a pipe would make the prompt wait.
    test -f $above -a -O $above -a -r $above
    or return 0
    read -l -z -n 16384 text <$above
    for line in (string split \n -- $text)[1..200]
        if string match -q '[*' -- $line
            break
        end
        if set -l found (string match -r '^\s*product\s*=\s*["\']([a-z0-9.-]{1,32})["\']\s*(?:#.*)?$' -- $line)
            set -g __awsprof_here $found[2]
            break
        end
    end
end

# Put the segment together.
function __awsprof_draw
    set -l text $__awsprof_label
    set -l marks ''
    if test -n "$NO_COLOR" -a -n "$__awsprof_is_protected"
        set text "$text (protected)"
    end
    test -n "$__awsprof_alias"
    and set text "$text ($__awsprof_alias)"
    test -n "$__awsprof_left"
    and set text "$text $__awsprof_left"
    for name in AWS_ACCESS_KEY_ID AWS_WEB_IDENTITY_TOKEN_FILE AWS_DEFAULT_PROFILE
        if test -n "$$name" -a "$$name" != "$AWS_PROFILE"
            set marks "$marks $__awsprof_warning $name"
        end
    end
    set -qx AWS_PROFILE
    or set marks "$marks $__awsprof_warning not exported"
    test "$PWD" = "$__awsprof_directory"
    or __awsprof_learn_directory
    if test -n "$__awsprof_here" -a -n "$__awsprof_product" -a "$__awsprof_here" != "$__awsprof_product"
        set marks "$marks $__awsprof_other$__awsprof_here"
    end
    if test -n "$NO_COLOR"
        set -g __awsprof_segment "$text$marks "
        return 0
    end
    set -l colour \e'[36m'
    if test -n "$__awsprof_is_protected"
        set colour \e'[97;41m'
        set text " $text "
    end
    test -n "$marks"
    and set marks \e'[33m'$marks\e'[0m'
    set -g __awsprof_segment $colour$text\e'[0m'$marks' '
end

function __awsprof_return
    return $argv[1]
end

# The segment, then the prompt that was there before, which finds the statuses it would have found alone.
function __awsprof_prompt
    set -g __awsprof_statuses $status $pipestatus
    echo -n -s $__awsprof_segment
    if test "$__awsprof_statuses" = '0 0'
        # As that test leaves it.
        __awsprof_prompt_before
        return
    end
    if test "$__awsprof_statuses" = "$__awsprof_statuses[1] $__awsprof_statuses[1]"
        __awsprof_return $__awsprof_statuses[1]
        __awsprof_prompt_before
        return
    end
    # Only a pipeline sets $pipestatus, and only for what follows in the same text.
    set -l code '__awsprof_return '(string join ' | __awsprof_return ' -- $__awsprof_statuses[2..])
    test $__awsprof_statuses[1] -eq $__awsprof_statuses[-1]
    or set code "not $code"
    eval "$code; __awsprof_prompt_before"
end

# What the last prompt noted, if ours was part of it: nothing yet, so that ours takes its place at the first prompt. A
# later line of the same file may define another.
set -g __awsprof_statuses

# Take the place of the prompt.
function __awsprof_place
    functions fish_prompt | string match -q '*__awsprof_statuses*'
    and return 0
    # Under a name of its own each time: what took the place before may live on in somebody's wrapper around it.
    set -ga __awsprof_places before
    set -l before __awsprof_prompt_before_(count $__awsprof_places)
    functions -e $before
    functions -c fish_prompt $before
    set -l code (functions __awsprof_prompt | string replace -a __awsprof_prompt_before $before)
    if set -q __awsprof_places[2]
        # There the segment is empty: an exported local variable is all that the functions below see of it.
        set code (string replace -r '^(\s*)echo .*' '$0'\n'$1set -lx __awsprof_segment' -- $code)
    end
    string replace 'function __awsprof_prompt' 'function fish_prompt' -- $code | source
end
# <<< prompt

# Before each prompt: look at the state of AWS_PROFILE, and draw the segment where anything has changed.
function __awsprof_hook --on-event fish_prompt
    # >>> prompt
    # Also where something has set another prompt since.
    set -q __awsprof_statuses[1]
    or __awsprof_place
    set -g __awsprof_statuses
    # <<< prompt
    if test -n "$AWS_PROFILE"
        test "$AWS_PROFILE|$XDG_STATE_HOME" = "$__awsprof_from"
        or __awsprof_learn_name
        set __awsprof_text
        # Two tests cost less than one with -a.
        test -f $__awsprof_file
        and test -r $__awsprof_file
        and read -z __awsprof_text <$__awsprof_file
        test "$__awsprof_text" = "$__awsprof_state"
        or __awsprof_learn_state "$__awsprof_text"
        if test -n "$__awsprof_expires"
            set -q __awsprof_uptime[1]
            and read __awsprof_up __awsprof_idle <$__awsprof_uptime
            if not test 0"$__awsprof_up" -lt $__awsprof_until
                # fish has no clock of its own but this one: a file's age. A state file is as old as its session is
                # past its end.
                set -l age
                if test -n "$__awsprof_clock"
                    set age (path mtime -R -- $__awsprof_file)
                else
                    set age (math (command date +%s) - $__awsprof_expires)
                end
                if set -q age[1]
                    test $age -le $__awsprof_worded -a $age -ge $__awsprof_worded_at
                    or __awsprof_word_left $age
                    # Minutes hold for some seconds, by a clock that costs less than a file's age.
                    set -q __awsprof_uptime[1]
                    and test $age -lt -120
                    and set -g __awsprof_until (math "$__awsprof_up + min(10, $__awsprof_worded - $age)")
                end
            end
        end
    end
    # >>> prompt
    if test -z "$AWS_PROFILE"; or test "$TERM" = dumb
        set -g __awsprof_segment ''
        set -g __awsprof_made_of
    else
        # All that the segment is made of, but for what was learned: learning clears it.
        set -qx AWS_PROFILE
        set -l seen "$status|$PWD|$NO_COLOR|$AWS_ACCESS_KEY_ID|$AWS_WEB_IDENTITY_TOKEN_FILE|$AWS_DEFAULT_PROFILE"
        if test "$seen" != "$__awsprof_made_of"
            set -g __awsprof_made_of $seen
            __awsprof_draw
        end
    end
    # <<< prompt
    return 0
end
# <<< hook
