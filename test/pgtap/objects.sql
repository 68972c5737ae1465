-- What every object that a user sees must keep to, whoever adds it.
BEGIN;
SELECT plan(9);

SELECT is_empty($$
  SELECT p.oid::regprocedure::text AS function
  FROM   pg_catalog.pg_proc p
  WHERE  p.pronamespace = 'etl'::regnamespace
  AND    pg_catalog.obj_description(p.oid, 'pg_proc') IS NULL
  ORDER  BY 1
$$, 'every function of schema etl has a comment');

SELECT is_empty($$
  SELECT c.oid::regclass::text AS relation
  FROM   pg_catalog.pg_class c
  WHERE  c.relnamespace = 'etl'::regnamespace
  AND    c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c', 'S')
  AND    pg_catalog.obj_description(c.oid, 'pg_class') IS NULL
  AND    pg_catalog.obj_description(c.reltype, 'pg_type') IS NULL
  ORDER  BY 1
$$, 'every relation of schema etl has a comment');

SELECT is_empty($$
  SELECT t.oid::regtype::text AS type
  FROM   pg_catalog.pg_type t
  WHERE  t.typnamespace = 'etl'::regnamespace
  AND    t.typrelid = 0
  AND    t.typelem = 0
  AND    t.typtype <> 'm'
  AND    pg_catalog.obj_description(t.oid, 'pg_type') IS NULL
  ORDER  BY 1
$$, 'every type of schema etl has a comment');

SELECT is_empty($$
  SELECT c.relname, a.attname
  FROM   pg_catalog.pg_class c
  JOIN   pg_catalog.pg_attribute a ON a.attrelid = c.oid
         AND a.attnum > 0 AND NOT a.attisdropped
  WHERE  c.relnamespace = 'etl'::regnamespace
  AND    c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  AND    pg_catalog.col_description(c.oid, a.attnum) IS NULL
  ORDER  BY 1, 2
$$, 'every column of schema etl has a comment');

-- An argument must be usable as name => value, an output column as a column.
SELECT is_empty($$
  SELECT p.oid::regprocedure::text AS function, a.name
  FROM   pg_catalog.pg_proc p,
         unnest(p.proargnames, coalesce(p.proargmodes, array_fill('i'::"char", ARRAY[coalesce(cardinality(p.proargnames), 0)])))
           AS a(name, mode),
         pg_catalog.pg_get_keywords() k
  WHERE  p.pronamespace = 'etl'::regnamespace
  AND    k.word = a.name
  AND    ((a.mode IN ('i', 'b', 'v') AND k.catcode IN ('R', 'C'))
          OR (a.mode IN ('o', 'b', 't') AND k.catcode IN ('R', 'T')))
  UNION ALL
  SELECT c.oid::regclass::text, a.attname
  FROM   pg_catalog.pg_class c
  JOIN   pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
  JOIN   pg_catalog.pg_get_keywords() k ON k.word = a.attname AND k.catcode IN ('R', 'T')
  WHERE  c.relnamespace = 'etl'::regnamespace
  AND    c.relkind IN ('r', 'p', 'v', 'm', 'c')
  ORDER  BY 1, 2
$$, 'no argument or column of schema etl is a reserved word');

SELECT is_empty($$
  SELECT p.oid::regprocedure::text AS function
  FROM   pg_catalog.pg_proc p
  WHERE  p.pronamespace = 'etl'::regnamespace
  AND    (p.prorettype = 'void'::regtype
          OR EXISTS (SELECT FROM unnest(p.proargnames) AS a(name) WHERE a.name LIKE 'p\_%'))
  AND    p.prokind <> 'p'
  ORDER  BY 1
$$, 'no function of schema etl returns void or has an argument named p_*');

SELECT is_empty($$
  SELECT p.oid::regprocedure::text AS function
  FROM   pg_catalog.pg_proc p
  JOIN   pg_catalog.pg_language l ON l.oid = p.prolang
  WHERE  p.pronamespace IN ('etl'::regnamespace, 'etl_catalog'::regnamespace)
  AND    (l.lanname NOT IN ('c', 'sql', 'internal') OR (l.lanname = 'sql' AND p.prosqlbody IS NULL))
  ORDER  BY 1
$$, 'functions are C, or SQL with a standard body');

-- A role may look, and create a function that tells what it is asked about.
SELECT is_empty($$
  SELECT c.oid::regclass::text AS view
  FROM   pg_catalog.pg_class c
  WHERE  c.relnamespace = 'etl'::regnamespace
  AND    c.relkind = 'v'
  AND    NOT coalesce('security_barrier=true' = ANY (c.reloptions), false)
  ORDER  BY 1
$$, 'every view of schema etl is a security barrier');

-- pg_write_all_data may write to views, with the rights of their owner.
SELECT is_empty($$
  SELECT c.oid::regclass::text AS view
  FROM   pg_catalog.pg_class c
  WHERE  c.relnamespace IN ('etl'::regnamespace, 'etl_catalog'::regnamespace)
  AND    c.relkind = 'v'
  AND    pg_catalog.pg_relation_is_updatable(c.oid, true) <> 0
  ORDER  BY 1
$$, 'no view can be written to');

SELECT * FROM finish();
ROLLBACK;
