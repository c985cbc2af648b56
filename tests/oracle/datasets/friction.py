"""Sessions for each signal of friction, at and around its limits, with the counts worked out by hand beside them.

A session is a list of `(milliseconds from its start, name, path, properties)`. What the specification leaves open follows
the module docs of `crates/lake/src/sessions`: elements are named by `selector`, a dead click is marked `dead` = `true`, an
`$error` of `type` `network` is a failed request, forms are told apart by `form`.
"""

from datasets.instants import HOUR, MILLISECOND, utc
from datasets.project import Project

_START = utc("2026-06-01 09:00")


def _click(at, selector, path="/a", **properties):
    return (at, "$click", path, {**({"selector": selector} if selector else {}), **properties})


def _view(at, path):
    return (at, "screen_view", path, {})


def _error(at, path="/a", **properties):
    return (at, "$error", path, properties)


def _form(at, name, form, path="/a"):
    return (at, name, path, {"form": form} if form else {})


# name: (events, the signals that are not zero)
CASES = {
    "three clicks in exactly a second are a rage click": (
        [_view(0, "/a"), _click(100, "b"), _click(600, "b"), _click(1_100, "b"), _view(2_000, "/b")],
        {"rage_clicks": 1},
    ),
    "three clicks in a second and a millisecond are none": (
        [_view(0, "/a"), _click(100, "b"), _click(600, "b"), _click(1_101, "b"), _view(2_000, "/b")],
        {},
    ),
    "seven quick clicks are one burst": (
        [_view(0, "/a"), *[_click(100 + 200 * n, "b") for n in range(7)], _view(2_000, "/b")],
        {"rage_clicks": 1},
    ),
    "two bursts with a pause between are two": (
        [
            _view(0, "/a"),
            *[_click(100 + 100 * n, "b") for n in range(3)],
            *[_click(1_800 + 100 * n, "b") for n in range(4)],
            _view(3_000, "/b"),
        ],
        {"rage_clicks": 2},
    ),
    "clicks on different elements are no burst": (
        [_view(0, "/a"), _click(100, "b"), _click(200, "c"), _click(300, "b"), _click(400, "c"), _view(600, "/b")],
        {},
    ),
    "interleaved bursts on two elements are two": (
        [_view(0, "/a"), *[_click(100 + 50 * n, "bc"[n % 2]) for n in range(6)], _view(600, "/b")],
        {"rage_clicks": 2},
    ),
    "clicks without an element are never a rage click": (
        [_view(0, "/a"), *[_click(100 + 100 * n, None) for n in range(5)], _view(900, "/b")],
        {},
    ),
    "a click the recorder marked dead": (
        [_view(0, "/a"), _click(100, "b", dead="true"), _view(300, "/b")],
        {"dead_clicks": 1},
    ),
    "marked dead and nothing after it counts once": (
        [_view(0, "/a"), _click(100, "b", dead="true"), _click(5_000, "c"), _view(5_100, "/b")],
        {"dead_clicks": 1},
    ),
    "no event within two seconds, then on the same page": (
        [_view(0, "/a"), _click(100, "b"), _click(2_101, "c"), _view(2_200, "/b")],
        {"dead_clicks": 1},
    ),
    "an event after exactly two seconds": (
        [_view(0, "/a"), _click(100, "b"), _click(2_100, "c"), _view(2_200, "/b")],
        {},
    ),
    "the next event is on another page": (
        [_view(0, "/a"), _click(100, "b"), _view(9_000, "/b")],
        {},
    ),
    "the last click of a session is not dead": (
        [_view(0, "/a"), _click(100, "b")],
        {},
    ),
    "a session end does not go on": (
        [_view(0, "/a"), _click(100, "b"), (9_000, "session_end", "/a", {})],
        {},
    ),
    "an error within a second of a click": (
        [_view(0, "/a"), _click(1_000, "b"), _error(2_000, message="boom"), _view(2_100, "/b")],
        {"error_clicks": 1, "js_errors": 1},
    ),
    "an error a millisecond later": (
        [_view(0, "/a"), _click(1_000, "b"), _error(2_001, message="boom"), _view(2_100, "/b")],
        {"js_errors": 1},
    ),
    "two errors after one click": (
        [_view(0, "/a"), _click(1_000, "b"), _error(1_100), _error(1_200), _view(2_100, "/b")],
        {"error_clicks": 1, "js_errors": 2},
    ),
    "one error after two clicks": (
        [_view(0, "/a"), _click(1_000, "b"), _click(1_100, "c"), _error(1_200), _view(2_100, "/b")],
        {"error_clicks": 2, "js_errors": 1},
    ),
    "an error before the click": (
        [_view(0, "/a"), _error(900), _click(1_000, "b"), _view(2_100, "/b")],
        {"js_errors": 1},
    ),
    "a failed request is a network error only": (
        [_view(0, "/a"), _click(1_000, "b"), _error(1_200, type="network", url="/api"), _view(2_100, "/b")],
        {"network_errors": 1},
    ),
    "a form begun and sent": (
        [_view(0, "/a"), _form(100, "$form_start", "f"), _form(900, "$form_submit", "f")],
        {},
    ),
    "a form begun and left": (
        [_view(0, "/a"), _form(100, "$form_start", "f"), _view(900, "/b")],
        {"form_abandons": 1},
    ),
    "another form sent": (
        [_view(0, "/a"), _form(100, "$form_start", "f"), _form(900, "$form_submit", "g")],
        {"form_abandons": 1},
    ),
    "a form begun twice and left is abandoned once": (
        [_view(0, "/a"), _form(100, "$form_start", "f"), _form(200, "$form_start", "f"), _view(900, "/b")],
        {"form_abandons": 1},
    ),
    "two forms left": (
        [_view(0, "/a"), _form(100, "$form_start", "f"), _form(200, "$form_start", "g"), _view(900, "/b")],
        {"form_abandons": 2},
    ),
    "sent, then begun again and left": (
        [
            _view(0, "/a"),
            _form(100, "$form_start", "f"),
            _form(200, "$form_submit", "f"),
            _form(300, "$form_start", "f"),
        ],
        {"form_abandons": 1},
    ),
    "a nameless form is its page's": (
        [
            _view(0, "/a"),
            _form(100, "$form_start", None),
            _view(400, "/b"),
            _form(500, "$form_submit", None, "/b"),
        ],
        {"form_abandons": 1},
    ),
    "back after exactly five seconds": (
        [_view(0, "/a"), _view(10_000, "/b"), _view(15_000, "/a")],
        {"quick_backs": 1},
    ),
    "back a millisecond later": (
        [_view(0, "/a"), _view(10_000, "/b"), _view(15_001, "/a")],
        {},
    ),
    "on to a third page is no way back": (
        [_view(0, "/a"), _view(10_000, "/b"), _view(11_000, "/c")],
        {},
    ),
    "to and fro is two ways back": (
        [_view(0, "/a"), _view(10_000, "/b"), _view(12_000, "/a"), _view(14_000, "/b")],
        {"quick_backs": 2},
    ),
    "the same page again is not a move": (
        [_view(0, "/a"), _view(1_000, "/a"), _view(2_000, "/a")],
        {},
    ),
    "a minute is not idle": (
        [_view(0, "/a"), _view(60_000, "/b")],
        {},
    ),
    "a minute and a millisecond is": (
        [_view(0, "/a"), _view(60_001, "/b")],
        {"idle_ms": 60_001},
    ),
    "idle stretches are summed": (
        [_view(0, "/a"), _view(70_000, "/b"), _view(100_000, "/c"), _view(200_000, "/d")],
        {"idle_ms": 170_000},
    ),
    "feedback": (
        [_view(0, "/a"), (500, "$feedback", "/a", {"text": "hm"})],
        {"has_feedback": True},
    ),
    "everything at once": (
        [
            _view(0, "/a"),
            _click(100, "b"),
            _click(200, "b"),
            _click(300, "b"),  # rage
            _error(1_000),  # all three clicks are error clicks
            _form(1_500, "$form_start", "f"),  # abandoned
            _error(1_600, type="network"),
            _click(3_000, "c", dead="true"),
            _view(4_000, "/b"),
            _view(5_000, "/a"),  # quick back
        ],
        {
            "rage_clicks": 1,
            "error_clicks": 3,
            "js_errors": 1,
            "form_abandons": 1,
            "network_errors": 1,
            "dead_clicks": 1,
            "quick_backs": 1,
        },
    ),
}

# x = 3·1 + 2·1 + 2·3 + 2·1 + 1·1 + 4·1 + 1·1 = 19; 100·(1 − e^−1.9) = 85.04…
EVERYTHING_SCORE = 85.0


def project() -> Project:
    """One session a case, an hour apart."""
    project = Project(id="friction", name="Friction", timestamps="tz", compression="zstd")
    for number, (name, (events, _)) in enumerate(CASES.items()):
        for place, (at, event, path, properties) in enumerate(events):
            project.events.append(
                {
                    "event_id": f"{number:03}-{place:03}",
                    "timestamp": _START + number * HOUR + at * MILLISECOND,
                    "name": event,
                    "profile_id": f"p{number}",
                    "device_id": f"p{number}",
                    "session_id": name,
                    "origin": "https://example.com",
                    "path": path,
                    "properties": properties,
                }
            )
    return project
