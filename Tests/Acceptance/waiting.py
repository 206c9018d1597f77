"""Waiting for what comes true in its own time."""

import time


def eventually(check, within=10.0):
    """What `check` answers once that is true. Fails at the deadline, with the last answer or failed assertion."""
    deadline = time.monotonic() + within
    while True:
        try:
            answer = check()
            if answer:
                return answer
            problem = f"the last answer was {answer!r}"
        except AssertionError as error:
            problem = str(error)
        assert time.monotonic() < deadline, f"not so within {within} s: {problem}"
        time.sleep(0.02)
