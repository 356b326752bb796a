function __cratewheel_words -d 'The words from the command on'
    set -l words (commandline -opc)
    set -e words[1]
    while string match -q -- '-*' $words[1]
        test $words[1] = --color; and set -q words[2]; and set -e words[1]
        set -e words[1]
    end
    set -q words[1]; and string join -- \n $words
end
function __cratewheel_command
    set -l words (__cratewheel_words)
    set -q words[1]; and contains -- $words[1] $argv
end
complete -c cratewheel -f
complete -c cratewheel -n 'test (count (__cratewheel_words)) -eq 0' -s h -l help -d 'Show the commands'
complete -c cratewheel -n 'test (count (__cratewheel_words)) -eq 0' -s V -l version -d 'Show the version'
complete -c cratewheel -n 'test (count (__cratewheel_words)) -eq 0' -s v -l verbose
complete -c cratewheel -n 'test (count (__cratewheel_words)) -eq 0' -s q -l quiet
complete -c cratewheel -n 'test (count (__cratewheel_words)) -eq 0' -l color -x -a 'auto always never'
complete -c cratewheel -n 'test (count (__cratewheel_words)) -eq 0' -a build -d 'Build: don\'t [wait]'
complete -c cratewheel -n 'test (count (__cratewheel_words)) -eq 0' -a b -d 'Build: don\'t [wait]'
complete -c cratewheel -n '__cratewheel_command build b' -s b -l bindings -l binding-crate -r -f -a 'pyo3 bin' -d 'The kind: a [word], don\'t ask'
complete -c cratewheel -n '__cratewheel_command build b' -l strip -f -a 'true false' -d 'Strip'
complete -c cratewheel -n '__cratewheel_command build b' -s o -l out -r -f -a '(__fish_complete_directories)' -d 'The folder'
complete -c cratewheel -n '__cratewheel_command build b' -l manifest -r -F -d 'The file'
complete -c cratewheel -n '__cratewheel_command build b' -s i -l interpreter -r -f -d 'The Pythons'
complete -c cratewheel -n '__cratewheel_command build b' -l timings -f -d 'Report'
complete -c cratewheel -n '__cratewheel_command build b' -s Z -r -f -d 'Unstable'
complete -c cratewheel -n '__cratewheel_command build b' -s h -l help -d 'Show help'
complete -c cratewheel -n 'test (count (__cratewheel_words)) -eq 0' -a plain -d 'Plain'
complete -c cratewheel -n 'test (count (__cratewheel_words)) -eq 0' -a completions -d 'Print a script'
complete -c cratewheel -n '__cratewheel_command completions' -s q -l quiet -d 'Less'
complete -c cratewheel -n '__cratewheel_command completions' -f -a 'bash zsh'
complete -c cratewheel -n 'test (count (__cratewheel_words)) -eq 0' -a inspect -d 'Show'
complete -c cratewheel -n '__cratewheel_command inspect' -l json -d 'As JSON'
complete -c cratewheel -n '__cratewheel_command inspect' -F
complete -c cratewheel -n 'test (count (__cratewheel_words)) -eq 0' -a init -d 'Create'
complete -c cratewheel -n '__cratewheel_command init' -f -a '(__fish_complete_directories)'
complete -c cratewheel -n 'test (count (__cratewheel_words)) -eq 0' -a new -d 'Create'
