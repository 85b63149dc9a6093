"""What an operator is told when something on their machine stands in the way: one sentence with what to do."""


class Trouble(Exception):
    """Shown without a stack trace; the command exits with 1."""
