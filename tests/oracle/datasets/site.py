"""A believable site: forty days over a clock change, returning visitors, sign-ins in the middle of a visit, groups, money.

`derived` has no sessions table: the server builds them. `stored` has the same events and a sessions table that no one could
derive from them, so an answer shows which of the two was read.
"""

import random

from datasets.instants import DAY, HOUR, MILLISECOND, MINUTE, SECOND, utc
from datasets.project import Project

_FIRST_DAY = utc("2026-10-01 00:00")
_DAYS = 40
_PAGES = ["/", "/pricing", "/docs", "/docs/start", "/blog", "/blog/launch", "/checkout", "/Login"]
_PLACES = [
    ("DE", "Berlin", "Berlin", 52.52, 13.405),
    ("DE", "Bavaria", "München", 48.137, 11.575),
    ("US", "New York", "New York", 40.713, -74.006),
    ("US", "California", "San José", 37.338, -121.886),
    ("IN", "Karnataka", "Bengaluru", 12.972, 77.594),
    ("BR", "São Paulo", "São Paulo", -23.55, -46.633),
    (None, None, None, None, None),
]
_REFERRERS = [
    (None, None, None),
    ("https://www.google.com/", "Google", "search"),
    ("https://news.ycombinator.com/", "Hacker News", "social"),
    ("https://chatgpt.com/", "ChatGPT", "ai"),
    ("https://mail.example/", "Newsletter", "email"),
]
_DEVICES = [
    ("desktop", None, None, "Chrome", "142.0", "Windows", "11"),
    ("desktop", "Apple", "Mac", "Safari", "26.1", "macOS", "26"),
    ("mobile", "Apple", "iPhone", "Mobile Safari", "26.1", "iOS", "26"),
    ("mobile", "Samsung", "S26", "Chrome", "142.0", "Android", "16"),
    ("tablet", "Apple", "iPad", "Safari", "26.1", "iPadOS", "26"),
]
_PLANS = ["free", "pro", "Pro", "enterprise"]


def derived() -> Project:
    """Sessions are built by the server."""
    project = Project(
        id="site",
        name="A site",
        timezone="Europe/Berlin",
        currency="EUR",
        timestamps="tz",
        compression="zstd",
        files_per_day=2,
    )
    _fill(project, visitors=420)
    return project


def stored() -> Project:
    """Sessions lie in the lake and differ from what the events say."""
    project = Project(
        id="site_stored",
        name="A site with sessions",
        timezone="America/New_York",
        week_start="sunday",
        timestamps="ms",
        compression="snappy",
        types=("website", "app"),
    )
    _fill(project, visitors=160)
    project.sessions = _sessions(project.events)
    project.gsc_daily = [
        {"date": f"2026-10-{day:02}", "clicks": day, "impressions": day * 20, "ctr": 0.05, "position": 7.5}
        for day in range(1, 29)
    ]
    return project


def hive() -> Project:
    """The events of `derived` in hive folders, with properties as JSON text."""
    project = Project(
        id="site_hive",
        name="A site from a pipeline",
        timezone="Asia/Kolkata",
        currency="INR",
        timestamps="us",
        compression="gzip",
        folders="hive",
        properties="json",
    )
    _fill(project, visitors=120)
    return project


def _fill(project: Project, visitors: int) -> None:
    chance = random.Random(f"sightline {project.id}")
    for number in range(visitors):
        _visitor(project, chance, number)
    project.events.sort(key=lambda event: (event["timestamp"], event["event_id"]))
    project.groups = [
        {
            "group_id": f"g{number}",
            "type": "company" if number % 3 else "team",
            "name": f"Company {chr(65 + number)}",
            "properties": {"tier": _PLANS[number % 4], "seats": str(number * 3)},
            "created_at": _FIRST_DAY - number * DAY,
        }
        for number in range(12)
    ]
    project.profiles = [
        {
            "profile_id": f"user-{number}",
            "is_identified": number % 10 != 9,
            "first_name": ["Ada", "Bo", "Čarna", "Dee"][number % 4],
            "last_name": f"N°{number}",
            "email": f"user{number}@{'example.com' if number % 2 else 'Example.org'}",
            "properties": {"plan": _PLANS[number % 4], "age": str(18 + number % 60)},
            "groups": [f"g{number % 12}"],
            "created_at": _FIRST_DAY + number * HOUR,
            "last_seen_at": _FIRST_DAY + number * HOUR + DAY,
        }
        for number in range(visitors)
        if number % 5  # the others were never identified
    ]


