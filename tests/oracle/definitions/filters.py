"""`filters` (TOOLS §2) as SQL over `events`, `sessions`, `profiles`, `groups`.

> array of `{field, op, values}`; AND between filters, OR between values. Text compares ignore case except
> `is`/`isNot`/`regex`. `%` and `_` are ordinary characters.

Choice: amounts are compared as answers give them, in major units. The negative operators are the exact opposite of their positive ones, so they hold for rows without a value and,
with several values, exclude all of them. An empty text is not set. Comparisons of size read texts as numbers, and do not
hold where the text is none.
"""

from columns import EVENTS, SESSIONS
from definitions.text import literal, literals

_OPPOSITES = {"isNot": "is", "doesNotContain": "contains", "isNotSet": "isSet"}
_SIZES = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def of_event(lake, filters, event: str = "event") -> str:
    """The filters as a condition on a row of `visited` or `assigned` called `event`."""
    return _all(_of_event(item, event) for item in _in_minor_units(lake, filters))


def of_session(lake, filters, session: str = "session") -> str:
    """The filters as a condition on a row of `sessions` called `session`.

    Choice: a column sessions have is theirs. Filters on what only events have hold for a session with an event for which
    all of them hold.
    """
    own, of_events = [], []
    for item in _in_minor_units(lake, filters):
        field = item["field"]
        if field in SESSIONS or field.startswith(("profile.", "group.")):
            own.append(item)
        else:
            of_events.append(item)
    conditions = [_of_event(item, session) for item in own]
    if of_events:
        conditions.append(
            f"EXISTS (SELECT 1 FROM assigned AS own WHERE own.session_key = {session}.session_key "
            f"AND {_all(_of_event(item, 'own') for item in of_events)})"
        )
    return _all(conditions)


def _in_minor_units(lake, filters) -> list[dict]:
    """The filters with the amounts of those on `revenue` as the tables have them."""
    scale = 10**lake.info.minor_units
    return [
        {**item, "values": [f"{float(value) * scale:.15g}" for value in item["values"]]} if item["field"] == "revenue" else item
        for item in filters or []
    ]


def _all(conditions) -> str:
    return " AND ".join(f"({condition})" for condition in conditions) or "TRUE"


def _of_event(item, row: str) -> str:
    field, op, values = item["field"], item["op"], item.get("values", [])
    if op in _OPPOSITES:
        return f"NOT coalesce({_holds(field, _OPPOSITES[op], values, row)}, FALSE)"
    return f"coalesce({_holds(field, op, values, row)}, FALSE)"


def _holds(field: str, op: str, values, row: str) -> str:
    if field.startswith("group."):
        value = _member("their", field.removeprefix("group."))
        return (
            f"EXISTS (SELECT 1 FROM groups AS their WHERE list_contains({row}.groups, their.group_id) "
            f"AND coalesce({_compares(value, op, values)}, FALSE))"
        )
    if field == "groups":
        return f"len(list_filter(coalesce({row}.groups, []), lambda one: coalesce({_compares('one', op, values)}, FALSE))) > 0"
    if field.startswith("profile."):
        value = _member("their", field.removeprefix("profile."))
        return (
            f"EXISTS (SELECT 1 FROM profiles AS their WHERE their.profile_id = {row}.profile_id "
            f"AND coalesce({_compares(value, op, values)}, FALSE))"
        )
    if field.startswith("properties."):
        return _compares(_member(row, field), op, values)
    if field in EVENTS or row == "session":
        return _compares(f"{row}.{field}", op, values)
    # A column only sessions have: that of the event's session.
    return (
        f"EXISTS (SELECT 1 FROM sessions AS its WHERE its.session_key = {row}.session_key "
        f"AND coalesce({_compares(f'its.{field}', op, values)}, FALSE))"
    )


def _member(row: str, path: str) -> str:
    if path.startswith("properties."):
        return f"{row}.properties[{literal(path.removeprefix('properties.'))}]"
    return f"{row}.{path}"


def _compares(value: str, op: str, values) -> str:
    text = f"({value})::VARCHAR"
    if op == "is":
        return f"{text} IN {literals(map(_text, values))}"
    if op == "isSet":
        return f"nullif({text}, '') IS NOT NULL"
    if op == "regex":
        tests = [f"regexp_matches({text}, {literal(one)})" for one in values]
    elif op in _SIZES:
        tests = [f"TRY_CAST({text} AS DOUBLE) {_SIZES[op]} {float(one)!r}" for one in values]
    else:
        function = {"contains": "contains", "startsWith": "starts_with", "endsWith": "ends_with"}[op]
        tests = [f"{function}(lower({text}), lower({literal(one)}))" for one in values]
    return " OR ".join(tests)


def _text(value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
