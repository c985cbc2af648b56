"""ClickHouse's engine in this process (`chdb`), asked with the settings of one request at a time; and how it is filled.

What is loaded is what DuckDB derives from the files by the specification (`oracle/lake.py`): nothing of it has gone through Sightline.
"""

import re
import sys
import tempfile
import threading
from pathlib import Path

import chdb

TESTS = Path(__file__).parent.parent
sys.path.insert(0, str(TESTS / "oracle"))

from columns import LIST, MAP, TABLES  # noqa: E402
from lake import Lake, described  # noqa: E402

SCHEMA = TESTS.parent / "docs" / "clickhouse" / "schema.sql"

# Settings of the HTTP server, not of the engine.
_OF_THE_SERVER = {"cancel_http_readonly_queries_on_client_close", "http_write_exception_in_output_format"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class Refused(Exception):
    """An exception of the engine's, in its words."""


class Engine:
    """A store, opened."""

    def __init__(self, store: Path, users: Path | None = None):
        self._address = str(store)
        if users is not None:
            config = Path(tempfile.mkdtemp(prefix="sightline-clickhouse-")) / "config.xml"
            config.write_text(f"<clickhouse><users_config>{users.resolve()}</users_config></clickhouse>", encoding="utf-8")
            self._address += f"?config-file={config}"
        self._lock = threading.Lock()
        # Keeps the store open: every further connection is quick then.
        self._own = chdb.connect(self._address)

    def run(self, statement: str):
        """Runs a statement of the tests' own."""
        self._own.query(statement)

    def whole(self, query: str, parameters: dict, settings: dict, data_format: str) -> tuple[bytes, dict]:
        """All rows, and what was read for them."""
        with self._lock:
            connection = self._connection(settings)
            try:
                answer = connection.query(query, data_format, params=parameters)
                read = {"read_rows": str(answer.storage_rows_read()), "read_bytes": str(answer.storage_bytes_read())}
                return bytes(answer.bytes()), read
            except Exception as error:
                raise Refused(str(error)) from error
            finally:
                connection.close()

    def blocks(self, query: str, parameters: dict, settings: dict, data_format: str):
        """The rows block by block, as they are computed."""
        with self._lock:
            connection = self._connection(settings)
            try:
                heads = 2 if data_format.endswith("WithNamesAndTypes") else 0
                for number, block in enumerate(connection.send_query(query, data_format, params=parameters)):
                    data = bytes(block.bytes())
                    # Each block begins with the names and types again.
                    yield data if number == 0 else data.split(b"\n", heads)[heads]
            except Exception as error:
                raise Refused(str(error)) from error
            finally:
                connection.close()

    def _connection(self, settings: dict):
        connection = chdb.connect(self._address)
        try:
            if database := settings.pop("database", None):
                connection.query(f"USE `{database}`")
            assigned = [f"{name} = {_literal(name, value)}" for name, value in settings.items() if name not in _OF_THE_SERVER]
            # In one go, since each statement takes its time; a readonly among them holds from the next one on.
            if assigned:
                connection.query(f"SET {', '.join(assigned)}")
        except Exception as error:
            connection.close()
            raise Refused(str(error)) from error
        return connection


def _literal(name: str, value: str) -> str:
    if name == "additional_table_filters" or _NUMBER.fullmatch(value):
        return value
    return "'" + value.replace("'", "\\'") + "'"


def make(engine: Engine, database: str):
    """Makes the tables of `docs/clickhouse/schema.sql`."""
    engine.run(f"CREATE DATABASE IF NOT EXISTS `{database}`")
    engine.run(f"USE `{database}`")
    text = "\n".join(line for line in SCHEMA.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("--"))
    for statement in text.split(";"):
        if statement.strip():
            engine.run(statement)


def fill(engine: Engine, database: str, folders: list[Path]):
    """Makes the tables, with the projects of these folders."""
    make(engine, database)
    with tempfile.TemporaryDirectory(prefix="sightline-clickhouse-") as scratch:
        file = Path(scratch) / "rows.parquet"
        for folder in folders:
            for info in described(folder):
                lake = Lake(info, folder / info.id)
                for table, columns in TABLES.items():
                    selected = ", ".join(_written(name, kind) for name, kind in columns.items())
                    lake.connection.execute(f"COPY (SELECT {selected} FROM {table}) TO '{file}' (FORMAT parquet)")
                    names = ", ".join(f"`{name}`" for name in columns)
                    engine.run(
                        f"INSERT INTO `{database}`.{table} (project_id, {names}) SELECT '{info.id}', {names} FROM file('{file}', Parquet)"
                    )


def _written(name: str, kind: str) -> str:
    """A column as ClickHouse can hold it: no list or map is null there, and a property without a value is none."""
    if kind == LIST:
        return f"coalesce({name}, []) AS {name}"
    if kind == MAP:
        return f"coalesce(map_from_entries(list_filter(map_entries({name}), lambda entry: entry.value IS NOT NULL)), MAP {{}}) AS {name}"
    return name


def fill_as_it_is(engine: Engine, database: str, folder: Path):
    """Makes the tables, with a project whose files have their sessions and say which of them events belong to: of any size."""
    make(engine, database)
    for table in ("events", "sessions"):
        source = f"file('{folder}/{table}/*/*.parquet', Parquet)"
        columns = [name for name in TABLES[table] if name not in ("groups", "properties")]
        names = ", ".join(f"`{name}`" for name in columns)
        selected = ", ".join([names, "arrayMap(id -> assumeNotNull(id), groups)"])
        names += ", groups"
        if table == "events":
            names += ", properties"
            selected += ", mapApply((key, value) -> (key, assumeNotNull(value)), mapFilter((key, value) -> value IS NOT NULL, properties))"
        engine.run(f"INSERT INTO `{database}`.{table} (project_id, {names}) SELECT '{folder.name}', {selected} FROM {source}")
