"""`parley completion`: the scripts that complete at TAB; `parley complete`, which they ask what a word could become.

What can't be found out at once is left out: completion waits for nobody and says nothing but candidates.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from parley.catalog.catalog import PANEL_PREFIX, Catalog
from parley.cli.client import Client
from parley.cli.commands import COMMANDS, GROUPS, make_app
from parley.cli.fault import CommandFault, misused
from parley.cli.options import Json
from parley.cli.questions import model_rows
from parley.cli.terminal import write_json, write_out
from parley.config import ConfigError, load_config, read_environment

_PATIENCE_S = 0.5
_MODEL_OPTIONS = frozenset({"--model", "--summary-model", "--comparison-model"})
# Zsh takes a colon as the end of a candidate, bash as the end of a word; the scripts mend both.
_BASH = """\
_parley() {
    local IFS=$'\\n' words
    words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    if declare -F _get_comp_words_by_ref >/dev/null; then
        local cur cword all
        _get_comp_words_by_ref -n := -c cur -i cword -w all
        words=("${all[@]:1:cword}")
    fi
    COMPREPLY=($(parley complete -- "${words[@]}" 2>/dev/null | cut -f1))
    if declare -F __ltrim_colon_completions >/dev/null; then
        __ltrim_colon_completions "${words[${#words[@]}-1]}"
    fi
}
complete -o default -F _parley parley
"""
_ZSH = """\
#compdef parley
_parley() {
    local -a lines candidates
    local line
    lines=("${(@f)$(parley complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    for line in $lines; do
        [[ -n $line ]] && candidates+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}")
    done
    if (( $#candidates )); then
        _describe parley candidates
    else
        _files
    fi
}
if [[ $funcstack[1] == _parley ]]; then
    _parley "$@"
else
    compdef _parley parley
fi
"""
_FISH = """\
function __parley_complete
    set -l words (commandline -opc)
    set -l found (parley complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
    if set -q found[1]
        string join \\n -- $found
    else
        __fish_complete_path (commandline -ct)
    end
end
complete -c parley -f -a '(__parley_complete)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def completion(
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="The shell.", show_default=False)],
    is_json: Json = False,
) -> None:
    """Print a script that lets a shell complete words.

    Commands, options and the names of models are completed, these from the running server or from the configuration.
    """
    script = SCRIPTS.get(shell)
    if script is None:
        raise misused(f"{shell} is no shell that can be completed in; there are {', '.join(SCRIPTS)}.")
    if is_json:
        write_json({"shell": shell, "script": script})
    else:
        write_out(script)


def complete(words: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """Print what the last of these words could become: a candidate and what it means on each line."""
    candidates = sorted(set(candidates_of(words or [""])))
    write_out("".join(f"{word}\t{meaning}\n" for word, meaning in candidates))


def candidates_of(words: list[str]) -> Iterator[tuple[str, str]]:
    """Give what the last of the words of a command line could become, with meanings."""
    *before, word = words
    if not before:
        # What they mean is in their modules, and all of those together are slow to load.
        yield from _starting(word, ((name, "") for name in (*COMMANDS, *GROUPS)))
        return
    command, used = _command_of(before)
    if command is None:
        return
    inner = getattr(command, "commands", None)
    if inner is not None:
        yield from _starting(word, ((name, _short(one.help)) for name, one in inner.items() if not one.hidden))
        return
    options = [param for param in command.params if param.param_type_name == "option"]
    name, _, value = word.partition("=")
    if value or word.endswith("="):
        for model, meaning in _values(options, name, value, used):
            yield f"{name}={model}", meaning
        return
    if used and used[-1].startswith("-") and _option(options, used[-1], takes_value=True):
        yield from _values(options, used[-1], word, used)
        return
    if word.startswith("-"):
        known = ((_longest(param), param.help or "") for param in options)
        yield from _starting(word, known)
        return
    yield from _arguments(command, word)


def _command_of(before: list[str]) -> tuple[Any, list[str]]:
    """Return the command that is named so far, and the words after its name; None for one that there is not."""
    if before[0] not in COMMANDS and before[0] not in GROUPS:
        return None, []
    command: Any = typer.main.get_command(make_app(before[:1])).commands[before[0]]  # type: ignore[attr-defined]  # a group: it has a callback
    if before[0] in GROUPS and len(before) > 1:
        return command.commands.get(before[1]), before[2:]
    return command, before[1:]


def _option(options: Iterable[Any], name: str, *, takes_value: bool = False) -> Any:
    return next((one for one in options if name in one.opts and not (takes_value and one.is_flag)), None)


def _values(options: list[Any], name: str, word: str, used: list[str]) -> Iterator[tuple[str, str]]:
    """Give values of an option that are known: models. Files are the shell's own matter."""
    param = _option(options, name)
    if param is not None and _MODEL_OPTIONS & set(param.opts):
        yield from _starting(word, model_names(_value_of("--url", used), _value_of("--config", used)))


def _value_of(name: str, used: list[str]) -> str | None:
    for place, word in enumerate(used):
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
        if word == name and place + 1 < len(used):
            return used[place + 1]
    return None


def model_names(url: str | None, config: str | None) -> list[tuple[str, str]]:
    """Return the names that can be asked now, from the server if one is named, else from the configuration."""
    environment = read_environment()
    url = url or environment.get("PARLEY_URL")
    try:
        if url:
            rows = model_rows(Client(url, environment.get("PARLEY_API_KEY"), _PATIENCE_S))
            return [(str(row["id"]), str(row.get("name") or "")) for row in rows]
        read = load_config(Path(config) if config else None, environment)
    except (CommandFault, ConfigError):
        return []
    catalog = Catalog(read.providers, read.models, read.panels)
    return [(name, "") for name in (*catalog.names(), *[PANEL_PREFIX + one.name for one in read.panels])]


def _arguments(command: Any, word: str) -> Iterator[tuple[str, str]]:
    """Give what is known of a command's own words: shells."""
    if command.name == "completion":
        yield from _starting(word, ((name, "") for name in SCRIPTS))


def _starting(word: str, known: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name, meaning in known:
        if name.startswith(word):
            yield name, " ".join(meaning.split())


def _longest(param: Any) -> str:
    return str(max(param.opts, key=len))


def _short(text: str | None) -> str:
    return (text or "").split("\n", 1)[0]
