"""What "equal" means: counts exactly, percentages and means as the exact value rounded to two decimals."""

from decimal import Decimal
from fractions import Fraction


def exact(number) -> Fraction:
    """A JSON number as it is written: 12.34 is 1234/100, not the nearest binary fraction."""
    return Fraction(Decimal(repr(number))) if isinstance(number, float) else Fraction(number)


def is_rounded(got, numerator, denominator=1, decimals: int = 2) -> bool:
    """Whether `got` is numerator/denominator rounded to the decimals; either neighbour of an exact half is.

    Nothing to divide by: null or nought, both say that there was nothing.
    """
    if denominator == 0:
        return got is None or got == 0
    if got is None:
        return False
    scale = 10**decimals
    true = Fraction(numerator) / Fraction(denominator)
    return (exact(got) * scale).denominator == 1 and abs(exact(got) - true) * scale <= Fraction(1, 2) + Fraction(
        1, 10**6
    )


def share(value: float) -> Fraction:
    """A percentage DuckDB computed in doubles, as a fraction to compare with."""
    return Fraction(value).limit_denominator(10**9)


def same_cell(got, want) -> bool:
    """Whether a cell of a result is the oracle's: floats to the last few bits, everything else exactly."""
    if isinstance(want, bool) or isinstance(got, bool):
        return got is want
    if isinstance(want, float) or isinstance(got, float):
        if got is None or want is None or isinstance(got, str) or isinstance(want, str):
            return got == want
        return abs(got - want) <= 1e-9 * max(1.0, abs(want))
    return got == want
