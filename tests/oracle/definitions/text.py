"""SQL literals: the oracle writes its statements out, so that a failing one can be pasted into DuckDB."""


def literal(value) -> str:
    """A value as a DuckDB literal."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def literals(values) -> str:
    """Values as a parenthesised list."""
    return "(" + ", ".join(literal(value) for value in values) + ")"
