"""A run's events as progress: one notification for each seat that finishes, and one when the judge sets to work."""

from collections.abc import Callable
from dataclasses import dataclass, field

from parley.domain.events import Event, JudgeSeated, SeatFinished
from parley.domain.run import Answer, Comparison, PanelRequest, Summary
from parley.wire.encoding import WireObject
from parley.wire.mcp.rpc import RpcId, encode_note
from parley.wire.mcp.tools import PanelTool

Notify = Callable[[bytes], None]


@dataclass(slots=True)
class Progress:
    """Reads the events of one run and never blocks. Without a token the client wants none, and gets none.

    Each notification must be further than the one before: a judge who sets to work is half a step.
    """

    token: RpcId | None
    tool: PanelTool
    request: PanelRequest
    notify: Notify
    _finished: int = 0
    _is_judged: bool = field(default=False)

    def __call__(self, event: Event) -> None:
        if self.token is None:
            return
        match event:
            case SeatFinished(answer=answer) if not answer.is_judge:
                self._finished += 1
                self._tell(self._finished, self._told(answer))
            case JudgeSeated(model=model) if not self._is_judged:
                self._is_judged = True
                self._tell(self._finished + 0.5, f"{model} {self.tool.judge_does} the answers")
            case _:
                pass

    def _told(self, answer: Answer) -> str:
        how = f"failed ({answer.failure.code.value})" if answer.failure else f"in {answer.duration_ms / 1000:.1f} s"
        return f"{self._finished} of {self._seats} done: {self.request.seats[answer.seat_index].model} {how}"

    @property
    def _seats(self) -> int:
        return len(self.request.seats)

    def _tell(self, progress: float, message: str) -> None:
        is_judged = isinstance(self.request.resolution, Summary | Comparison) and self._seats > 1
        total = self._seats + (1 if is_judged or self._is_judged else 0)
        params: WireObject = {"progressToken": self.token, "progress": progress, "total": total, "message": message}
        self.notify(encode_note("notifications/progress", params))
