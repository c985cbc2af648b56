-- How many requests a client may make in a minute, where that is not the default (60). Takes effect with its next request.
--
-- The upper bound is what one counter can be asked in a minute.
ALTER TABLE api_clients ADD COLUMN requests_per_minute INTEGER CHECK (requests_per_minute BETWEEN 1 AND 60000);
