"""Which numbers a DOUBLE carries: the type that decimals travel in."""

from __future__ import annotations


def carried(number: str, text: str) -> str:
    """SQL: is ``number``, a DOUBLE, the number in ``text``?

    Below ten thousand million one is exact to a millionth; of a larger one the digits before the point may be others. Beyond 1e28
    it is one that has no more digits than a DOUBLE is told by: 17.
    """
    exact = " = ".join(f"TRY_CAST({sql} AS DECIMAL(38, 10))" for sql in (text, f"CAST({number} AS VARCHAR)"))
    short = f"length(replace(regexp_extract({text}, '[0-9.]+'), '.', '')) <= 17"
    return f"(abs({number}) < 1e10 OR (isfinite({number}) AND coalesce({exact}, {short})))"
