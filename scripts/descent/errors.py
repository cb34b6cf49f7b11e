"""The error of everything that a user can mend."""


class InputError(ValueError):
    """Bad input: the message says what was found, where, and what is allowed."""
