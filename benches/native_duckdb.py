"""Asks the benchmark's questions of native DuckDB, one thread, over the same files: `python native_duckdb.py --data DIR`.

One connection per question, so that a first run finds nothing kept. Prints JSON.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import duckdb

REPEATS = 5
PROJECT = "bench"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    questions = json.loads((Path(__file__).parent / "questions.json").read_text(encoding="utf-8"))["questions"]
    print(json.dumps([measure(data / PROJECT, question) for question in questions]))


def measure(project, question):
    print(f"▸ duckdb: {question['name']}", file=sys.stderr)
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute("SET TimeZone = 'UTC'")
    for table in ("events", "sessions"):
        files = str(project / table / "*" / "*.parquet").replace("'", "''")
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files}', hive_partitioning = false)")
    times = []
    for _ in range(REPEATS + 1):
        started = time.perf_counter()
        # Kept inside: what turning rows into Python objects takes is no part of the question.
        connection.execute(f"CREATE OR REPLACE TEMP TABLE answer AS {question['sql']}")
        times.append((time.perf_counter() - started) * 1000)
    connection.close()
    return {"name": question["name"], "firstMs": times[0], "medianMs": statistics.median(times[1:])}


if __name__ == "__main__":
    main()
