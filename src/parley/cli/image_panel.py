"""`parley ask --image`: a panel that sees images. A roundtable takes text alone: this is one turn of a conversation."""

from contextlib import closing
from dataclasses import dataclass

from parley.cli.connection import Target, connect
from parley.cli.conversation import Conversation, turn_of
from parley.cli.fault import CommandFault, ExitCode
from parley.cli.material import Question
from parley.cli.panel import drain, say_nothing
from parley.cli.printing import Printing
from parley.cli.questions import choose_models
from parley.cli.screen import Screen
from parley.cli.terminal import make_console, write_json, write_line
from parley.cli.turn import Asking, turn_steps


@dataclass(frozen=True, slots=True)
class ImagePanel:
    """One question with images; `judge` merges the answers, else the first model that answered."""

    question: Question
    instructions: str | None = None
    is_merging: bool = True
    judge: str | None = None


def run_image_panel(panel: ImagePanel, named: list[str] | None, target: Target, printing: Printing) -> None:
    """Send one question and show the answers; raises CommandFault."""
    with connect(target) as client:
        models = choose_models(named, client, make_console(is_error=True))
        messages = Conversation(panel.instructions or "").messages(panel.question)
        asking = Asking(models, messages, panel.question, panel.is_merging, panel.judge)
        board = asking.board()
        tell = write_line if printing is Printing.LINES else say_nothing
        show_steps = drain if printing is not Printing.PEOPLE else Screen(make_console(), board).follow
        with closing(turn_steps(client, asking, board, tell)) as steps:
            show_steps(steps)
    if board.fault is not None:
        raise board.fault
    turn = turn_of(panel.question, board)
    if turn is None:
        raise CommandFault(ExitCode.ALL_FAILED, "all_models_failed", "No model answered.")
    if printing is Printing.JSON:
        write_json(turn.document())
