"""Padmé: the size class of a length, so that a size tells little (spec section 6.1). Pure arithmetic."""


def padme(length: int) -> int:
    """The smallest permitted size that holds `length` bytes; at most 12 % more, for long ones far less."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    unit = 1 << (exponent - exponent.bit_length())
    return -(-length // unit) * unit
