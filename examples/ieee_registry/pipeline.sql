-- The pipeline, defined by the role that owns it (psql -U etl_owner).
--
-- There is no period: the files have no history, a run takes them as they are.

\set ON_ERROR_STOP on

SELECT * FROM etl.define('ieee_registry',
  description => 'who a hardware address was assigned to, from the four IEEE registries',
  tags => '{reference-data}',
  steps => ARRAY[

    etl.extract('raw', $$
      SELECT registry, assignment, organization_name, organization_address FROM ieee.oui
      UNION ALL
      SELECT registry, assignment, organization_name, organization_address FROM ieee.mam
      UNION ALL
      SELECT registry, assignment, organization_name, organization_address FROM ieee.oui36
      UNION ALL
      SELECT registry, assignment, organization_name, organization_address FROM ieee.iab $$),

    -- White space: \s, and the no-break and typographic spaces, of which the
    -- files are full and which \s covers in some collations only.
    etl.expect('raw', ARRAY[
      etl.rule('regex', '{organization_name}', name => 'no_stray_white_space', severity => 'warn',
               pattern => '^[^\s\u00A0\u2000-\u200A\u202F\u3000](.*[^\s\u00A0\u2000-\u200A\u202F\u3000])?$')]),

    -- runs of white space become one space, none is left at the ends, and an
    -- address of nothing but white space is no address
    etl.transform('entries', $$
      SELECT registry,
             upper(assignment)         AS assignment,
             4 * length(assignment)    AS prefix_bits,
             btrim(regexp_replace(organization_name,
                   '[\s\u00A0\u2000-\u200A\u202F\u3000]+', ' ', 'g')) AS organization,
             nullif(btrim(regexp_replace(organization_address,
                   '[\s\u00A0\u2000-\u200A\u202F\u3000]+', ' ', 'g')), '') AS address
      FROM   raw $$),

    etl.expect('entries', ARRAY[
      $$CONSTRAINT known_registry CHECK (registry IN ('MA-L', 'MA-M', 'MA-S', 'IAB'))$$,
      $$CONSTRAINT hexadecimal CHECK (assignment ~ '^[0-9A-F]{6,9}$')$$,
      etl.rule('not_null', '{assignment}'),
      $$CONSTRAINT organization_given CHECK (organization <> '')$$,
      etl.rule('not_null', '{address}', name => 'address_given', severity => 'warn')]),

    -- One entry per assignment. The rule: an entry with an address wins over
    -- one without, then the organization that comes first in byte order, then
    -- the address that does.
    etl.transform('ranked', $$
      SELECT *, row_number() OVER (PARTITION BY assignment
                                   ORDER BY address IS NULL,
                                            organization COLLATE "C",
                                            address COLLATE "C")::integer AS place
      FROM   entries $$),
    etl.transform('vendors', $$
      SELECT assignment, registry, prefix_bits, organization, address
      FROM   ranked WHERE place = 1 $$),
    etl.transform('surplus', $$
      SELECT assignment, place, registry, organization, address
      FROM   ranked WHERE place > 1 $$),

    -- nothing vanishes on the way
    etl.transform('totals', $$
      SELECT (SELECT count(*) FROM raw) AS entries_read,
             (SELECT count(*) FROM vendors) AS vendors_kept,
             (SELECT count(*) FROM surplus) AS surplus_kept $$),
    etl.expect('totals', ARRAY[
      'CONSTRAINT nothing_vanished CHECK (entries_read = vendors_kept + surplus_kept)',
      'CONSTRAINT something_read CHECK (entries_read > 0)']),

    etl.load('vendors', target => 'dwh.hardware_vendor', key => '{assignment}'),
    etl.load('surplus', target => 'dwh.hardware_vendor_surplus', key => '{assignment,place}')]);
