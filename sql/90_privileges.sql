-- Who may call what. Nothing is for PUBLIC but what tells nothing and does
-- nothing; etl.grant_usage gives the rest to a role. The views show a role only
-- what it may see.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA etl, etl_catalog FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA etl, etl_catalog FROM PUBLIC;

