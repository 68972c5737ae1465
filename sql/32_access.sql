-- Grants: on one pipeline, and on the extension as a whole.

CREATE FUNCTION etl.grant_access(pipeline text, grantee regrole, privilege text)
	RETURNS text
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_grant_access';
COMMENT ON FUNCTION etl.grant_access(text, regrole, text) IS
'Let a role, and all that inherit its privileges, see a pipeline (view) or see and start it (run); never edit it. A run still executes as the owner. The role needs etl.grant_usage too. Returns what the role may now, NULL for NULL. Errors: 42501 not the owner, 42704, 22023';

CREATE FUNCTION etl.revoke_access(pipeline text, grantee regrole, privilege text)
	RETURNS text
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_revoke_access';
COMMENT ON FUNCTION etl.revoke_access(text, regrole, text) IS
'Take back what etl.grant_access gave to a role; run is taken back with the view that came with it. What the role has by membership or ownership stays. Returns what the role may now, NULL for NULL. Errors: 42501 not the owner, 42704, 22023';

CREATE FUNCTION etl.grant_usage(grantee regrole, privilege text) RETURNS text
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_grant_usage';
COMMENT ON FUNCTION etl.grant_usage(regrole, text) IS
'Grant a role what it needs to use the extension: view (the views, health, checks on what it can read), run (also start, wait for and cancel runs), define (also define and manage pipelines of its own). Which pipelines it sees is another matter: its own and those of etl.grant_access. For superusers and the owner of the extension. Returns what was granted, NULL for NULL. Errors: 42501, 42704, 22023';

CREATE FUNCTION etl.revoke_usage(grantee regrole, privilege text) RETURNS text
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'dq_etl_revoke_usage';
COMMENT ON FUNCTION etl.revoke_usage(regrole, text) IS
'Take back what etl.grant_usage gave: define, run (and define), or view (everything). Pipelines of the role stay and go on running. Returns what was revoked, NULL for NULL. Errors: 42501, 42704, 22023';
