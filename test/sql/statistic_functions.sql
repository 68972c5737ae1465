-- Special functions and measures of drift, against values that scipy 1.17
-- computes, to nine digits.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never
\set VERBOSITY terse

-- only what differs is shown
SELECT name, args, etl_catalog.special(name, args::float8[]) AS got, wanted
FROM (VALUES
	('gamma_q', '{0.5,0.5}', 0.31731050786291115::float8),
	('gamma_q', '{1,1}', 0.36787944117144245),
	('gamma_q', '{2.5,10}', 0.0012497305630313773),
	('gamma_q', '{10,3}', 0.9988975118698845),
	('gamma_q', '{50,60}', 0.08440668109369177),
	('gamma_q', '{300,280}', 0.8773927173288567),
	('gamma_q', '{3,0}', 1),
	('beta_i', '{0.5,0.5,0.25}', 0.33333333333333337),
	('beta_i', '{2,3,0.4}', 0.5247999999999999),
	('beta_i', '{10,0.5,0.9}', 0.15164090963470994),
	('beta_i', '{100,120,0.5}', 0.9117960627949818),
	('beta_i', '{3,4,1}', 1),
	('normal_tail', '{0}', 0.5),
	('normal_tail', '{1.959963984540054}', 0.025),
	('normal_tail', '{3}', 0.0013498980316300933),
	('normal_tail', '{-1}', 0.8413447460685429),
	('normal_tail', '{6}', 9.865876450376946e-10),
	('t_tail', '{2,5}', 0.050969739414929174),
	('t_tail', '{-1.5,3}', 0.8847080673775886),
	('t_tail', '{9.2,3.675}', 0.0005725936881544297),
	('t_tail', '{3,1000000}', 0.0013499312707109),
	('t_tail', '{12.706204736432095,1}', 0.02499999999949565),
	('t_quantile', '{0.025,9}', 2.2621571627982053),
	('t_quantile', '{0.001349898031630093,3.675}', 7.207833677043581),
	('t_quantile', '{0.05,1.5}', 3.7051808200967518),
	('t_quantile', '{1e-9,20}', 10.275301852168067),
	('t_quantile', '{0.001349898031630093,9}', 4.09425530620927),
	('chi_square_tail', '{3.84145882069412,1}', 0.05000000000000028),
	('chi_square_tail', '{7.5,4}', 0.11170929281604328),
	('chi_square_tail', '{120,100}', 0.08440668109369177),
	('kolmogorov_tail', '{0}', 1),
	('kolmogorov_tail', '{0.3}', 0.9999906941986655),
	('kolmogorov_tail', '{0.5}', 0.9639452436648751),
	('kolmogorov_tail', '{0.8}', 0.5441424115741981),
	('kolmogorov_tail', '{1}', 0.26999967167735456),
	('kolmogorov_tail', '{1.3580986393225505}', 0.050000000000000024),
	('kolmogorov_tail', '{2}', 0.0006709252557796953),
	('kolmogorov_tail', '{3}', 3.045995948942526e-08)) AS v (name, args, wanted)
WHERE abs(etl_catalog.special(name, args::float8[]) - wanted) <= 1e-9 * wanted IS NOT TRUE;
SELECT round(etl_catalog.special('t_quantile', '{0.5,7}')::numeric, 10) AS middle,
       etl_catalog.special('gamma_q', '{-1,1}') AS outside,
       etl_catalog.special('beta_i', '{1,1,2}') AS outside,
       etl_catalog.special('t_quantile', '{0.7,3}') AS outside;
SELECT etl_catalog.special('gamma_q', '{1}');
SELECT etl_catalog.special('gamma', '{1}');

-- measures: columns of scipy.stats.entropy, jensenshannon(base 2),
-- chi2_contingency(correction off), chisquare
CREATE FUNCTION pg_temp.drift(measure text, o float8[], r float8[] DEFAULT NULL, params jsonb DEFAULT NULL)
RETURNS text LANGUAGE sql AS $$
SELECT format('statistic %s p %s df %s', round(statistic::numeric, 9), round(pvalue::numeric, 9), degrees_of_freedom)
FROM etl.measure_drift(measure, o, r, params) $$;
SELECT m, pg_temp.drift(m, '{30,45,25,100}', '{40,40,20,100}')
FROM unnest('{kl_divergence,psi,js_distance,l_infinity,cramers_v,chi_square}'::text[]) AS m;
SELECT pg_temp.drift('chi_square', '{30,45,25,100}', '{0.2,0.2,0.1,0.5}', '{"reference_kind": "weights"}') AS fit;
-- weights need not be normalised, and nothing differs from itself
SELECT m, pg_temp.drift(m, '{3,4,5}', '{0.3,0.4,0.5}'), pg_temp.drift(m, '{1,0}', '{0,1}') AS disjoint
FROM unnest('{psi,js_distance,l_infinity,cramers_v}'::text[]) AS m;
SELECT statistic, pvalue FROM etl.measure_drift('kl_divergence', '{1,0}', '{0,1}');
SELECT statistic, pvalue FROM etl.measure_drift('kl_divergence', '{0,1}', '{1,1}');
-- an empty bin counts as epsilon: 0.5 ln 5000 * 0.4999 and so on
SELECT pg_temp.drift('psi', '{1,1,0}', '{2,1,1}') AS default_epsilon,
       pg_temp.drift('psi', '{1,1,0}', '{2,1,1}', '{"epsilon": 0.01}') AS other,
       round(((0.25 - 0.01) * ln(0.25 / 0.01) + (0.5 - 0.25) * ln(0.5 / 0.25))::numeric, 9) AS by_hand;
