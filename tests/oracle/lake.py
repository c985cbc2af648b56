"""Opens the Parquet files of one project in DuckDB, as the tables of TOOLS §4 whatever the files hold.

Every column is there (a missing one is null), instants are milliseconds since 1970 in UTC (`*_ms`) beside a zoneless UTC
`TIMESTAMP_MS`, properties are a map. This reads the files itself; it must not ask the server anything.
"""

import json
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from columns import INSTANT, MAP, TABLES
from definitions import sessions


@dataclass(frozen=True)
class ProjectInfo:
    """A project as `projects.json` (or the demo's `demo.json`) describes it."""

    id: str
    name: str
    organization_id: str
    organization_name: str
    domain: str | None
    types: tuple[str, ...]
    timezone: str
    currency: str
    week_start: str

    @property
    def minor_units(self) -> int:
        """Decimals of the currency: ISO 4217 gives the yen none."""
        return {"JPY": 0}.get(self.currency, 2)


def described(folder: Path) -> list[ProjectInfo]:
    """The projects of a data folder."""
    path = folder / "projects.json"
    if not path.exists():
        path = folder / "demo.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    organizations = {item["id"]: item for item in description.get("organizations", [])}
    projects = []
    for item in description["projects"]:
        # The demo writes the organization into its projects.
        organization = item.get("organization") or organizations[item["organization_id"]]
        projects.append(
            ProjectInfo(
                id=item["id"],
                name=item["name"],
                organization_id=organization["id"],
                organization_name=organization["name"],
                domain=item.get("domain"),
                types=tuple(item.get("types") or ()),
                timezone=item["timezone"],
                currency=item["currency"],
                week_start=str(item.get("week_start", "monday")).lower(),
            )
        )
    return projects


