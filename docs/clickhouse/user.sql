-- A user that can read the project tables of one database and do nothing else, for Sightline to ask as. Run it once per server, as a user
-- that may create users; put in your own password, and the database and tables of your mapping.
CREATE SETTINGS PROFILE IF NOT EXISTS sightline SETTINGS
  -- 2, not 1: the settings that make answers what they are travel with each query. They cannot raise what is constrained here.
  readonly = 2,
  max_execution_time = 25 MAX 25,
  max_memory_usage = 8000000000 MAX 8000000000,
  max_bytes_to_read = 200000000000 MAX 200000000000,
  max_threads = 8 MAX 8;

CREATE USER IF NOT EXISTS sightline IDENTIFIED WITH sha256_password BY 'change me' SETTINGS PROFILE sightline;

GRANT SELECT ON sightline.events TO sightline;
GRANT SELECT ON sightline.sessions TO sightline;
GRANT SELECT ON sightline.profiles TO sightline;
GRANT SELECT ON sightline.groups TO sightline;
GRANT SELECT ON sightline.gsc_daily TO sightline;
GRANT SELECT ON sightline.gsc_pages TO sightline;
GRANT SELECT ON sightline.gsc_queries TO sightline;
GRANT SELECT ON sightline.gsc_query_pages TO sightline;

-- Where Sightline serves only some of the projects in these tables, the server can hold it to them, whatever it asks:
-- CREATE ROW POLICY sightline_projects ON sightline.* USING project_id IN ('shop', 'docs') TO sightline;
