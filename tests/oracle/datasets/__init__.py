"""Lakes made to be hard: each project is a table of rows in Python, written as Parquet by DuckDB.

Nothing here computes an expected answer. `catalog` names the projects, `writer` puts one on disk; the other modules hold
the rows of one kind of difficulty each.
"""
