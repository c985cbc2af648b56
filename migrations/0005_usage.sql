-- How many requests each connection and API client made on each day, for the charts of the console.
--
-- Written by the counters' alarms and by no request. Decides nothing.
CREATE TABLE requests_by_day (
  -- As counters are named: `connection:ID` or `api_client:ID`. No reference: what is counted may be gone before its count.
  subject  TEXT NOT NULL,
  -- Days since 1970, UTC.
  day      INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  PRIMARY KEY (subject, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_by_day_by_day ON requests_by_day (day);
