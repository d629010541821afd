"""The one error of flaredag: bad input, told so that its reader can mend it."""


class InputError(ValueError):
    """Input that flaredag refuses: says what was found, what was wanted, where, and what to do."""
