-- What is wrong with this installation. The view sees everything; the
-- function shows of it what the caller may know.

-- Each finding belongs to a pipeline (pipeline_id and the stored owner), to a
-- role (owner_oid alone), or to everybody (both NULL).
CREATE VIEW etl_catalog.finding AS
WITH pipeline AS (
	SELECT p.pipeline_id, p.name, p.owner_oid, p.owner_name, p.version,
		   quote_literal(p.name) AS name_literal, v.settings,
		   r.oid IS NOT NULL AS owner_agrees, r.rolsuper, r.rolcanlogin
	  FROM etl_catalog.pipeline p
	  JOIN etl_catalog.pipeline_version v USING (pipeline_id, version)
	  LEFT JOIN pg_roles r ON r.oid = p.owner_oid AND r.rolname = p.owner_name
), worker AS (
	SELECT current_setting('max_worker_processes')::integer AS slots,
		   count(*) FILTER (WHERE backend_type NOT IN (
				'client backend', 'autovacuum launcher', 'autovacuum worker',
				'checkpointer', 'background writer', 'walwriter', 'startup',
				'archiver', 'walreceiver', 'walsender', 'logger', 'io worker',
				'slotsync worker', 'walsummarizer', 'standalone backend')) AS used
	  FROM pg_stat_activity
)
-- the server
SELECT NULL::bigint AS pipeline_id, NULL::oid AS owner_oid,
	   NULL::text AS owner_name, 'error' AS severity,
	   'extension dq_etl' AS object,
	   format('the loaded library is version %s, the extension in this database is version %s',
			  etl.version(), e.extversion) AS message,
	   'ALTER EXTENSION dq_etl UPDATE;' AS hint
  FROM pg_extension e
 WHERE e.extname = 'dq_etl' AND e.extversion <> etl.version()
UNION ALL
SELECT NULL, NULL, NULL, 'error', 'setting dq_etl.enabled',
	   'no run starts on this server: dq_etl.enabled is off',
	   'ALTER SYSTEM SET dq_etl.enabled = on; SELECT pg_reload_conf();'
 WHERE NOT current_setting('dq_etl.enabled')::boolean
UNION ALL
SELECT NULL, NULL, NULL, 'warning', 'server',
	   'the server is in recovery: nothing can run here, only be looked at',
	   'Use the primary server.'
 WHERE pg_is_in_recovery()
UNION ALL
SELECT NULL, NULL, NULL, 'warning', 'setting max_worker_processes',
	   format('all %s slots for background workers are in use, and each run needs one', slots),
	   format('ALTER SYSTEM SET max_worker_processes = %s; and restart the server.',
			  greatest(slots, used) + 8)
  FROM worker
 WHERE used >= slots
UNION ALL
-- owners
SELECT pipeline_id, owner_oid, owner_name, 'error', format('pipeline %s', name),
	   format('its owner %s is gone, renamed, or another role since a restore: it does not run', owner_name),
	   format('SELECT etl.set_owner(%s, ''role'');', name_literal)
  FROM pipeline
 WHERE NOT owner_agrees
UNION ALL
SELECT pipeline_id, owner_oid, owner_name, 'error', format('pipeline %s', name),
	   format('its owner %s may not log in, so no run can execute as that role', owner_name),
	   format('ALTER ROLE %I LOGIN PASSWORD NULL;', owner_name)
  FROM pipeline
 WHERE owner_agrees AND NOT rolcanlogin
   AND current_setting('server_version_num')::integer < 170000
UNION ALL
SELECT pipeline_id, owner_oid, owner_name, 'error', format('pipeline %s', name),
	   format('its owner %s may not connect to this database', owner_name),
	   format('GRANT CONNECT ON DATABASE %I TO %I;', current_database(), owner_name)
  FROM pipeline
 WHERE owner_agrees
   AND NOT has_database_privilege(owner_oid, current_database(), 'CONNECT')
UNION ALL
SELECT pipeline_id, owner_oid, owner_name, 'error', format('pipeline %s', name),
	   'it is owned by a superuser, which dq_etl.allow_superuser_pipelines forbids: it does not run',
	   format('SELECT etl.set_owner(%s, ''role'');', name_literal)
  FROM pipeline
 WHERE rolsuper AND NOT current_setting('dq_etl.allow_superuser_pipelines')::boolean
