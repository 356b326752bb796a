_cratewheel_words() {
    local IFS=$' \t\n'
    COMPREPLY=($(compgen -W "$1" -- "$2"))
}
_cratewheel_files() {
    local IFS=$'\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen "$1" -- "$2"))
}
_cratewheel() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    COMPREPLY=()
    if [ "$current" = "=" ]; then
        current=
    elif [ "$previous" = "=" ]; then
        previous=${COMP_WORDS[COMP_CWORD-2]}
    fi
    local at=1
    while [ "$at" -lt "$COMP_CWORD" ]; do
        case "${COMP_WORDS[at]}" in
            --color) [ "${COMP_WORDS[at+1]}" = "=" ] && at=$((at + 1)); at=$((at + 2)) ;;
            -*) at=$((at + 1)) ;;
            *) break ;;
        esac
    done
    if [ "$COMP_CWORD" -le "$at" ]; then
        if [ "$previous" = "--color" ]; then
            _cratewheel_words "auto always never" "$current"
            return
        fi
        _cratewheel_words "build b plain completions inspect init new --help --version --verbose --quiet --color" "$current"
        return
    fi
    case "${COMP_WORDS[at]}" in
    build|b)
        case "$previous" in
        -b|--bindings|--binding-crate) _cratewheel_words "pyo3 bin" "$current"; return ;;
        --strip) _cratewheel_words "true false" "$current"; return ;;
        -o|--out) _cratewheel_files -d "$current"; return ;;
        --manifest) _cratewheel_files -f "$current"; return ;;
        -i|--interpreter|-Z) return ;;
        esac
        _cratewheel_words "-b --bindings --binding-crate --strip -o --out --manifest -i --interpreter --timings -Z -h --help" "$current"
        ;;
    plain)
        _cratewheel_words "" "$current"
        ;;
    completions)
        [ "${current#-}" = "$current" ] && { _cratewheel_words "bash zsh" "$current"; return; }
        _cratewheel_words "-q --quiet" "$current"
        ;;
    inspect)
        [ "${current#-}" = "$current" ] && { _cratewheel_files -f "$current"; return; }
        _cratewheel_words "--json" "$current"
        ;;
    init)
        [ "${current#-}" = "$current" ] && { _cratewheel_files -d "$current"; return; }
        _cratewheel_words "" "$current"
        ;;
    new)
        _cratewheel_words "" "$current"
        ;;
    esac
}
complete -F _cratewheel cratewheel
