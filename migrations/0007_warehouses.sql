-- Where the data is, if not where this server's projects usually have it: a project's word comes before its organization's.

ALTER TABLE organizations ADD COLUMN warehouse TEXT CHECK (warehouse IN ('parquet', 'clickhouse'));
ALTER TABLE projects ADD COLUMN warehouse TEXT CHECK (warehouse IN ('parquet', 'clickhouse'));