-- categories of which little is expected go together: (5+3+2, 4+3+1) is one
SELECT pg_temp.drift('chi_square', '{60,80,5,3,2}', '{50,90,4,3,3}') AS pooled,
       pg_temp.drift('chi_square', '{60,80,10}', '{50,90,10}') AS by_hand,
       pg_temp.drift('chi_square', '{60,80,5,3,2}', '{50,90,4,3,3}', '{"min_expected": 0}') AS not_pooled;
-- a category that cannot occur
SELECT statistic, pvalue, degrees_of_freedom
FROM etl.measure_drift('chi_square', '{50,50,1}', '{0.5,0.5,0}', '{"reference_kind": "weights"}');
SELECT pg_temp.drift('chi_square', '{7}', '{9}') AS one_category;

-- samples
\set a '{0.61,0.29,0.06,0.59,-1.73,-0.74,0.51,-0.56,0.39,1.64,0.05,-0.06,0.64,-0.82,0.37,1.77,1.09,-1.28,2.36,1.31}'
\set b '{0.2,0.9,1.5,1.7,2.2,0.7,1.1,-0.3,1.9,2.8,0.4,1.2}'
SELECT pg_temp.drift('ks', :'a', :'b') AS two,
       pg_temp.drift('ks', :'b', :'a') AS turned,
       pg_temp.drift('ks', :'a', :'a') AS same,
       pg_temp.drift('ks', '{1,1,2,2,2}', '{1,2,2}') AS ties;
SELECT pg_temp.drift('ks', :'a', NULL, '{"distribution": "normal", "mean": 0, "stddev": 1}') AS normal,
       pg_temp.drift('ks', :'a', NULL, '{"distribution": "uniform", "min": -2, "max": 3}') AS uniform,
       pg_temp.drift('ks', (SELECT array_agg(abs(x)) FROM unnest(:'a'::float8[]) AS x), NULL,
                     '{"distribution": "exponential", "rate": 0.8}') AS exponential;

-- errors
CREATE FUNCTION pg_temp.error_of(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT pg_temp.error_of(q) AS error FROM unnest(ARRAY[
	$$SELECT etl.measure_drift('kl', '{1}', '{1}')$$,
	$$SELECT etl.measure_drift(NULL, '{1}', '{1}')$$,
	$$SELECT etl.measure_drift('psi', NULL, '{1}')$$,
	$$SELECT etl.measure_drift('psi', '{1}', NULL)$$,
	$$SELECT etl.measure_drift('psi', '{1,NULL}', '{1,2}')$$,
	$$SELECT etl.measure_drift('psi', '{1,2,3}', '{1,2}')$$,
	$$SELECT etl.measure_drift('psi', '{1,-2}', '{1,2}')$$,
	$$SELECT etl.measure_drift('psi', '{1,NaN}', '{1,2}')$$,
	$$SELECT etl.measure_drift('psi', '{{1,2}}', '{1,2}')$$,
	$$SELECT etl.measure_drift('psi', '{0,0}', '{1,2}')$$,
	$$SELECT etl.measure_drift('ks', '{}', '{1,2}')$$,
	$$SELECT etl.measure_drift('psi', '{1}', '{1}', '{"epsilom": 1}')$$,
	$$SELECT etl.measure_drift('psi', '{1}', '{1}', '{"epsilon": 0}')$$,
	$$SELECT etl.measure_drift('psi', '{1}', '{1}', '{"epsilon": "0.1"}')$$,
	$$SELECT etl.measure_drift('psi', '{1}', '{1}', '[]')$$,
	$$SELECT etl.measure_drift('ks', '{1}', NULL, '{"distribution": "normal", "mean": 1}')$$,
	$$SELECT etl.measure_drift('ks', '{1}', NULL, '{"distribution": "normall"}')$$,
	$$SELECT etl.measure_drift('ks', '{1}', NULL, '{"distribution": "uniform", "min": 1, "max": 1}')$$,
	$$SELECT etl.measure_drift('chi_square', '{1}', '{1}', '{"reference_kind": "weight"}')$$]) AS q;
