-- Statistics by themselves: the arithmetic of the history rules on numbers
-- that the caller brings. They read no table.

CREATE FUNCTION etl.detect_anomaly(
	value      double precision,
	history    double precision[],
	params     jsonb         DEFAULT NULL,
	value_at   timestamptz   DEFAULT NULL,
	history_at timestamptz[] DEFAULT NULL)
RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dq_etl_detect_anomaly';
COMMENT ON FUNCTION etl.detect_anomaly(double precision, double precision[], jsonb, timestamptz, timestamptz[]) IS
'Tell whether a number fits the numbers before it, which never include it: status is ok, anomaly, or no_data below min_points (7); with n, centre, scale (a standard deviation), interval (low and high for a next number, null where it is open), score (distance from the centre in sigmas) and season. Without times the history is in order; with them numbers at or after value_at are left out. NULL in history is a missing number. params: method is mad (default; median and median absolute deviation), zscore, ewma or holt_winters; sigmas (3); side is both (default), high or low; counts (false) keeps the interval as wide as Poisson noise; season is none (default), hour, weekday or weekday_hour of timezone (the session''s), used from min_season_points (4) on, else all points are; period (an interval) makes empty periods points, 0 for counts; max_points; min_effect and min_effect_fraction widen the interval; alpha, beta, gamma weigh smoothing. Errors: 22004 for other NULL, 22023 for params and arrays that make no sense, 22003 for numbers out of range';

CREATE FUNCTION etl.measure_drift(
	measure   text,
	observed  double precision[],
	reference double precision[] DEFAULT NULL,
	params    jsonb              DEFAULT NULL,
	OUT statistic          double precision,
	OUT pvalue             double precision,
	OUT degrees_of_freedom double precision)
RETURNS record
LANGUAGE C STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dq_etl_measure_drift';
COMMENT ON FUNCTION etl.measure_drift(text, double precision[], double precision[], jsonb) IS
'Measure how far a distribution is from another. measure is kl_divergence (nats; infinite when something unexpected is observed), psi (shares below params epsilon, 0.0001, count as that), js_distance (0 to 1), l_infinity (largest difference of a share), cramers_v (0 to 1), all of counts or weights by category; chi_square of counts, against counts or, with params reference_kind => weights, against weights, categories of which less than min_expected (5) is expected put together; ks of samples, against a sample or, with params distribution => normal (mean, stddev), uniform (min, max) or exponential (rate), against a distribution. pvalue (chi_square, ks) is how often chance alone gives as much; NULL for the others. Errors: 22004 for NULL, 22023 for arrays of different lengths, negative or not finite numbers, nothing to compare, and params that make no sense';

-- for tests of the arithmetic below them
CREATE FUNCTION etl_catalog.special(name text, args double precision[]) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dq_etl_catalog_special';
COMMENT ON FUNCTION etl_catalog.special(text, double precision[]) IS
'Compute a special function: gamma_q(a, x), beta_i(a, b, x), normal_tail(z), t_tail(t, df), t_quantile(tail, df), chi_square_tail(x, df), kolmogorov_tail(lambda); NaN outside its domain';