class Lake:
    """One project's tables in a DuckDB of their own."""

    def __init__(self, info: ProjectInfo, folder: Path):
        self.info = info
        self.folder = folder
        self.connection = duckdb.connect()
        # Local time is always computed by naming the zone; the session's own must not matter.
        self.connection.execute("SET TimeZone = 'UTC'")
        self.stored = {table for table in TABLES if self._open(table)}
        self.has_stored_sessions = "sessions" in self.stored
        # `assigned`: the events that belong to a session, with its `session_key`, which `sessions` has too.
        if self.has_stored_sessions:
            self.connection.execute("CREATE TABLE assigned AS SELECT *, session_id AS session_key FROM events")
            self.connection.execute("ALTER TABLE sessions ADD COLUMN session_key VARCHAR")
            self.connection.execute("UPDATE sessions SET session_key = session_id")
        else:
            self.connection.execute("DROP TABLE sessions")
            self.connection.execute(f"CREATE TABLE assigned AS {sessions.assign()}")
            # Events say which of these sessions they belong to, if to any.
            self.connection.execute("UPDATE events SET session_id = NULL")
            self.connection.execute(
                "UPDATE events SET session_id = assigned.session_id FROM assigned "
                "WHERE assigned.event_number = events.event_number"
            )
            self.connection.execute(f"CREATE TABLE sessions AS {sessions.derive()}")
        # Every event, with the session it belongs to if it belongs to one.
        self.connection.execute(
            "CREATE VIEW visited AS SELECT * FROM assigned UNION ALL BY NAME "
            "SELECT * FROM events WHERE event_number NOT IN (SELECT event_number FROM assigned)"
        )

    def rows(self, query: str, parameters=None) -> list[dict]:
        """The rows of a query as dictionaries."""
        cursor = self.connection.execute(query, parameters or [])
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    def row(self, query: str, parameters=None) -> dict:
        """The only row of a query."""
        (only,) = self.rows(query, parameters)
        return only

    def value(self, query: str, parameters=None):
        """The only value of a query."""
        return next(iter(self.row(query, parameters).values()))

    @cached_property
    def local_days(self) -> list[str]:
        """Days of the project's calendar that have events, in order."""
        return [
            row["day"].isoformat()
            for row in self.rows(
                f"SELECT DISTINCT (timezone('{self.info.timezone}', make_timestamptz(timestamp_ms * 1000)))::DATE AS day "
                "FROM events ORDER BY 1"
            )
        ]

    def _open(self, table: str) -> bool:
        files = self._files(table)
        columns = TABLES[table]
        if not files:
            nothing = ", ".join(f"NULL::{kind} AS {name}" for name, kind in columns.items())
            extra = "".join(f", NULL::BIGINT AS {name}_ms" for name, kind in columns.items() if kind == INSTANT)
            extra += ", NULL::BIGINT AS event_number" if table == "events" else ""
            self.connection.execute(f"CREATE TABLE {table} AS SELECT {nothing}{extra} LIMIT 0")
            return False
        # Folders are not columns, and files may differ in theirs.
        source = f"read_parquet({[str(file) for file in files]}, hive_partitioning = false, union_by_name = true)"
        held = {row["column_name"]: row["column_type"] for row in self.rows(f"DESCRIBE SELECT * FROM {source}")}
        # A number for each event: ids may be missing or repeated.
        selection = ["row_number() OVER () AS event_number"] if table == "events" else []
        for name, kind in columns.items():
            if kind == MAP and held.get(name) not in (None, MAP):
                self._flatten_json(source, name)
                selection.append(f"(SELECT flat FROM flattened WHERE text = {name}) AS {name}")
            else:
                selection += _as_specified(name, kind, held.get(name))
        self.connection.execute(f"CREATE TABLE {table} AS SELECT {', '.join(selection)} FROM {source}")
        return True

    def _flatten_json(self, source: str, column: str) -> None:
        """Makes `flattened (text, flat)`: every JSON text of the column and the map it stands for."""
        texts = self.connection.execute(f"SELECT DISTINCT {column} FROM {source} WHERE {column} IS NOT NULL").fetchall()
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as lines:
            for (text,) in texts:
                lines.write(json.dumps({"text": text, "flat": flat_json(text)}) + "\n")
            lines.flush()
            self.connection.execute(
                "CREATE OR REPLACE TEMP TABLE flattened AS SELECT * FROM read_json(?, format = 'newline_delimited', "
                "columns = {'text': 'VARCHAR', 'flat': 'MAP(VARCHAR, VARCHAR)'})",
                [lines.name],
            )

    def _files(self, table: str) -> list[Path]:
        """The live files: those a manifest names, or all there are where it does not name the table."""
        manifest = self.folder / "manifest.json"
        if manifest.exists():
            tables = json.loads(manifest.read_text(encoding="utf-8"))["tables"]
            if table in tables:
                entries = tables[table]
                entries = entries["files"] if isinstance(entries, dict) else entries
                return sorted(self.folder / entry["path"] for entry in entries)
        return sorted((self.folder / table).rglob("*.parquet"))


def _as_specified(name: str, kind: str, held: str | None) -> list[str]:
    """The column as TOOLS §4 has it, from what a file holds."""
    if held is None:
        return [f"NULL::{kind} AS {name}"] + ([f"NULL::BIGINT AS {name}_ms"] if kind == INSTANT else [])
    if kind == INSTANT:
        # Instants are of the millisecond they fall in: finer fractions are cut, not rounded.
        micros = f"epoch_us({name})" if held != "TIMESTAMP_NS" else f"(epoch_ns({name}) // 1000)"
        return [
            f"make_timestamp(({micros} // 1000) * 1000)::TIMESTAMP_MS AS {name}",
            f"{micros} // 1000 AS {name}_ms",
        ]
    return [f"{name}::{kind} AS {name}"]


def flat_json(text: str) -> dict[str, str]:
    """A JSON object with nested keys joined by dots and every value as text. Nulls are left out: nothing was said."""
    flat: dict[str, str] = {}

    def put(prefix: str, value) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                put(f"{prefix}.{key}" if prefix else key, inner)
        elif isinstance(value, bool):
            flat[prefix] = "true" if value else "false"
        elif value is not None:
            flat[prefix] = value if isinstance(value, str) else json.dumps(value)

    # Numbers keep the spelling they have in the file.
    put("", json.loads(text, parse_float=str, parse_int=str))
    return flat
