-- Profiles: what is known of the columns of a relation after one pass.

CREATE TYPE etl.column_profile AS (
	column_name    text,
	column_type    text,
	total_rows     bigint,
	null_count     bigint,
	null_fraction  numeric,
	empty_count    bigint,
	blank_count    bigint,
	distinct_count bigint,
	distinct_error double precision,
	min_value      text,
	max_value      text,
	sum_value      numeric,
	mean           double precision,
	stddev         double precision,
	skewness       double precision,
	kurtosis       double precision,
	zero_count     bigint,
	negative_count bigint,
	nan_count      bigint,
	infinity_count bigint,
	true_fraction  numeric,
	min_length     bigint,
	mean_length    double precision,
	max_length     bigint,
	p01            text,
	p05            text,
	p25            text,
	p50            text,
	p75            text,
	p95            text,
	p99            text,
	histogram      text,
	bin_rows       bigint[],
	most_common    text,
	top_values     jsonb,
	patterns       jsonb,
	row_order      text,
	sampled_values bigint,
	sample_error   double precision
);
COMMENT ON TYPE etl.column_profile IS
'What is known of one column; what does not apply to its type is NULL';
COMMENT ON COLUMN etl.column_profile.column_name IS 'Name of the column';
COMMENT ON COLUMN etl.column_profile.column_type IS 'Type of the column';
COMMENT ON COLUMN etl.column_profile.total_rows IS 'Rows, all counted';
COMMENT ON COLUMN etl.column_profile.null_count IS 'NULLs, all counted';
COMMENT ON COLUMN etl.column_profile.null_fraction IS 'NULLs in rows, 0 to 1; NULL without rows';
COMMENT ON COLUMN etl.column_profile.empty_count IS 'Empty strings, all counted; blanks in char(n) do not count';
COMMENT ON COLUMN etl.column_profile.blank_count IS 'Strings of nothing but ASCII white space, empty ones included, all counted';
COMMENT ON COLUMN etl.column_profile.distinct_count IS 'Different values that are not NULL, from all rows: exact up to 1024, an estimate (HyperLogLog) beyond; NULL for types that cannot be hashed';
COMMENT ON COLUMN etl.column_profile.distinct_error IS 'Relative standard error of distinct_count; 0: it is exact';
COMMENT ON COLUMN etl.column_profile.min_value IS 'Least value from all rows, in the order of the type; NaN and infinities left out; times as in ISO 8601; the first 200 bytes';
COMMENT ON COLUMN etl.column_profile.max_value IS 'Greatest value, as min_value';
COMMENT ON COLUMN etl.column_profile.sum_value IS 'Exact sum from all rows, of integers and numerics';
COMMENT ON COLUMN etl.column_profile.mean IS 'Mean from all rows without NaN and infinities; of integers and numerics that of the exact sum; of dates and timestamps in seconds since 1970, of times since midnight';
COMMENT ON COLUMN etl.column_profile.stddev IS 'Standard deviation (n - 1) from all rows, in double precision, relative error about 1e-12; of times in seconds';
COMMENT ON COLUMN etl.column_profile.skewness IS 'Skewness of the population from all rows; NULL when all values are equal';
COMMENT ON COLUMN etl.column_profile.kurtosis IS 'Excess kurtosis of the population from all rows, 0 for a normal distribution; NULL when all values are equal';
COMMENT ON COLUMN etl.column_profile.zero_count IS 'Zeros among numbers, all counted';
COMMENT ON COLUMN etl.column_profile.negative_count IS 'Numbers less than zero, all counted';
COMMENT ON COLUMN etl.column_profile.nan_count IS 'NaNs, all counted; they are values, but are in no statistic';
COMMENT ON COLUMN etl.column_profile.infinity_count IS 'Positive and negative infinities, of times too, all counted; they are values, but are in no statistic';
COMMENT ON COLUMN etl.column_profile.true_fraction IS 'True in values that are not NULL, 0 to 1, from all rows';
COMMENT ON COLUMN etl.column_profile.min_length IS 'Least length in characters (bytea: bytes), from all rows';
COMMENT ON COLUMN etl.column_profile.mean_length IS 'Mean length, from all rows';
COMMENT ON COLUMN etl.column_profile.max_length IS 'Greatest length, from all rows';
COMMENT ON COLUMN etl.column_profile.p01 IS 'Quantile 0.01 of numbers and times, from the sample: a value that occurs, as percentile_disc returns it; NaN and infinities left out';
COMMENT ON COLUMN etl.column_profile.p05 IS 'Quantile 0.05, as p01';
COMMENT ON COLUMN etl.column_profile.p25 IS 'Quantile 0.25, as p01';
COMMENT ON COLUMN etl.column_profile.p50 IS 'Median, as p01';
COMMENT ON COLUMN etl.column_profile.p75 IS 'Quantile 0.75, as p01';
COMMENT ON COLUMN etl.column_profile.p95 IS 'Quantile 0.95, as p01';
COMMENT ON COLUMN etl.column_profile.p99 IS 'Quantile 0.99, as p01';
COMMENT ON COLUMN etl.column_profile.histogram IS 'Distribution of numbers and times, from the sample: 20 bins of equal width between min_value and max_value, each a character; only an empty bin has the lowest one';
COMMENT ON COLUMN etl.column_profile.bin_rows IS 'Rows in each of the bins, scaled up from the sample';
COMMENT ON COLUMN etl.column_profile.most_common IS 'Most frequent value, from the sample; NULL when none occurs twice in it';
COMMENT ON COLUMN etl.column_profile.top_values IS 'Frequent values, the most frequent first, from the sample: value (the first 100 bytes), rows (scaled up), fraction of values that are not NULL; those that occur once only when these are all';
COMMENT ON COLUMN etl.column_profile.patterns IS 'Shapes of texts, the most frequent first, from the sample: A is an ASCII capital, a any other letter, 9 a digit; a+ is a run of them, where there would be more than 50 shapes';
COMMENT ON COLUMN etl.column_profile.row_order IS 'How the rows are ordered by the column as they are stored, each partition by itself, from all rows: constant, strictly increasing, increasing, strictly decreasing, decreasing or none; NULLs left out; NULL for what has no storage, with a row filter and with fewer than two values';
COMMENT ON COLUMN etl.column_profile.sampled_values IS 'Values in the sample that quantiles, histogram, top_values and patterns are from';
COMMENT ON COLUMN etl.column_profile.sample_error IS 'Greatest standard error of a fraction from the sample (0.5 / sqrt(n)), also of the rank of a quantile; 0: all values are in it';

CREATE FUNCTION etl.profile(
	source      regclass,
	columns     text[]  DEFAULT NULL,
	row_filter  text    DEFAULT NULL,
	exact       boolean DEFAULT false,
	sample_rows integer DEFAULT 10000,
	top_values  integer DEFAULT 5)
RETURNS SETOF etl.column_profile
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_profile';
COMMENT ON FUNCTION etl.profile(regclass, text[], text, boolean, integer, integer) IS
'Tell what the columns of a relation hold, one row for each, after one pass in memory that does not grow with the rows: counts, extremes, sums, moments and distinct counts of all rows; quantiles, histogram, frequent values and shapes from a random sample of at most sample_rows (1 to 1000000) rows, the same each time while the rows stay where they are. exact sorts all values instead (within work_mem, spilling), so that distinct_count and all of the latter are exact, for types with an order. columns NULL means all that the caller may read; row_filter is an SQL condition. Rows that row security hides are not in it, and a notice says so. Errors: 22004 for NULL, 22023 for values out of bounds, 42501, 42601 and 42703 for what may not be read, is no condition or does not exist';
