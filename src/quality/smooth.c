/*
 * smooth.c
 *	  Forecasts of the next number by exponential smoothing.
 *
 * Both give the forecast of the next number as centre, and as scale the root
 * of the mean squared error of the forecasts of the numbers before it, each
 * made from what was known by then. Nothing has to be added for the doubt
 * about the centre: these errors contain it.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "quality/smooth.h"
#include "utils/float.h"

/* NIST 6.3.2.4: usually 0.2 to 0.3 (Hunter) */
#define DEFAULT_ALPHA 0.3

/* weights that are tried when none is given */
#define FIRST_WEIGHT 0.1
#define WEIGHT_STEP 0.2
#define LAST_WEIGHT 0.95

/* level, trend and season, and how well they forecast */
typedef struct Model
{
	double alpha;
	double beta;
	double gamma;
	double level;
	double trend;
	double *seasons; /* NULL: none */
	int errors;
	double squares;
} Model;

/* where smoothing begins */
typedef struct Start
{
	int first; /* index of the first number that is forecast */
	double level;
	double trend;
	int seasons; /* length of the array; 0: none */
	double *season;
} Start;

/*
 * finish_model: its errors as an estimate.
 */
static DqEstimate
finish_model(double centre, int errors, double squares)
{
	DqEstimate result;

	result.n = errors;
	result.centre = centre;
	result.scale = sqrt(squares / errors);
	result.df = Max(errors - 1, 1);
	result.widen = 1.0;
	return result;
}

/*
 * dq_smooth_ewma: S(t) = alpha y(t) + (1 - alpha) S(t-1), forecast S(t), from
 * S = y(1): NIST/SEMATECH e-Handbook 6.4.3.1. alpha 0: the default. There
 * must be two numbers at least.
 */
DqEstimate
dq_smooth_ewma(const DqPoint *points, int count, double alpha)
{
	double level = 0.0;
	double squares = 0.0;
	int errors = -1;
	int i;

	if (alpha == 0.0)
		alpha = DEFAULT_ALPHA;
	for (i = 0; i < count; i++)
	{
		double error = points[i].value - level;

		if (isnan(error))
			continue;
		if (errors++ < 0)
		{
			level = points[i].value;
			continue;
		}
		squares += error * error;
		level += alpha * error;
	}
	return finish_model(level, errors, squares);
}

/*
 * run_model: smooth from the start on. With e = y - (level + trend + season),
 * the recursions of NIST 6.4.3.3 (and 6.4.3.5, with an additive season:
 * Hyndman and Athanasopoulos, Forecasting: principles and practice, 3rd
 * edition, 8.3) in their error correction form. A missing number is taken to
 * be as forecast.
 */
static void
run_model(Model *model, const Start *start, const DqPoint *points, int count)
{
	int i;

	model->level = start->level;
	model->trend = start->trend;
	model->errors = 0;
	model->squares = 0.0;
	if (start->seasons > 0)
		memcpy(model->seasons, start->season,
			   sizeof(double) * start->seasons);
	for (i = start->first; i < count; i++)
	{
		double *season = start->seasons > 0 ?
							 &model->seasons[points[i].season] :
							 NULL;
		double error = points[i].value - model->level - model->trend -
					   (season ? *season : 0.0);

		model->level += model->trend;
		if (isnan(error))
			continue;
		model->level += model->alpha * error;
		model->trend += model->alpha * model->beta * error;
		if (season)
			*season += model->gamma * (1.0 - model->alpha) * error;
		model->errors++;
		model->squares += error * error;
	}
}

/*
 * start_plain: level and trend from the first numbers, NIST 6.4.3.3: y(1) and
 * the mean of the first three differences. There are four numbers at least.
 */
static void
start_plain(Start *start, const DqPoint *points, int count)
{
	double first = 0.0;
	int seen = 0;
	int i;

	start->seasons = 0;
	start->first = 0;
	for (i = 0; i < count && seen < 4; i++)
	{
		if (isnan(points[i].value))
			continue;
		if (seen++ == 0)
		{
			first = points[i].value;
			start->first = i + 1;
		}
		else if (seen == 4)
			start->trend = (points[i].value - first) / (i + 1 - start->first);
	}
	start->level = first;
}

/*
 * mean_of: of the numbers there are; *n of them.
 */
