# awsprof in PowerShell, 5.1 and newer: `awsprof use` and `awsprof off` for this shell, and the active profile in its
# prompt.

# >>> values
$global:__awsprof_launcher = '/usr/local/bin/awsprof'
$global:__awsprof_states = "$HOME/.local/state/awsprof/state"
$global:__awsprof_protected = @('prod', 'production', 'live')
$global:__awsprof_ascii = ''
$global:__awsprof_release = 'yes'
# <<< values

if (-not (Test-Path -LiteralPath Variable:global:__awsprof_previous)) { $global:__awsprof_previous = '' }

# The real program; where its launcher has moved since, whatever is on PATH.
function global:__awsprof_program {
    if (Test-Path -LiteralPath $global:__awsprof_launcher -PathType Leaf) { return $global:__awsprof_launcher }
    (Get-Command -Name awsprof -CommandType Application -TotalCount 1 -ErrorAction Stop).Source
}

# PowerShell takes the first bare -- among a function's words for itself: find in the text where it stood; -1 for nowhere.
function global:__awsprof_dashes($invocation) {
    $tokens = $null
    $errors = $null
    $tree = [System.Management.Automation.Language.Parser]::ParseInput($invocation.Line, [ref]$tokens, [ref]$errors)
    $command = $tree.Find({
            param($node)
            $node -is [System.Management.Automation.Language.CommandAst] -and
            $node.Extent.StartColumnNumber -eq $invocation.OffsetInLine
        }, $true)
    if ($null -eq $command) { return -1 }
    $index = 0
    foreach ($element in @($command.CommandElements | Select-Object -Skip 1)) {
        if ($element.Extent.Text -ceq '--') { return $index }
        # What stands for any number of words.
        if ($element.Extent.Text.StartsWith('@')) { return -1 }
        $index++
        # -name:value comes as two.
        if ($element -is [System.Management.Automation.Language.CommandParameterAst] -and $element.Argument) { $index++ }
    }
    -1
}

# Whether the words mean `use` or `off`, which change this shell; both with --help only print.
function global:__awsprof_is_ours($words) {
    $verb = ''
    foreach ($word in $words) {
        if (@('-h', '--help', '--version') -ccontains "$word") { return $false }
        if (-not $verb -and -not "$word".StartsWith('-')) { $verb = "$word" }
    }
    @('use', 'off') -ccontains $verb
}

function global:awsprof {
    $program = __awsprof_program
    if (-not (__awsprof_is_ours $args)) {
        $words = $args
        $dashes = __awsprof_dashes $MyInvocation
        if ($dashes -ge 0 -and $dashes -le $args.Count) {
            $words = New-Object System.Collections.ArrayList
            $words.AddRange($args)
            $words.Insert($dashes, '--')
        }
        if ($MyInvocation.ExpectingInput) { $input | & $program @words } else { & $program @words }
        return
    }
    $before = "$Env:AWS_PROFILE"
    try {
        $Env:AWSPROF_SHELL = 'powershell'
        $Env:AWSPROF_PREVIOUS = $global:__awsprof_previous
        $code = & $program @args
    }
    finally {
        Remove-Item -ErrorAction Ignore -LiteralPath Env:AWSPROF_SHELL, Env:AWSPROF_PREVIOUS
    }
    if ($LASTEXITCODE -ne 0) { return }
    Invoke-Expression (@($code) -join "`n")
    if ($before -and $before -cne "$Env:AWS_PROFILE") { $global:__awsprof_previous = $before }
}

# >>> hook

# What was learned last, and from what; learned anew only when that changes.
$global:__awsprof_name = ''
$global:__awsprof_file = ''
$global:__awsprof_label = ''
$global:__awsprof_product = ''
$global:__awsprof_env = ''
$global:__awsprof_alias = ''
$global:__awsprof_left = ''
$global:__awsprof_is_protected = $false

# Learn what the name alone tells, once for each name: the file its state is in, and what to call it.
function global:__awsprof_learn_name($name) {
    $global:__awsprof_name = $name
    $global:__awsprof_product = ''
    $global:__awsprof_env = ''
    # Others may have written the name: what a terminal or a prompt might act on becomes a question mark.
    $label = $name -creplace '[^\p{L}\p{N}._/@+=,: -]', '?'
    $global:__awsprof_label = $label.Substring(0, [Math]::Min(64, $label.Length))
    # A name of the convention is told by product and env.
    $part = '(?!default_)([a-z0-9](?:[a-z0-9.-]{0,30}[a-z0-9])?)'
    if ("${name}_" -cmatch "\A${part}_${part}_${part}_\z") {
        $global:__awsprof_product = $Matches[1]
        $global:__awsprof_env = $Matches[2]
        $global:__awsprof_label = $Matches[1] + '/' + $Matches[2]
    }
    # Percent-encode the name's bytes as awsprof does for its files.
    $file = New-Object System.Text.StringBuilder
    foreach ($byte in [System.Text.Encoding]::UTF8.GetBytes($name)) {
        $char = [string][char]$byte
        if ($char -cmatch '\A[a-z0-9_-]\z' -or ($char -ceq '.' -and $file.Length -gt 0)) { $null = $file.Append($char) }
        else { $null = $file.Append('%' + $byte.ToString('X2')) }
    }
    $global:__awsprof_file = $file.ToString()
}

