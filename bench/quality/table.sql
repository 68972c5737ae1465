-- The table: 16 columns, about 175 bytes a row, deterministic, with planted
-- violations of every check in checks.sql. :rows says how many rows, :name
-- what it is called. No constraint and no index: nothing is known before.
CREATE TABLE :"name" (
	id       bigint,
	customer bigint,
	quantity integer,
	batch    integer,
	created  timestamp,
	updated  timestamp,
	score    double precision,
	ratio    double precision,
	active   boolean,
	code     text,
	email    text,
	status   text,
	country  text,
	price    numeric(12, 2),
	amount   numeric(14, 2),
	note     text);

INSERT INTO :"name"
SELECT CASE i % 100003 WHEN 1 THEN NULL WHEN 2 THEN -i ELSE i END,
	   CASE i % 100019 WHEN 3 THEN 0 WHEN 4 THEN 2000000000 ELSE h % 1000000 + 1 END,
	   CASE i % 100043 WHEN 5 THEN NULL WHEN 6 THEN -1 WHEN 7 THEN 5000 ELSE h / 7 % 1000 END,
	   CASE i % 100049 WHEN 8 THEN 7000 WHEN 9 THEN NULL ELSE i / 5000 % 1000 END,
	   CASE i % 100057 WHEN 10 THEN NULL WHEN 11 THEN timestamp '2050-01-01' ELSE timestamp '2021-01-01' + h % 100000000 * interval '1 second' END,
	   CASE i % 100069 WHEN 12 THEN timestamp '2001-01-01' ELSE timestamp '2021-01-02' + h % 100000000 * interval '1 second' END,
	   CASE i % 100103 WHEN 13 THEN NULL WHEN 14 THEN 'NaN' WHEN 15 THEN 1.5 ELSE h % 1000 / 1000.0 END,
	   CASE i % 100109 WHEN 16 THEN 2 WHEN 17 THEN '-Infinity' ELSE h % 2000 / 1000.0 - 1 END,
	   CASE i % 100129 WHEN 18 THEN NULL ELSE h % 3 = 0 END,
	   CASE i % 100151 WHEN 19 THEN NULL WHEN 20 THEN 'short' WHEN 21 THEN md5('twin') ELSE md5(i::text) END,
	   CASE i % 100153 WHEN 22 THEN NULL WHEN 23 THEN 'a@b' WHEN 24 THEN 'no address at all' ELSE 'user' || h % 1000000 || '@example' || h % 100 || '.com' END,
	   CASE i % 100169 WHEN 25 THEN NULL WHEN 26 THEN 'deleted' WHEN 27 THEN 'x' ELSE (ARRAY['new', 'open', 'paid', 'shipped', 'closed'])[h % 5 + 1] END,
	   CASE i % 100183 WHEN 28 THEN NULL WHEN 29 THEN 'XX' WHEN 30 THEN 'DEU' ELSE (ARRAY['DE', 'FR', 'IT', 'ES', 'PL', 'NL', 'BE', 'AT', 'CH', 'SE'])[h % 10 + 1] END,
	   CASE i % 100189 WHEN 31 THEN NULL WHEN 32 THEN -1 WHEN 33 THEN 99999 ELSE (h % 1000000) / 100.0 END,
	   CASE i % 100193 WHEN 34 THEN -5 WHEN 35 THEN 99999999 ELSE (h % 1000000) / 100.0 + h % 100 END,
	   CASE i % 100207 WHEN 36 THEN '' WHEN 37 THEN repeat('long ', 20) ELSE 'note ' || h % 100000 END
  FROM (SELECT i, abs(hashint8(i)::bigint) AS h FROM generate_series(1, :rows::bigint) AS i) AS g;
VACUUM (FREEZE, ANALYZE) :"name";
