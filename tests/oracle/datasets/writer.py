"""Writes a project's rows as Parquet, in the folders and encodings the project asks for, with DuckDB alone."""

import json
import shutil
import tempfile
from pathlib import Path

import duckdb

from columns import INSTANT, INSTANT_OF, TABLES, TEXT
from datasets.project import Project

_INSTANTS = {
    # A cast to milliseconds rounds; an instant is of the millisecond it falls in.
    "ms": "make_timestamp({us} // 1000 * 1000)::TIMESTAMP_MS",
    "us": "make_timestamp({us})",
    "ns": "make_timestamp({us})::TIMESTAMP_NS",
    "tz": "make_timestamp({us}) AT TIME ZONE 'UTC'",
}


def write(project: Project, folder: Path) -> None:
    """Writes every table of `project` below `folder`. Instants in rows are whole microseconds since 1970."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for table in TABLES:
        rows = getattr(project, table, None)
        if rows:
            _write_table(connection, project, table, rows, folder / table)


def write_all(projects: list[Project], folder: Path, organizations: list[dict]) -> None:
    """Writes the projects and `projects.json`, into an empty folder."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for project in projects:
        (folder / project.id).mkdir()
        write(project, folder / project.id)
    described = {"organizations": organizations, "projects": [project.describe() for project in projects]}
    (folder / "projects.json").write_text(json.dumps(described, indent=2, ensure_ascii=False), encoding="utf-8")


def _write_table(connection, project: Project, table: str, rows: list[dict], folder: Path) -> None:
    columns = TABLES[table]
    unknown = {key for row in rows for key in row} - set(columns)
    if unknown:
        raise ValueError(f"{project.id}: {table} has no columns {sorted(unknown)}")
    if table == "events" and project.event_columns is not None:
        columns = {name: kind for name, kind in columns.items() if name in project.event_columns}
    if project.properties == "json" and "properties" in columns:
        columns = {**columns, "properties": TEXT}
        rows = [{**row, "properties": _json_text(row.get("properties"))} for row in rows]
    _load(connection, table, columns, rows)
    selection = ", ".join(_written(project, name, kind) for name, kind in columns.items())
    folder.mkdir(parents=True)
    if table not in INSTANT_OF:
        _copy(connection, f"SELECT {selection} FROM rows ORDER BY ALL", folder / "part.parquet", project.compression)
        return
    instant = INSTANT_OF[table]
    days = connection.execute(f"SELECT DISTINCT make_timestamp({instant})::DATE AS day FROM rows ORDER BY 1").fetchall()
    for (day,) in days:
        if project.folders == "hive":
            place = folder / f"year={day.year:04}" / f"month={day.month:02}" / f"day={day.day:02}"
        else:
            place = folder / f"day={day.isoformat()}"
        place.mkdir(parents=True)
        of_day = f"make_timestamp({instant})::DATE = DATE '{day.isoformat()}'"
        for part in range(project.files_per_day):
            name = "part.parquet" if project.files_per_day == 1 else f"part-{part}.parquet"
            query = (
                f"SELECT {selection} FROM rows WHERE {of_day} AND row_number % {project.files_per_day} = {part} "
                f"ORDER BY {instant}, row_number"
            )
            _copy(connection, query, place / name, project.compression)


def _load(connection, table: str, columns: dict, rows: list[dict]) -> None:
    """Reads the rows through JSON Lines: orders of magnitude faster than binding them one by one."""
    read_as = {name: "BIGINT" if kind == INSTANT else kind for name, kind in columns.items()}
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as lines:
        for number, row in enumerate(rows):
            lines.write(json.dumps({**{name: row.get(name) for name in columns}, "row_number": number}) + "\n")
        lines.flush()
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE rows AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = "
            + json.dumps({**read_as, "row_number": "BIGINT"}).replace('"', "'")
            + ")",
            [lines.name],
        )
    loaded = connection.execute("SELECT count(*) FROM rows").fetchone()[0]
    if loaded != len(rows):
        raise ValueError(f"{table}: {loaded} of {len(rows)} rows were loaded")


def _written(project: Project, name: str, kind: str) -> str:
    if kind == INSTANT:
        return _INSTANTS[project.timestamps].format(us=name) + f" AS {name}"
    return name


def _json_text(value):
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _copy(connection, query: str, path: Path, compression: str) -> None:
    connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION '{compression}')")
