"""A notification cancels the call that it names, whatever state that call is in."""

import asyncio

from parley.wire.mcp.running import CallName, RunningCalls


def named(rpc_id: str | int, session: str = "s", key_id: str = "k") -> CallName | None:
    return CallName.of(key_id, session, rpc_id)


async def sleep_for_ever() -> None:
    await asyncio.Event().wait()


def test_call_that_is_cancelled_before_it_runs_never_gets_to_run() -> None:
    async def go() -> None:
        running = RunningCalls()
        call = running.begin(named(1))
        running.cancel(named(1))
        task = asyncio.create_task(sleep_for_ever())
        call.bind(task)
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(go())


def test_others_and_calls_that_have_ended_are_left_alone() -> None:
    async def go() -> None:
        running = RunningCalls()
        ended, first, second = running.begin(named(1)), running.begin(named(2)), running.begin(named(2))
        running.end(ended)
        running.end(ended)
        running.end(first)
        tasks = [asyncio.create_task(sleep_for_ever()) for _ in range(3)]
        for call, task in zip((ended, first, second), tasks, strict=True):
            call.bind(task)
        for name in (named(1), named("2"), named(2, session="other"), named(2, key_id="other"), named(2, session="")):
            running.cancel(name)
        await asyncio.sleep(0)
        assert [task.cancelling() for task in tasks] == [0, 0, 0]
        running.cancel(named(2))
        assert [task.cancelling() for task in tasks] == [0, 0, 1]
        for task in tasks:
            task.cancel()

    asyncio.run(go())
