class InputError(ValueError):
    """A mistake that the user can fix. The message says what was found, where, what is allowed."""
