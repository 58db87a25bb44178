"""Runs the functions of these modules that begin with `test_`, and prints a line for each.

An exception is a failure. A test of several cases is a generator, which yields the name of each case that has passed.
"""

import inspect
import sys
import time
import traceback
from contextlib import contextmanager
from types import ModuleType


def run(modules: list[ModuleType]) -> None:
    """Ends the process with the counts on the last line."""
    passed = failed = 0
    for module in modules:
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if not name.startswith("test_") or test.__module__ != module.__name__:
                continue
            subject = f"{module.__name__}: {name.removeprefix('test_').replace('_', ' ')}"
            start = time.monotonic()
            try:
                cases = []
                for case in test() or [""]:
                    cases.append(case)
                assert cases, "a test without a case"
            except Exception:
                failed += 1
                print(f"FAILED  {subject}, after {cases}\n{traceback.format_exc()}")
                continue
            passed += len(cases)
            count = "" if cases == [""] else f" ({len(cases)})"
            print(f"ok      {subject}{count}, {time.monotonic() - start:.1f} s", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


@contextmanager
def raises(kind: type[BaseException]):
    """Expects an exception of this type in the block, and returns it in a list."""
    caught: list = []
    try:
        yield caught
    except kind as error:
        caught.append(error)
        return
    raise AssertionError(f"expected {kind.__name__}")