UNION ALL
-- a superuser's pipeline lends his rights to whoever owns what it touches
SELECT p.pipeline_id, p.owner_oid, p.owner_name, 'warning', format('pipeline %s', p.name),
	   format('it runs as superuser %s and writes %s of role %s, whose triggers run with those rights',
			  p.owner_name, c.oid::regclass, o.rolname),
	   format('SELECT etl.set_owner(%s, %L);', p.name_literal, quote_ident(o.rolname))
  FROM pipeline p
  JOIN etl_catalog.step s ON s.pipeline_id = p.pipeline_id AND s.version = p.version
  JOIN pg_class c ON c.oid = to_regclass(s.options ->> 'target')
  JOIN pg_roles o ON o.oid = c.relowner
 WHERE p.rolsuper AND s.kind = 'load' AND NOT o.rolsuper
UNION ALL
-- a name in step SQL may resolve to what anybody puts there
SELECT p.pipeline_id, p.owner_oid, p.owner_name, 'warning', format('pipeline %s', p.name),
	   format('everybody may create objects in schema %s of its search_path', quote_ident(n.nspname)),
	   format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC;', n.nspname)
  FROM pipeline p
  JOIN pg_namespace n ON strpos(', ' || (p.settings ->> 'search_path') || ', ',
								', ' || quote_ident(n.nspname) || ', ') > 0
 WHERE EXISTS (SELECT FROM aclexplode(n.nspacl) a
				WHERE a.grantee = 0 AND a.privilege_type = 'CREATE')
UNION ALL
-- runs and what they leave
SELECT r.pipeline_id, r.owner_oid, p.owner_name, 'warning', format('run %s', r.run_id),
	   format('the process of this run of pipeline %s is gone; the next run of the pipeline records that it crashed', r.pipeline),
	   format('SELECT etl.run(%s);', quote_literal(r.pipeline))
  FROM etl_catalog.run r
  LEFT JOIN pipeline p USING (pipeline_id)
 WHERE r.state = 'running'
   AND NOT etl_catalog.run_is_alive(r.run_id, r.backend_pid, r.backend_start)
UNION ALL
SELECT NULL, n.nspowner, NULL, 'info', format('schema %s', n.nspname),
	   format('it looks like the stages of a run that is over, no run knows it, and it belongs to %s',
			  pg_get_userbyid(n.nspowner)),
	   format('DROP SCHEMA %I CASCADE;', n.nspname)
  FROM pg_namespace n
 WHERE n.nspname ~ '^etl_r[0-9]{1,18}$'
   AND NOT EXISTS (SELECT FROM etl_catalog.run r
					WHERE r.run_id = substr(n.nspname, 6)::bigint
					  AND (r.stages_kept OR r.finished_at IS NULL))
UNION ALL
-- the clock
SELECT p.pipeline_id, p.owner_oid, p.owner_name,
	   CASE WHEN j.drift = 'pg_cron is not in this database' THEN 'info' ELSE 'warning' END,
	   format('pipeline %s', p.name),
	   CASE WHEN j.drift = 'pg_cron is not in this database'
			THEN 'it has a schedule, and pg_cron is in another database: whether its job is there cannot be seen from here'
			ELSE format('its schedule and its pg_cron job do not agree: %s', j.drift) END,
	   COALESCE(j.next_statement, 'Add pg_cron to shared_preload_libraries and restart the server.')
  FROM etl_catalog.cron_jobs() j
  JOIN pipeline p USING (pipeline_id)
 WHERE j.drift IS NOT NULL
UNION ALL
SELECT NULL, NULL, NULL, 'warning', 'setting cron.use_background_workers',
	   'pg_cron takes its jobs one after the other while a long one runs, and shares the slots for background workers',
	   'ALTER SYSTEM SET cron.use_background_workers = off; and restart the server.'
 WHERE current_setting('cron.use_background_workers', true)::boolean
   AND EXISTS (SELECT FROM etl_catalog.wanted_job WHERE schedule IS NOT NULL);

CREATE FUNCTION etl.health(
	OUT severity text, OUT object text, OUT message text, OUT hint text)
	RETURNS SETOF record
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'dq_etl_health';
COMMENT ON FUNCTION etl.health() IS
'List what is wrong with this installation and with the pipelines that you may see, worst first; no rows means healthy. severity: error (something does not run), warning (something is at risk), info (worth a look); hint is what to execute';
