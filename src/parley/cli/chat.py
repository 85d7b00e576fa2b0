"""`parley chat`: a conversation with a panel. Each message goes to all of its models; one answer is gone on with.

On a terminal a turn that fails or is stopped is said, and the conversation goes on; on a pipe it ends at what would
fail every turn alike.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from parley.cli.chat_session import Session
from parley.cli.connection import Target, connect
from parley.cli.conversation import Conversation, Turn, turn_of
from parley.cli.fault import CommandFault, ExitCode, OutputFault
from parley.cli.line_input import LineInput
from parley.cli.material import Question
from parley.cli.options import Config, Instructions, Json, JsonLines, Models, Url
from parley.cli.printing import Printing, printing_of
from parley.cli.questions import choose_models
from parley.cli.screen import Screen
from parley.cli.slash import act, complete
from parley.cli.terminal import count, harmless, make_console, say, write_json, write_line
from parley.cli.turn import turn_steps
from parley.domain.json import JsonObject

_PROMPT = "› "
_HINT = "Ctrl-D or /quit leaves."


def chat(
    model: Models = None,
    pick: Annotated[
        bool, typer.Option("--pick", help="Pick the answer to go on with after each turn, instead of merging them.")
    ] = False,
    instructions: Instructions = None,
    summary_model: Annotated[
        str | None, typer.Option("--summary-model", metavar="NAME", help="Who merges the answers.")
    ] = None,
    history: Annotated[
        Path | None, typer.Option("--history", metavar="FILE", help="Keep typed lines in this file, for the next time.")
    ] = None,
    url: Url = None,
    config: Config = None,
    is_json: Json = False,
    is_jsonl: JsonLines = False,
) -> None:
    """Talk with several models at once, turn by turn.

    On a pipe, each line of standard input is a message.
    """
    printing = printing_of(is_json, is_jsonl)
    with connect(Target(url, config)) as client:
        models = choose_models(model, client, make_console(is_error=True))
        conversation = Conversation(instructions or "")
        session = Session(client, list(dict.fromkeys(models)), conversation, not pick, summary_model)
        Chat(session, printing, history).run()


class Chat:
    """One session in front of a user or a pipe."""

    def __init__(self, session: Session, printing: Printing, history: Path | None = None) -> None:
        self._session = session
        self._printing = printing
        self._console = make_console()
        self._notes = make_console(is_error=True)
        self._input = LineInput(lambda line, word: complete(session, line, word), history)
        self._exit_code = ExitCode.DONE
        self._failures: list[JsonObject] = []
        self._typed: str | None = None

    def run(self) -> None:
        """Take turns until the input ends; raises CommandFault, and typer.Exit if a turn had no answer."""
        session = self._session
        self._greet()
        try:
            while not session.is_over:
                self._step()
        except CommandFault as fault:
            if self._printing is not Printing.JSON or isinstance(fault, OutputFault):
                raise
            write_json({**self._document(), **fault.document()})
            raise typer.Exit(fault.exit_code) from fault
        finally:
            self._input.close()
        if self._printing is Printing.JSON:
            write_json(self._document())
        if self._exit_code and not self._input.is_interactive:
            raise typer.Exit(self._exit_code)

    def _step(self) -> None:
        """Read and do one thing; on a terminal Ctrl-C ends nothing but that."""
        session = self._session
        try:
            question = session.next_waiting() or self._read()
            if question is not None:
                self._take_turn(question)
        except KeyboardInterrupt:
            if not self._input.is_interactive:
                raise
            self._notes.print()
            self._note(_HINT)

    def _document(self) -> JsonObject:
        return {**self._session.conversation.document(self._session.models), "failures": [*self._failures]}

    def _greet(self) -> None:
        if self._input.is_interactive:
            names = ", ".join(self._session.models)
            self._note(f"{count(len(self._session.models), 'model')}: {names}. /help lists commands; {_HINT}")

    def _read(self) -> Question | None:
        """Return the next question; None for anything else, at the end of input too."""
        session = self._session
        line, self._typed = self._typed or self._input.read(_PROMPT), None
        if line is None:
            session.is_over = True
            if self._input.is_interactive:
                self._notes.print()
            return None
        if line.startswith("/") and not line.startswith("//"):
            self._try(lambda: self._note(act(session, line)))
            return None
        text = line.removeprefix("/") if line.startswith("//") else line
        return session.take(text) if text.strip() else None

    def _take_turn(self, question: Question) -> None:
        """Ask; a turn that is stopped or without an answer is no part of the conversation."""
        session = self._session
        session.retried = question
        try:
            self._try(lambda: self._ask(question))
        except KeyboardInterrupt:
            if not self._input.is_interactive:
                raise
            self._note("Stopped; the turn is no part of the conversation. /retry asks again.")

    def _ask(self, question: Question) -> None:
        session = self._session
        asking = session.asking(question)
        board = asking.board()
        self._tell({"event": "turn_start", "turn": len(session.conversation.turns) + 1, "input": question.text})
        with closing(turn_steps(session.client, asking, board, self._tell)) as steps:
            if self._printing is Printing.PEOPLE:
                self._echo(question)
                Screen(self._console, board).follow(steps)
            else:
                for _ in steps:
                    pass
        turn = turn_of(question, board)
        if board.fault is not None or turn is None:
            raise board.fault or CommandFault(ExitCode.ALL_FAILED, "all_models_failed", "No model answered.")
        session.conversation.turns.append(turn)
        session.retried = None
        self._choose(turn)
        self._tell({"event": "turn_done", **session.conversation.turns[-1].document()})

    def _choose(self, turn: Turn) -> None:
        """Let the user pick where there is something to pick and somebody to do it.

        What can't be a choice is the next message: who wants the first answer need not say so.
        """
        session = self._session
        if self._printing is not Printing.PEOPLE or turn.merged or len(turn.given) < 2:
            return
        if not self._input.is_interactive:
            return
        self._note(session.choices(turn))
        while True:
            said = self._read_choice(f"Go on with 1 to {len(turn.given)} [1], or write on: ")
            if not said or not said.strip():
                break
            if len(said.split()) > 1 or said.startswith("/"):
                self._typed = said
                break
            try:
                session.conversation.choose(session.chosen_of(turn, said.strip()))
                break
            except CommandFault as fault:
                self._report(fault)
        self._note(session.goes_on(session.conversation.turns[-1]))

    def _read_choice(self, prompt: str) -> str | None:
        """Return what was typed; Ctrl-C takes the first answer, as the end of input does."""
        try:
            return self._input.read(prompt)
        except KeyboardInterrupt:
            self._notes.print()
            return None

    def _echo(self, question: Question) -> None:
        """Show what is asked where nobody has typed it, so that the answers can be read alone."""
        if not self._input.is_interactive:
            say(self._console, Text(f"{_PROMPT}{harmless(question.text)}", "bold"))

    def _try(self, do: Callable[[], None]) -> None:
        """Do something whose failure does not end the conversation, unless it would fail every turn of a pipe."""
        try:
            do()
        except CommandFault as fault:
            is_turn = fault.exit_code is ExitCode.ALL_FAILED
            if isinstance(fault, OutputFault) or not (self._input.is_interactive or is_turn):
                raise
            self._exit_code = fault.exit_code
            self._failures.append(fault.document())
            if self._printing is Printing.LINES:
                write_line(fault.document())
            else:
                self._report(fault)

    def _tell(self, event: JsonObject) -> None:
        if self._printing is Printing.LINES:
            write_line(event)

    def _note(self, text: str) -> None:
        if text:
            say(self._notes, Text(harmless(text), "dim"))

    def _report(self, fault: CommandFault) -> None:
        say(self._notes, Text.assemble(("parley: ", "bold red"), harmless(fault.message)))
