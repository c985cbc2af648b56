"""Asks the benchmark's questions of native DuckDB, one thread, over the same files: `python native_duckdb.py --data DIR`.

One connection per question, so that a first run finds nothing kept. Prints JSON: the first run, the median of further ones about other
days (what they read is then in the file system's cache, and in DuckDB's), and the bytes of the column chunks a scan needs.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import duckdb

PROJECT = "bench"
OTHER_DAYS = [2, 3, 4]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    questions = json.loads((Path(__file__).parent / "questions.json").read_text(encoding="utf-8"))["questions"]
    asked = [question for question in questions if given.only in question["name"]]
    print(json.dumps([measure(given.data / PROJECT, question) for question in asked]))


def measure(project, question):
    print(f"▸ duckdb: {question['name']}", file=sys.stderr)
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute("SET TimeZone = 'UTC'")
    for table in ("events", "sessions"):
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files(project, table)}', hive_partitioning = false)")
    first = ask(connection, question, 1)
    varies = any("{day}" in sql for sql in question["sql"])
    others = [ask(connection, question, day) for day in OTHER_DAYS] if varies else []
    needed = sum(bytes_of(connection, project, table, columns) for table, columns in question["columns"].items())
    connection.close()
    return {"name": question["name"], "firstMs": first, "differentMs": statistics.median(others) if others else None, "neededBytes": needed}


def ask(connection, question, day):
    started = time.perf_counter()
    for number, sql in enumerate(question["sql"]):
        # Kept inside: what turning rows into Python objects takes is no part of the question.
        connection.execute(f"CREATE OR REPLACE TEMP TABLE answer_{number} AS {sql.replace('{day}', str(day))}")
    return (time.perf_counter() - started) * 1000


def bytes_of(connection, project, table, columns):
    """The compressed bytes of these columns in all files of a table."""
    chosen = "TRUE" if columns == ["*"] else "split_part(path_in_schema, ',', 1) IN (SELECT unnest(?))"
    sql = f"SELECT sum(total_compressed_size) FROM parquet_metadata('{files(project, table)}') WHERE {chosen}"
    return int(connection.execute(sql, [] if columns == ["*"] else [columns]).fetchone()[0])


def files(project, table):
    return str(project / table / "*" / "*.parquet").replace("'", "''")


if __name__ == "__main__":
    main()