static double
mean_of(const DqPoint *points, int count, int *n)
{
	double sum = 0.0;
	int i;

	*n = 0;
	for (i = 0; i < count; i++)
	{
		if (isnan(points[i].value))
			continue;
		sum += points[i].value;
		(*n)++;
	}
	return *n > 0 ? sum / *n : 0.0;
}

/*
 * season_length: how many seasons make a cycle: those that occur at all.
 */
static int
season_length(const DqPoint *points, int count, int seasons)
{
	bool *seen = palloc0(sizeof(bool) * seasons);
	int length = 0;
	int i;

	for (i = 0; i < count; i++)
	{
		if (!seen[points[i].season])
			length++;
		seen[points[i].season] = true;
	}
	pfree(seen);
	return length;
}

/*
 * start_seasonal: level, trend and seasons from the first two cycles; false
 * when there are not so many, or one has no numbers.
 */
static bool
start_seasonal(Start *start, const DqPoint *points, int count, int seasons)
{
	int length = season_length(points, count, seasons);
	double second;
	int n;
	int i;

	if (length < 2 || count < 2 * length + 2)
		return false;
	start->level = mean_of(points, length, &n);
	second = mean_of(points + length, length, &i);
	if (n < length / 2 + 1 || i < length / 2 + 1)
		return false;
	start->trend = (second - start->level) / length;
	start->first = length;
	start->seasons = seasons;
	start->season = palloc0(sizeof(double) * seasons);
	for (i = 0; i < length; i++)
	{
		/* where the trend stands at i, with the mean in the middle */
		double line = start->level +
					  start->trend * (i - (length - 1) / 2.0);

		if (!isnan(points[i].value))
			start->season[points[i].season] = points[i].value - line;
	}
	/* the level at the end of the first cycle */
	start->level += start->trend * (length - 1) / 2.0;
	return true;
}

/*
 * next_weight: the next to try, or 0 when all were or it was given.
 */
static double
next_weight(double weight, double given)
{
	if (given != 0.0 || weight + WEIGHT_STEP > LAST_WEIGHT)
		return 0.0;
	return weight + WEIGHT_STEP;
}

/*
 * choose_weights: the weights with the least squared error, of a grid where
 * they are not given. The model is left as run with them.
 */
static void
choose_weights(Model *model, const Start *start, const DqPoint *points,
			   int count, const DqAnomalyOptions *options)
{
	double best[3] = {0.0, 0.0, 0.0};
	double least = get_float8_infinity();
	double a = options->alpha ? options->alpha : FIRST_WEIGHT;

	for (; a != 0.0; a = next_weight(a, options->alpha))
	{
		double b = options->beta ? options->beta : FIRST_WEIGHT;

		CHECK_FOR_INTERRUPTS();
		for (; b != 0.0; b = next_weight(b, options->beta))
		{
			double g = options->gamma ? options->gamma : FIRST_WEIGHT;

			for (; g != 0.0; g = start->seasons > 0 ?
									 next_weight(g, options->gamma) :
									 0.0)
			{
				model->alpha = a;
				model->beta = b;
				model->gamma = g;
				run_model(model, start, points, count);
				if (model->squares < least)
				{
					least = model->squares;
					best[0] = a;
					best[1] = b;
					best[2] = g;
				}
			}
		}
	}
	model->alpha = best[0];
	model->beta = best[1];
	model->gamma = best[2];
	run_model(model, start, points, count);
}

/*
 * dq_smooth_holt_winters: level, trend and, when asked for and two cycles are
 * there, season; *seasonal tells. There must be five numbers at least.
 */
DqEstimate
dq_smooth_holt_winters(const DqPoint *points, int count, int season,
					   const DqAnomalyOptions *options, bool *seasonal)
{
	Start start = {0};
	Model model = {0};
	int seasons = season + 1;
	double centre;
	int i;

	for (i = 0; i < count; i++)
		seasons = Max(seasons, points[i].season + 1);
	*seasonal = options->seasonal &&
				start_seasonal(&start, points, count, seasons);
	if (*seasonal)
		model.seasons = palloc0(sizeof(double) * seasons);
	else
		start_plain(&start, points, count);
	choose_weights(&model, &start, points, count, options);
	centre = model.level + model.trend;
	if (*seasonal)
		centre += model.seasons[season];
	return finish_model(centre, model.errors, model.squares);
}
