-- A second lock on the catalogue tables. Row security keeps roles out that may
-- write all data, but not one that also has BYPASSRLS; a forged pipeline of a
-- superuser would be a way to become one. Whoever writes must be the owner of
-- the table, as the extension's own statements are, or a superuser, as
-- pg_restore is.
CREATE FUNCTION etl_catalog.tableguard() RETURNS trigger
	LANGUAGE c
	AS 'MODULE_PATHNAME', 'dq_etl_catalog_tableguard';
COMMENT ON FUNCTION etl_catalog.tableguard() IS
'Refuse a statement that writes a catalogue table as anybody but its owner or a superuser; error 42501';

CREATE TRIGGER tableguard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON etl_catalog.pipeline
	FOR EACH STATEMENT EXECUTE FUNCTION etl_catalog.tableguard();
CREATE TRIGGER tableguard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON etl_catalog.pipeline_version
	FOR EACH STATEMENT EXECUTE FUNCTION etl_catalog.tableguard();
CREATE TRIGGER tableguard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON etl_catalog.step
	FOR EACH STATEMENT EXECUTE FUNCTION etl_catalog.tableguard();
CREATE TRIGGER tableguard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON etl_catalog.ledger
	FOR EACH STATEMENT EXECUTE FUNCTION etl_catalog.tableguard();
CREATE TRIGGER tableguard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON etl_catalog.pipeline_access
	FOR EACH STATEMENT EXECUTE FUNCTION etl_catalog.tableguard();
CREATE TRIGGER tableguard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON etl_catalog.run
	FOR EACH STATEMENT EXECUTE FUNCTION etl_catalog.tableguard();
CREATE TRIGGER tableguard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON etl_catalog.run_step
	FOR EACH STATEMENT EXECUTE FUNCTION etl_catalog.tableguard();
CREATE TRIGGER tableguard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON etl_catalog.run_error
	FOR EACH STATEMENT EXECUTE FUNCTION etl_catalog.tableguard();
CREATE TRIGGER tableguard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON etl_catalog.check_result
	FOR EACH STATEMENT EXECUTE FUNCTION etl_catalog.tableguard();
CREATE TRIGGER tableguard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON etl_catalog.quarantine
	FOR EACH STATEMENT EXECUTE FUNCTION etl_catalog.tableguard();