def _visitor(project: Project, chance: random.Random, number: int) -> None:
    device_id = f"device-{number}"
    place, device = chance.choice(_PLACES), chance.choice(_DEVICES)
    anonymous = number % 5 == 0
    instant = _FIRST_DAY + chance.randrange(_DAYS * DAY)
    for visit in range(chance.choice([1, 1, 2, 3, 6])):
        if instant >= _FIRST_DAY + _DAYS * DAY:
            return
        signed_in = not anonymous and (visit > 0 or chance.random() < 0.4)
        session = f"{device_id}/{visit}" if number % 3 else None  # a third of the devices send no session id
        referrer = chance.choice(_REFERRERS)
        utm = (
            {"utm_source": "launch", "utm_medium": "cpc", "utm_campaign": f"c{number % 3}"}
            if chance.random() < 0.2
            else {}
        )
        for step in range(chance.choice([1, 1, 2, 4, 8, 15])):
            name, extra = _event(chance, step)
            if signed_in is False and not anonymous and step > 3:
                signed_in = True  # signs in during the visit
            path = chance.choice(_PAGES)
            project.events.append(
                {
                    "event_id": f"{number}-{visit}-{step}",
                    "timestamp": instant,
                    "name": name,
                    "profile_id": f"user-{number}" if signed_in else device_id,
                    "device_id": device_id,
                    "session_id": session,
                    "groups": [f"g{number % 12}"] if signed_in else None,
                    "origin": "https://example.com" if number % 4 else "https://app.example.com",
                    "path": path,
                    "title": f"Title of {path}",
                    **dict(zip(("referrer", "referrer_name", "referrer_type"), referrer)),
                    **utm,
                    **dict(zip(("country", "region", "city", "latitude", "longitude"), place)),
                    **dict(zip(("device", "brand", "model", "browser", "browser_version", "os", "os_version"), device)),
                    "sdk_name": "web",
                    "sdk_version": "2.1.0",
                    **extra,
                }
            )
            # Sub-millisecond instants too: the table's are milliseconds.
            pause = chance.choice(
                [200 * MILLISECOND, 900 * MILLISECOND, 3 * SECOND, 20 * SECOND, 90 * SECOND, 8 * MINUTE]
            )
            instant += pause + chance.randrange(1_000)
        # More than half an hour, so that visits without a session id are told apart.
        instant += 31 * MINUTE + chance.randrange(9 * DAY)


def _event(chance: random.Random, step: int) -> tuple[str, dict]:
    if step == 0 or chance.random() < 0.5:
        return "screen_view", {
            "properties": {"scroll": str(chance.randrange(101)), "theme": chance.choice(["dark", "light"])}
        }
    kind = chance.randrange(8)
    if kind == 0:
        amount = chance.randrange(99, 250_000)
        return "revenue", {
            "revenue": amount,
            "properties": {"plan": chance.choice(_PLANS), "seats": str(chance.randrange(1, 40))},
        }
    if kind == 1:
        return "$error", {"properties": {"message": "boom", "type": chance.choice(["js", "network"])}}
    if kind == 2:
        return "$form_start", {"properties": {"form": chance.choice(["signup", "contact"])}}
    if kind == 3:
        return "$form_submit", {"properties": {"form": chance.choice(["signup", "contact"])}}
    if kind == 4:
        return "signup", {
            "duration_ms": chance.randrange(50, 9_000),
            "properties": {
                "plan": chance.choice(_PLANS),
                "trial": chance.choice(["true", "false"]),
                "signed_up_on": f"2026-10-{chance.randrange(1, 31):02}",
                "score": f"{chance.randrange(0, 1000) / 10}",
                "mixed": chance.choice(["1", "two", "3.5", "vier"]),
            },
        }
    return "$click", {
        "properties": {"selector": chance.choice(["#buy", "#buy", ".menu"]), **({"dead": "true"} if kind == 7 else {})}
    }


def _sessions(events: list[dict]) -> list[dict]:
    """Sessions with ids of their own, 7 s too long, some without a profile, with friction no event shows."""
    sessions = {}
    for event in events:
        key = event["session_id"] or event["device_id"]
        sessions.setdefault(key, []).append(event)
    rows = []
    for number, (key, own) in enumerate(sorted(sessions.items())):
        first, last = own[0], own[-1]
        started = first["timestamp"] // 1_000 * 1_000
        rows.append(
            {
                "session_id": key,
                "profile_id": None if number % 50 == 49 else last["profile_id"],
                "device_id": first["device_id"],
                "started_at": started,
                "ended_at": last["timestamp"] // 1_000 * 1_000 + 7 * SECOND,
                "duration_ms": (last["timestamp"] // 1_000 - first["timestamp"] // 1_000) + 7_000,
                "is_bounce": number % 3 == 0,
                "entry_origin": first["origin"],
                "entry_path": first["path"],
                "exit_origin": last["origin"],
                "exit_path": last["path"],
                "screen_view_count": len(own) + 1,
                "event_count": len(own) + 2,
                "revenue": number * 100,
                **{
                    column: first.get(column)
                    for column in (
                        "referrer",
                        "referrer_name",
                        "referrer_type",
                        "utm_source",
                        "utm_medium",
                        "utm_campaign",
                        "country",
                        "region",
                        "city",
                        "latitude",
                        "longitude",
                        "device",
                        "brand",
                        "model",
                        "browser",
                        "browser_version",
                        "os",
                        "os_version",
                        "groups",
                    )
                },
                "rage_clicks": number % 4,
                "dead_clicks": number % 5,
                "error_clicks": number % 2,
                "js_errors": number % 3,
                "network_errors": 0,
                "form_abandons": number % 2,
                "quick_backs": 0,
                "idle_ms": number * 1_000,
                "frustration_score": round((number % 101) * 0.9, 1),
                "has_feedback": number % 9 == 0,
                "has_replay": number % 6 == 0,
            }
        )
    return rows
