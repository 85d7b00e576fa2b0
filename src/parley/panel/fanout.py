"""All seats at once, in one task group; the whole takes as long as the slowest seat."""

import asyncio

from parley.domain.events import Oversight
from parley.domain.run import Answer
from parley.panel.plan import Plan
from parley.panel.seat import SeatTools, ask_seat


async def fan_out(tools: SeatTools, plan: Plan, oversight: Oversight) -> tuple[Answer, ...]:
    """Ask every seat; answers come back in seat order, failed seats included."""
    if len(plan.seats) == 1:
        return (await ask_seat(tools, plan.seats[0], oversight),)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask_seat(tools, seat, oversight)) for seat in plan.seats]
    return tuple(task.result() for task in tasks)
