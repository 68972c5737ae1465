-- Schemas. Never OR REPLACE or IF NOT EXISTS: an object that somebody put
-- there before must make the installation fail instead of being adopted.
CREATE SCHEMA etl;
COMMENT ON SCHEMA etl IS
'dq_etl: define, run, check and schedule pipelines; everything that people call and look at';

CREATE SCHEMA etl_catalog;
COMMENT ON SCHEMA etl_catalog IS
'dq_etl: tables behind the views of schema etl; written only by the extension';

