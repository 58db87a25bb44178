"""The deadline of a call."""

import time


class DeadlinePassed(Exception):
    """The deadline passed while something was under way."""


class Deadline:
    """A moment by the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds left.

        Raises `DeadlinePassed` if there are none.
        """
        left = self._at - time.monotonic()
        if left <= 0:
            raise DeadlinePassed
        return left

    def allows(self, seconds: float) -> bool:
        """Whether there is more time than this left."""
        return time.monotonic() + seconds < self._at