# Look at the state of AWS_PROFILE, and let go of a protected env whose session has expired.
function global:__awsprof_look {
    $name = "$Env:AWS_PROFILE"
    if (-not $name) { return }
    if ($name -cne $global:__awsprof_name) { __awsprof_learn_name $name }
    $states = $global:__awsprof_states
    if ("$Env:XDG_STATE_HOME".StartsWith('/')) { $states = "$Env:XDG_STATE_HOME/awsprof/state" }
    $lines = @()
    try { $lines = [System.IO.File]::ReadAllLines("$states/$global:__awsprof_file") } catch { $lines = @() }
    $lines = @($lines) + @('', '', '', '')
    $global:__awsprof_left = ''
    $global:__awsprof_alias = ''
    $global:__awsprof_is_protected = $lines[3] -ceq 'protected' -or $global:__awsprof_protected -ccontains $global:__awsprof_env
    if ($lines[0] -cnotmatch '\A[0-9]{1,11}\z') { return }
    # No account alias has any other character.
    if ($lines[2] -cmatch '\A[a-z0-9-]+\z') { $global:__awsprof_alias = $lines[2] }
    $seconds = [long]$lines[0] - [DateTimeOffset]::UtcNow.ToUnixTimeSeconds()
    if ($seconds -ge 3600) {
        $global:__awsprof_left = '{0}h{1:00}m' -f [Math]::Floor($seconds / 3600), [Math]::Floor($seconds % 3600 / 60)
    }
    elseif ($seconds -ge 120) { $global:__awsprof_left = '{0}m' -f [Math]::Floor($seconds / 60) }
    elseif ($seconds -gt 0) { $global:__awsprof_left = "${seconds}s" }
    else {
        $global:__awsprof_left = 'expired'
        if ($global:__awsprof_is_protected -and $global:__awsprof_release) {
            $global:__awsprof_previous = $name
            Remove-Item -ErrorAction Ignore -LiteralPath Env:AWS_PROFILE
            [Console]::Error.WriteLine("awsprof: the session of $global:__awsprof_label has expired: this shell lets go of it")
        }
    }
}

# >>> prompt
$global:__awsprof_directory = ''
$global:__awsprof_here = ''
$global:__awsprof_warning = '!'
$global:__awsprof_other = '!='
if (-not $global:__awsprof_ascii -and [Console]::OutputEncoding.WebName -eq 'utf-8') {
    $global:__awsprof_warning = [string][char]0x26A0
    $global:__awsprof_other = [string][char]0x2260
}

# Find the product that the nearest .awsprof.toml upwards is of, once for each directory.
function global:__awsprof_learn_directory($directory) {
    $global:__awsprof_directory = $directory
    $global:__awsprof_here = ''
    $above = $directory
    while ($above -and -not [System.IO.File]::Exists([System.IO.Path]::Combine($above, '.awsprof.toml'))) {
        $above = [System.IO.Path]::GetDirectoryName($above)
    }
    if (-not $above) { return }
    $path = [System.IO.Path]::Combine($above, '.awsprof.toml')
    # What is another user's is passed over; Windows keeps a user's directories by access lists.
    if ([System.IO.Path]::DirectorySeparatorChar -eq '/') {
        $owner = (Get-Item -LiteralPath $path -Force).PSObject.Properties['User']
        if ($null -eq $owner -or $owner.Value -cne [Environment]::UserName) { return }
    }
    foreach ($line in @(Get-Content -LiteralPath $path -TotalCount 200 -ErrorAction Ignore)) {
        if ($line.StartsWith('[')) { return }
        if ($line -cmatch '\A\s*product\s*=\s*["'']([a-z0-9.-]{1,32})["'']\s*(?:#.*)?\z') {
            $global:__awsprof_here = $Matches[1]
            return
        }
    }
}

# Put the segment together.
function global:__awsprof_segment {
    __awsprof_look
    if (-not $Env:AWS_PROFILE -or $Env:TERM -eq 'dumb') { return '' }
    $text = $global:__awsprof_label
    $marks = ''
    if ($Env:NO_COLOR -and $global:__awsprof_is_protected) { $text += ' (protected)' }
    if ($global:__awsprof_alias) { $text += " ($global:__awsprof_alias)" }
    if ($global:__awsprof_left) { $text += " $global:__awsprof_left" }
    foreach ($variable in @('AWS_ACCESS_KEY_ID', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_DEFAULT_PROFILE')) {
        $value = [Environment]::GetEnvironmentVariable($variable)
        if ($value -and $value -cne $Env:AWS_PROFILE) { $marks += " $global:__awsprof_warning $variable" }
    }
    $directory = $ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath
    if ($directory -cne $global:__awsprof_directory) { __awsprof_learn_directory $directory }
    if ($global:__awsprof_here -and $global:__awsprof_product -and $global:__awsprof_here -cne $global:__awsprof_product) {
        $marks += " $global:__awsprof_other$global:__awsprof_here"
    }
    if ($Env:NO_COLOR) { return "$text$marks " }
    $escape = [string][char]27
    $end = "$escape[0m"
    if ($marks) { $marks = "$escape[33m$marks$end" }
    if ($global:__awsprof_is_protected) { return "$escape[97;41m $text $end$marks " }
    "$escape[36m$text$end$marks "
}
# <<< prompt

if ("$function:prompt" -notlike '*__awsprof_prompt_before*') { $global:__awsprof_prompt_before = $function:prompt }

# The prompt that was there before finds the statuses that it would have found alone.
function global:prompt {
    $ok = $?
    $status = Get-Variable -Name LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore
    $segment = ''
    try {
        # >>> prompt
        $segment = __awsprof_segment
        # <<< prompt
        # >>> bare
        __awsprof_look
        # <<< bare
    }
    catch { $segment = '' }
    $global:LASTEXITCODE = $status
    if (-not $ok) { Write-Error -Message ' ' -ErrorAction Ignore }
    $rest = & $global:__awsprof_prompt_before
    "$segment$rest"
}
# <<< hook
