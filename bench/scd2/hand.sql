-- What one writes by hand: close what changed, insert what has no open version.
UPDATE target AS t SET valid_to = s.updated_at FROM batch AS s
WHERE t.id = s.id AND t.valid_to IS NULL AND (t.name, t.email, t.segment, t.amount, t.active) IS DISTINCT FROM (s.name, s.email, s.segment, s.amount, s.active);
INSERT INTO target SELECT s.*, s.updated_at, NULL FROM batch AS s
WHERE NOT EXISTS (SELECT FROM target AS t WHERE t.id = s.id AND t.valid_to IS NULL);
