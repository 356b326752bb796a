#compdef cratewheel
_cratewheel() {
    local -i at=2
    while (( at < CURRENT )); do
        case $words[at] in
            (--color) (( at += 2 )) ;;
            (-*) (( at += 1 )) ;;
            (*) break ;;
        esac
    done
    if (( CURRENT <= at )); then
        if [[ $words[CURRENT-1] == --color ]] || compset -P '--color='; then
            compadd -- auto always never
            return
        fi
        local -a commands=(
            'build:Build\: don'\''t [wait]'
            'b:Build\: don'\''t [wait]'
            'plain:Plain'
            'completions:Print a script'
            'inspect:Show'
            'init:Create'
            'new:Create'
        )
        _describe -t commands command commands
        compadd -- --help --version --verbose --quiet --color
        return
    fi
    local command=$words[at]
    shift $(( at - 1 )) words
    (( CURRENT -= at - 1 ))
    case $command in
    (build|b)
        _arguments -s -S : \
            '*-b+[The kind\: a \[word\], don'\''t ask]:KIND:(pyo3 bin)' \
            '*--bindings=[The kind\: a \[word\], don'\''t ask]:KIND:(pyo3 bin)' \
            '*--binding-crate=[The kind\: a \[word\], don'\''t ask]:KIND:(pyo3 bin)' \
            '*--strip=-[Strip]::true|false:(true false)' \
            '*-o+[The folder]:DIR:_files -/' \
            '*--out=[The folder]:DIR:_files -/' \
            '*--manifest=[The file]:PATH:_files' \
            '*-i+[The Pythons]:PYTHON: ' \
            '*--interpreter=[The Pythons]:PYTHON: ' \
            '*--timings=-[Report]::FORMAT: ' \
            '*-Z+[Unstable]:FLAG: ' \
            '*-h[Show help]' \
            '*--help[Show help]'
        ;;
    (plain)
        _arguments -s -S :
        ;;
    (completions)
        _arguments -s -S : \
            '*-q[Less]' \
            '*--quiet[Less]' \
            '*:SHELL:(bash zsh)'
        ;;
    (inspect)
        _arguments -s -S : \
            '*--json[As JSON]' \
            '*:FILE\:S:_files'
        ;;
    (init)
        _arguments -s -S : \
            '*:PATH:_files -/'
        ;;
    (new)
        _arguments -s -S : \
            '*:NAME: '
        ;;
    esac
}
if [ "$funcstack[1]" = "_cratewheel" ]; then
    _cratewheel "$@"
else
    compdef _cratewheel cratewheel
fi
