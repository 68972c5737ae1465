-- formats, value by value: what each accepts and what it nearly accepts
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
SET search_path = pg_catalog;
\set VERBOSITY terse

-- every format: accepted (+), refused (-); a row means a disagreement
CREATE TEMP TABLE expected (format text, verdict char, val text);
INSERT INTO expected VALUES
('email', '+', 'a@b.co'), ('email', '+', 'first.last+tag@sub.example.com'), ('email', '+', '!#$%&''*+/=?^_`{|}~-@example.org'),
('email', '+', repeat('a', 64) || '@b.co'), ('email', '-', repeat('a', 65) || '@b.co'), ('email', '-', 'a@b'), ('email', '-', '.a@b.co'),
('email', '-', 'a.@b.co'), ('email', '-', 'a..b@b.co'), ('email', '-', 'a@b..co'), ('email', '-', 'a@-b.co'), ('email', '-', 'a@b.co.'),
('email', '-', '"a b"@b.co'), ('email', '-', 'a@[1.2.3.4]'), ('email', '-', 'a@1.2.3.4'), ('email', '-', 'a b@b.co'), ('email', '-', 'a@b@c.co'),
('email', '-', '@b.co'), ('email', '-', 'a@'), ('email', '-', 'ä@b.co'), ('email', '-', 'a@bü.co'), ('email', '-', E'a@b.co\n'),
('url', '+', 'http://example.com'), ('url', '+', 'HTTPS://user:pw@example.com:8080/a/b;c=1?x=%20y&z#frag'), ('url', '+', 'ftp://1.2.3.4/'),
('url', '+', 'http://[::1]:80/'), ('url', '+', 'http://localhost'), ('url', '+', 'http://a_b.example.'), ('url', '+', 'http://example.com:'),
('url', '-', 'http://'), ('url', '-', 'http:///path'), ('url', '-', 'example.com'), ('url', '-', 'mailto:a@b.co'), ('url', '-', 'http://exa mple.com'),
('url', '-', 'http://example.com/%zz'), ('url', '-', 'http://example.com/%2'), ('url', '-', 'http://1.2.3.400/'), ('url', '-', 'http://[::g]/'),
('url', '-', 'http://a.com:65536/'), ('url', '-', 'http://a..com'), ('url', '-', 'http://example.com/ä'), ('url', '-', 'http://a.com/#a#b'), ('url', '-', 'http://[::1'),
('url', '-', 'http:/a.com'), ('url', '-', 'http://-a.com'), ('url', '-', 'http://a.com/<b>'),
('uri', '+', 'mailto:a@b.co'), ('uri', '+', 'urn:isbn:0451450523'), ('uri', '+', 'file:///etc/hosts'), ('uri', '+', 'a:'), ('uri', '-', '/a/b'), ('uri', '-', '1a:b'), ('uri', '-', 'a b:c'), ('uri', '-', 'abc'),
('hostname', '+', 'localhost'), ('hostname', '+', 'a-1.b.c'), ('hostname', '-', 'a-'), ('hostname', '-', '-a'), ('hostname', '-', 'a_b'), ('hostname', '-', 'a..b'),
('hostname', '-', repeat('a', 64)), ('hostname', '+', repeat('a', 63)), ('hostname', '-', '1.2.3.4'), ('hostname', '-', rtrim(repeat('abcdefg.', 32), '.')),
('domain', '+', 'example.com'), ('domain', '-', 'localhost'), ('domain', '+', '1.com'), ('domain', '-', 'com.1'),
('ipv4', '+', '0.0.0.0'), ('ipv4', '+', '255.255.255.255'), ('ipv4', '-', '256.1.1.1'), ('ipv4', '-', '1.2.3'), ('ipv4', '-', '1.2.3.4.5'), ('ipv4', '-', '01.2.3.4'), ('ipv4', '-', '1.2.3.4 '), ('ipv4', '-', '1..2.3'), ('ipv4', '-', '1.2.3.1234'), ('ipv4', '-', '1.2.3.'),
('ipv6', '+', '::'), ('ipv6', '+', '::1'), ('ipv6', '+', '1::'), ('ipv6', '+', '2001:db8::8:800:200c:417a'), ('ipv6', '+', '1:2:3:4:5:6:7:8'), ('ipv6', '+', '1:2:3:4:5:6:7::'), ('ipv6', '+', '::ffff:1.2.3.4'), ('ipv6', '+', '1:2:3:4:5:6:1.2.3.4'), ('ipv6', '+', '::2:3:4:5:6:7:8'),
('ipv6', '-', ':'), ('ipv6', '-', ':::'), ('ipv6', '-', '1::2::3'), ('ipv6', '-', '1:2:3:4:5:6:7'), ('ipv6', '-', '1:2:3:4:5:6:7:8:9'), ('ipv6', '-', '12345::'), ('ipv6', '-', '1:2:3:4:5:6:7:'), ('ipv6', '-', ':1:2:3:4:5:6:7'), ('ipv6', '-', '::1.2.3.256'), ('ipv6', '-', '1:2:3:4:5:6:7:1.2.3.4'), ('ipv6', '-', 'fe80::1%eth0'), ('ipv6', '-', '1:2:3:4:5:6:7::8'), ('ipv6', '-', '::1.2.3.4:1'),
('ip', '+', '1.2.3.4'), ('ip', '+', '::1'), ('ip', '-', 'x'),
('cidr', '+', '10.0.0.0/8'), ('cidr', '+', '::/0'), ('cidr', '-', '10.0.0.0'), ('ipv4_cidr', '+', '1.2.3.4/32'), ('ipv4_cidr', '-', '1.2.3.4/33'), ('ipv4_cidr', '-', '1.2.3.4/08'), ('ipv4_cidr', '-', '1.2.3.4/'), ('ipv4_cidr', '-', '/8'), ('ipv6_cidr', '+', '::1/128'), ('ipv6_cidr', '-', '::1/129'), ('ipv6_cidr', '-', '1.2.3.4/8'),
('mac', '+', '01:23:45:67:89:ab'), ('mac', '+', '01-23-45-67-89-AB'), ('mac', '+', '0123.4567.89ab'), ('mac', '+', '0123456789ab'), ('mac', '-', '01:23:45:67:89-ab'), ('mac', '-', '01:23:45:67:89'), ('mac', '-', '01:23:45:67:89:ag'), ('mac', '-', '0123.4567-89ab'), ('mac', '-', '01.23.45.67.89.ab'),
('uuid', '+', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), ('uuid', '+', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'), ('uuid', '+', '00000000-0000-0000-0000-000000000000'), ('uuid', '-', 'a0eebc999c0b4ef8bb6d6bb9bd380a11'), ('uuid', '-', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'), ('uuid', '-', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g'), ('uuid', '-', 'a0eebc9-99c0b-4ef8-bb6d-6bb9bd380a11'),
('ulid', '+', '01ARZ3NDEKTSV4RRFFQ69G5FAV'), ('ulid', '-', '81ARZ3NDEKTSV4RRFFQ69G5FAV'), ('ulid', '-', '01ARZ3NDEKTSV4RRFFQ69G5FAU'), ('ulid', '-', '01ARZ3NDEKTSV4RRFFQ69G5FA'),
('e164', '+', '+14155552671'), ('phone', '+', '+491234567'), ('e164', '-', '14155552671'), ('e164', '-', '+0155552671'), ('e164', '-', '+1415555267123456'), ('e164', '-', '+1 415 555'), ('e164', '-', '+123456'),
('iban', '+', 'GB82WEST12345698765432'), ('iban', '+', 'DE89370400440532013000'), ('iban', '+', 'NO9386011117947'), ('iban', '+', 'MT84MALT011000012345MTLCAST001S'), ('iban', '+', 'FR1420041010050500013M02606'), ('iban', '-', 'GB82WEST12345698765431'), ('iban', '-', 'GB82 WEST 1234 5698 7654 32'), ('iban', '-', 'gb82west12345698765432'), ('iban', '-', 'DE8937040044053201300'), ('iban', '-', 'XX89370400440532013000'), ('iban', '-', 'DE89370400440532013A00'), ('iban', '-', 'DE'),
('bic', '+', 'DEUTDEFF'), ('swift', '+', 'DEUTDEFF500'), ('bic', '+', 'MBKOXKPR'), ('bic', '-', 'DEUTXXFF'), ('bic', '-', 'DEUTDEF'), ('bic', '-', 'deutdeff'), ('bic', '-', 'DEUTDEFF5'), ('bic', '-', 'DEUTDE-F'),
('card_number', '+', '4111111111111111'), ('credit_card', '+', '378282246310005'), ('card_number', '-', '4111111111111112'), ('card_number', '-', '4111 1111 1111 1111'), ('card_number', '-', '00000000000000'), ('card_number', '-', '42'), ('luhn', '+', '79927398713'), ('luhn', '-', '79927398710'), ('luhn', '-', '0'), ('luhn', '+', '18'),
('isbn10', '+', '0306406152'), ('isbn10', '+', '0-306-40615-2'), ('isbn10', '+', '080442957X'), ('isbn10', '+', '0 8044 2957 x'), ('isbn10', '-', '0306406153'), ('isbn10', '-', '0-306 40615-2'), ('isbn10', '-', '-0306406152'), ('isbn10', '-', '0--306406152'), ('isbn10', '-', '08044X9570'), ('isbn10', '-', '0306406152-'),
('isbn13', '+', '9780306406157'), ('isbn13', '+', '978-0-306-40615-7'), ('isbn13', '-', '9780306406158'), ('isbn13', '-', '4006381333931'), ('isbn13', '-', '97803064061577'), ('isbn', '+', '0306406152'), ('isbn', '+', '979-10-90636-07-1'), ('isbn', '-', '12345'), ('issn', '+', '0378-5955'), ('issn', '+', '2434-561X'), ('issn', '-', '0378-5954'), ('issn', '-', '03785955'),
('ean13', '+', '4006381333931'), ('ean13', '-', '4006381333932'), ('ean8', '+', '73513537'), ('ean8', '-', '73513536'), ('ean', '+', '73513537'), ('ean', '-', '036000291452'), ('gtin', '+', '036000291452'), ('gtin', '+', '10614141000415'), ('gtin', '-', '1234'),
('isin', '+', 'US0378331005'), ('isin', '+', 'AU0000XVGZA3'), ('isin', '+', 'XS0971721450'), ('isin', '-', 'US0378331004'), ('isin', '-', 'us0378331005'), ('isin', '-', 'U10378331005'), ('isin', '-', 'US037833100A'), ('lei', '+', '5493001KJTIIGC8Y1R12'), ('lei', '-', '5493001KJTIIGC8Y1R13'), ('lei', '-', '5493001kjtiigc8y1r12'),
('country_alpha2', '+', 'DE'), ('country_alpha2', '+', 'AD'), ('country_alpha2', '+', 'ZW'), ('country_alpha2', '-', 'UK'), ('country_alpha2', '-', 'de'), ('country_alpha2', '-', 'AA'), ('country_alpha2', '-', 'ZZ'), ('country_alpha2', '-', 'DEU'), ('iso_country_alpha3', '+', 'DEU'), ('country_alpha3', '-', 'DEX'), ('country_numeric', '+', '276'), ('country_numeric', '+', '004'), ('country_numeric', '-', '4'), ('country_numeric', '-', '999'),
('currency', '+', 'EUR'), ('currency', '+', 'XCG'), ('currency', '-', 'eur'), ('currency', '-', 'DEM'), ('currency', '-', 'EU'), ('language', '+', 'de'), ('language', '-', 'DE'), ('language', '-', 'xx'), ('language_alpha3', '+', 'deu'), ('language_alpha3', '+', 'ger'), ('language_alpha3', '+', 'qtz'), ('language_alpha3', '-', 'qua'), ('language_alpha3', '-', 'xxx'),
('iana_timezone', '+', 'Europe/Berlin'), ('timezone', '+', 'UTC'), ('iana_timezone', '+', 'Etc/GMT+5'), ('iana_timezone', '+', 'America/Argentina/ComodRivadavia'), ('iana_timezone', '+', 'Zulu'), ('iana_timezone', '+', 'Africa/Abidjan'), ('iana_timezone', '-', 'europe/berlin'), ('iana_timezone', '-', 'Europe'), ('iana_timezone', '-', 'Europe/'), ('iana_timezone', '-', 'Europe/Nowhere'), ('iana_timezone', '-', '../etc/passwd'), ('iana_timezone', '-', 'Foo-5'), ('iana_timezone', '-', '+05:00'), ('iana_timezone', '-', 'CEST'), ('iana_timezone', '-', 'A/../Europe/Berlin'),
('base64', '+', 'Zm9v'), ('base64', '+', 'Zm8='), ('base64', '+', 'Zg=='), ('base64', '-', 'Zg'), ('base64', '-', 'Zg==='), ('base64', '-', 'Z==='), ('base64', '-', 'Zm 9v'), ('base64', '-', 'Zm9-'), ('base64', '-', 'Zg==Zg=='), ('base64url', '+', 'Zm9-_w'), ('base64url', '+', 'Zg=='), ('base64url', '-', 'Zm9v/'), ('base64url', '-', 'Zm9vY'), ('base64url', '-', '=='), ('base64url', '-', 'Zg='),
('hex', '+', '0aF'), ('hex', '-', '0x1'), ('hex', '-', 'g'), ('md5', '+', md5('x')), ('md5', '-', md5('x') || '0'), ('sha1', '+', repeat('a', 40)), ('sha1', '-', repeat('g', 40)), ('sha256', '+', encode(sha256('x'), 'hex')), ('sha256', '-', md5('x')), ('sha512', '+', encode(sha512('x'), 'hex')), ('sha512', '-', encode(sha256('x'), 'hex')), ('hex_color', '+', '#FFF'), ('hex_color', '+', '#a1b2c3d4'), ('hex_color', '-', '#ff'), ('hex_color', '-', 'ffffff'),
('jwt', '+', 'eyJhbGciOiJub25lIn0.eyJhIjoxfQ.'), ('jwt', '+', 'eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo'), ('jwt', '-', 'eyJh.e30'), ('jwt', '-', 'a.b.c'), ('jwt', '-', 'eyJhbGciOiJub25lIn0.eyJhIjoxfQ.a.b'),
('semver', '+', '0.0.0'), ('semver', '+', '1.2.3-alpha.1+build.007'), ('semver', '+', '1.0.0--'), ('semver', '+', '1.0.0-0a'), ('semver', '+', '1.0.0+001'), ('semver', '-', 'v1.2.3'), ('semver', '-', '1.2'), ('semver', '-', '01.2.3'), ('semver', '-', '1.2.3-01'), ('semver', '-', '1.2.3-'), ('semver', '-', '1.2.3+'), ('semver', '-', '1.2.3-a..b'), ('semver', '-', '1.2.3.4'), ('semver', '-', '1.2.3+a+b'), ('semver', '-', '1.2.3-a_b'),
('slug', '+', 'a-b-1'), ('slug', '-', 'a--b'), ('slug', '-', '-a'), ('slug', '-', 'A'), ('slug', '-', 'ä'), ('integer', '+', '-007'), ('integer', '+', '99999999999999999999'), ('integer', '-', '-'), ('integer', '-', '1.0'), ('integer', '-', ' 1'), ('decimal', '+', '-1.50'), ('decimal', '+', '3'), ('decimal', '-', '1.'), ('decimal', '-', '.5'), ('decimal', '-', '1e5'), ('decimal', '-', '1,5'), ('decimal', '-', '-.5'),
('latitude', '+', '-90'), ('latitude', '+', '90.000'), ('latitude', '-', '90.001'), ('latitude', '-', '91'), ('latitude', '+', '89.999'), ('longitude', '+', '180'), ('longitude', '-', '-180.1'), ('longitude', '-', '1000'), ('longitude', '-', '1e1'),
('iso_date', '+', '2024-02-29'), ('date', '+', '0000-02-29'), ('iso_date', '-', '2023-02-29'), ('iso_date', '-', '1900-02-29'), ('iso_date', '+', '2000-02-29'), ('iso_date', '-', '2024-2-9'), ('iso_date', '-', '2024-04-31'), ('iso_date', '-', '2024-13-01'), ('iso_date', '-', '2024-00-01'), ('iso_date', '-', '2024/01/01'), ('iso_date', '-', '2024-01-00'), ('basic_date', '+', '20240229'), ('basic_date', '-', '20230229'), ('us_date', '+', '12/31/2024'), ('us_date', '-', '31/12/2024'), ('us_date', '-', '12/31-2024'), ('us_date', '-', '1/2/2024'), ('european_date', '+', '31.12.2024'), ('european_date', '+', '31/12/2024'), ('european_date', '-', '12/31/2024'), ('european_date', '-', '31.12/2024'), ('iso_month', '+', '2024-12'), ('iso_month', '-', '2024-13'), ('iso_week', '+', '2020-W53'), ('iso_week', '+', '2015-W53-7'), ('iso_week', '-', '2021-W53'), ('iso_week', '-', '2021-W00'), ('iso_week', '-', '2020-W10-8'), ('iso_week', '+', '2004-W53'),
('iso_time', '+', '23:59'), ('iso_time', '+', '23:59:59.123456789'), ('iso_time', '-', '24:00'), ('iso_time', '-', '23:60'), ('iso_time', '-', '23:59:60'), ('iso_time', '-', '1:00'), ('iso_time', '-', '10:00:00.'), ('iso_timestamp', '+', '2024-02-29T10:20'), ('iso_timestamp', '+', '2024-02-29 10:20:30.5+02'), ('iso_timestamp', '+', '2024-02-29T10:20:30Z'), ('iso_timestamp', '+', '2024-02-29T10:20:30-0530'), ('iso_timestamp', '-', '2024-02-30T10:20'), ('iso_timestamp', '-', '2024-02-29'), ('iso_timestamp', '-', '2024-02-29T10:20:30+02:'), ('iso_timestamp', '-', '2024-02-29T10:20:30+24'), ('rfc3339', '+', '1985-04-12T23:20:50.52Z'), ('rfc3339', '+', '1996-12-19T16:39:57-08:00'), ('rfc3339', '+', '1990-12-31T15:59:60-08:00'), ('rfc3339', '-', '1990-12-31T15:59:60Z'), ('rfc3339', '-', '1996-12-19T16:39:57'), ('date_time', '-', '1996-12-19T16:39Z'), ('rfc3339', '-', '1996-12-19T16:39:57+0800'),
('iso_duration', '+', 'P3Y6M4DT12H30M5S'), ('iso_duration', '+', 'P2W'), ('iso_duration', '+', 'PT0.5S'), ('iso_duration', '+', 'P1.5Y'), ('iso_duration', '-', 'P'), ('iso_duration', '-', 'PT'), ('iso_duration', '-', 'P1YT'), ('iso_duration', '-', 'P1D2Y'), ('iso_duration', '-', 'P1W1D'), ('iso_duration', '-', 'P1.5Y2M'), ('iso_duration', '-', '1D'), ('iso_duration', '-', 'P1H'), ('iso_duration', '-', 'P-1D'), ('iso_duration', '-', 'P1'), ('iso_duration', '-', 'P1WT1H'),
('json', '+', '{"a": [1, null, "x"]}'), ('json', '-', '{a: 1}');
SELECT * FROM expected WHERE etl.has_format(val, format) IS DISTINCT FROM (verdict = '+');

-- every format is tried above in both ways, and refuses the empty text
SELECT format FROM etl.formats() f
WHERE (SELECT count(DISTINCT verdict) FROM expected e WHERE e.format IN (f.format, f.alias)) < 2
   OR etl.has_format('', format) OR etl.has_format(NULL, format) IS NOT NULL
   OR etl.has_format(E'\u00e9', format) OR etl.has_format(' ', format);
SELECT count(*) > 55 AS many, count(DISTINCT format) = count(*) AS distinct_names FROM etl.formats();
SELECT * FROM etl.formats() WHERE format IN ('email', 'slug', 'bic');

-- one byte more or less is another text
SELECT format, val FROM expected
WHERE verdict = '+' AND format NOT IN ('url', 'uri', 'jwt', 'semver', 'json')
  AND (etl.has_format(val || ' ', format) OR etl.has_format(' ' || val, format) OR etl.has_format(val || E'\n', format));

-- agreement with the types of the server, where they mean the same
SELECT format, val FROM expected
WHERE (format = 'ipv6' AND verdict = '+' AND NOT etl.castable(val, 'inet'))
   OR (format IN ('iso_date', 'iso_timestamp', 'rfc3339') AND verdict = '+' AND val !~ '^0000' AND NOT etl.castable(val, 'timestamptz'))
   OR (format = 'uuid' AND verdict = '+' AND NOT etl.castable(val, 'uuid'))
   OR (format IN ('integer', 'decimal') AND verdict = '+' AND NOT etl.castable(val, 'numeric'));
SELECT d::date FROM generate_series(date '1899-12-25', '2101-01-10', interval '1 day') d
WHERE NOT etl.has_format(to_char(d, 'IYYY-"W"IW-ID'), 'iso_week') OR NOT etl.has_format(to_char(d, 'YYYY-MM-DD'), 'iso_date');
SELECT y FROM generate_series(1900, 2100) y
WHERE etl.has_format(y || '-W53', 'iso_week') <> (to_char(make_date(y, 12, 31), 'IYYYIW') = y || '53');

-- from a column, the format too
SELECT f, etl.has_format('2024', f) FROM (VALUES ('integer'), ('iso_date'), ('hex'), (NULL)) v (f);

SELECT etl.has_format('x', 'emial');
SELECT etl.has_format('x', 'nothing like it at all');
\echo :LAST_ERROR_SQLSTATE

-- sets of characters
SELECT etl.in_charset(v, c), c, to_json(v) FROM (VALUES
	('', 'digits'), ('0123', 'digits'), (U&'\0661', 'digits'), ('aZ', 'alpha'), ('a1', 'alpha'), ('a1', 'alnum'), (U&'\00e9', 'alnum'),
	('AB', 'upper'), ('Ab', 'upper'), ('ab', 'lower'), ('0aF', 'hex'), ('g', 'hex'), ('a_1', 'word'), ('a-1', 'word'),
	(E'a\tb', 'ascii'), (U&'\00e9', 'ascii'), (E'a\tb', 'printable_ascii'), ('a b', 'printable_ascii'),
	(U&'\00ff', 'latin1'), (U&'\0100', 'latin1'), (U&'\0100\4e2d\+01F600', 'printable'), (E'a\n', 'printable'), (U&'\0085', 'printable'), (U&'\2028', 'printable'),
	('a-z', '[a-z-]'), ('A', '[a-z-]'), (']\-', '[\]\\\-]'), (U&'\00e4', U&'[\00e0-\00ff]'), (U&'\0100', U&'[\00e0-\00ff]'), ('-', '[+-]'), (NULL, 'ascii')) t (v, c);
SELECT etl.in_charset('x', 'digit');
SELECT etl.in_charset('x', 'klingon and romulan');
SELECT etl.in_charset('x', '[]');
SELECT etl.in_charset('x', '[a-z');
SELECT etl.in_charset('x', '[z-a]');
SELECT etl.in_charset('x', '[a]b');
\echo :LAST_ERROR_SQLSTATE

-- anybody may ask
CREATE ROLE format_values_nobody;
GRANT USAGE ON SCHEMA etl TO format_values_nobody;
SET ROLE format_values_nobody;
SELECT etl.has_format('a@b.co', 'email'), etl.castable('1', 'int'), etl.is_json('1'), etl.in_charset('a', 'ascii');
RESET ROLE;
REVOKE USAGE ON SCHEMA etl FROM format_values_nobody;
DROP ROLE format_values_nobody;
