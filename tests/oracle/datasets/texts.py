"""Texts that break quoting: in every text column, as property keys and values, as event and profile names.

Two projects hold the same rows: one in day folders with properties as a map, one in hive folders with properties as JSON
text, where numbers, booleans and nested objects occur as well.
"""

from datasets.instants import MINUTE, utc
from datasets.project import Project

AWKWARD = [
    "plain",
    "it's",
    'say "hi"',
    "100%",
    "100x",
    "a_b",
    "axb",
    "%",
    "_",
    "a|b",
    "line one\nline two",
    "tab\there",
    "back\\slash",
    "`tick`",
    "'; DROP TABLE events; --",
    "$1",
    "{}",
    "{{name}}",
    "[a](b)",
    "<script>alert(1)</script>",
    "NULL",
    "null",
    "true",
    "0",
    "-1.5e3",
    "  padded  ",
    "naïve café",
    "NAÏVE CAFÉ",
    "Ünïcödé",
    "日本語テキスト",
    "العربية",
    "😀 emoji 👩‍👩‍👧",
    "e\u0301 combining",
    "zero\u200bwidth",
    "x" * 3_000,
    "*.*",
    "(a+)+$",
    "^caret",
]

KEYS = [
    "plain",
    "dotted.key",
    "it's a key",
    'quoted "key"',
    "50%",
    "under_score",
    "pipe|key",
    "new\nline",
    "κλειδί",
    "$price",
    "back\\slash",
    "properties.inner",
]

_TEXT_COLUMNS = [
    "origin",
    "path",
    "title",
    "referrer",
    "referrer_name",
    "referrer_type",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
    "utm_term",
    "country",
    "region",
    "city",
    "device",
    "brand",
    "model",
    "browser",
    "browser_version",
    "os",
    "os_version",
    "sdk_name",
    "sdk_version",
]

_START = utc("2026-06-29 21:00")


def mapped() -> Project:
    """Day folders, properties as a map."""
    project = Project(id="texts", name="Texts | 'quoted' \"twice\"", timestamps="tz", compression="snappy")
    _fill(project, nested=False)
    return project


def hive() -> Project:
    """Hive folders, properties as JSON text."""
    project = Project(
        id="texts_hive",
        name="Texts as JSON",
        timestamps="us",
        compression="zstd",
        folders="hive",
        properties="json",
        timezone="Australia/Lord_Howe",
    )
    _fill(project, nested=True)
    return project


def _fill(project: Project, nested: bool) -> None:
    count = len(AWKWARD)
    for number in range(count * 12):
        text = AWKWARD[number % count]
        row = {
            "event_id": f"e{number:04}",
            "timestamp": _START + number * 9 * MINUTE,
            "name": "screen_view" if number % 3 == 0 else text,
            "profile_id": f"who {AWKWARD[(number * 5) % count]}",
            "device_id": f"device {AWKWARD[(number * 5) % count]}",
            "session_id": f"visit {AWKWARD[(number // 6) % count]} {number // 6}",
            "groups": [AWKWARD[number % 7]] if number % 2 else None,
        }
        for place, column in enumerate(_TEXT_COLUMNS):
            row[column] = AWKWARD[(number + place * 3) % count]
        row["properties"] = {
            key: AWKWARD[(number + place) % count] for place, key in enumerate(KEYS) if (number + place) % 4
        }
        if nested:
            row["properties"] |= {
                "seats": number % 9,
                "ratio": number / 8,
                "trial": number % 2 == 0,
                "address": {"city": AWKWARD[number % count], "geo": {"zone": number % 3}},
            }
        project.events.append(row)
    project.profiles = [
        {
            "profile_id": f"who {text}",
            "is_identified": True,
            "first_name": text,
            "email": f"{number}@example.com",
            "properties": {"quote": text},
        }
        for number, text in enumerate(AWKWARD)
    ]
    project.groups = [
        {"group_id": text, "type": "company", "name": f"Company {text}", "properties": {"tier": text}}
        for text in AWKWARD[:7]
    ]
