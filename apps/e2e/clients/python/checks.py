"""Named checks of the published client: each runs on its own and is reported as one line of JSON."""

import asyncio
import json
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import TypeVar

Check = Callable[[], Awaitable[None]]
E = TypeVar("E", bound=Exception)
_checks: list[tuple[str, Check]] = []


def check(name: str) -> Callable[[Check], Check]:
    """Registers a check. Its name stands as a literal on the line of the decorator, where the test runner reads it."""

    def register(function: Check) -> Check:
        _checks.append((name, function))
        return function

    return register


def expect_equal(actual: object, expected: object, what: str = "value") -> None:
    assert actual == expected, f"{what}: {actual!r} instead of {expected!r}"


async def expect_error(work: Awaitable[object], kind: type[E]) -> E:
    """Awaits what must fail with exactly this class and gives the error."""
    try:
        result = await work
    except Exception as error:
        assert type(error) is kind, f"{type(error).__name__}({error}) instead of {kind.__name__}"
        assert len(str(error).split()) >= 3, f"no useful message: {error!s}"
        return error
    raise AssertionError(f"{result!r} instead of {kind.__name__}")


def run_checks() -> None:
    """Runs what was registered, one after the other."""

    async def run_all() -> None:
        for name, function in _checks:
            try:
                await asyncio.wait_for(function(), 60)
                outcome = {"name": name, "ok": True}
            except BaseException:
                outcome = {"name": name, "ok": False, "error": traceback.format_exc(limit=-6)}
            sys.stdout.write(json.dumps(outcome) + "\n")
            sys.stdout.flush()

    asyncio.run(run_all())
