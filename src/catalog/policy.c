/*
 * policy.c
 *	  What a run does when things do not go well, read and applied.
 *
 * Which errors another attempt may heal is said by SQLSTATE. What another
 * session, the network or a shortage caused may be gone in a while; what the
 * data or the SQL says (22, 23, 42) comes back. A cancel is somebody's wish,
 * and no policy turns it into an attempt.
 *
 * The delay doubles from attempt to attempt up to a limit, and varies by a
 * tenth so that what failed together does not come back together.
 */
#include "postgres.h"

#include "base/json.h"
#include "catalog/policy.h"
#include "common/pg_prng.h"
#include "utils/guc.h"

#define MAX_RETRIES 100
#define MS_PER_DAY (INT64CONST(24) * 60 * 60 * 1000)
/* limit of the delay when none was given */
#define DEFAULT_MAX_DELAY_MS (INT64CONST(60) * 60 * 1000)

static const char *const pipeline_keys[] = {
	"timeout_ms", "retries", "retry_delay_ms", "max_retry_delay_ms",
	"retry_on", "never_retry", NULL};

static const char *const step_keys[] = {
	"timeout_ms", "retries", "retry_delay_ms", "max_retry_delay_ms",
	"retry_on", "never_retry", "run_if", "on_failure", "settings", NULL};

static const char *const on_failure_names[] = {
	[DQ_FAILURE_FAIL] = "fail",
	[DQ_FAILURE_SKIP] = "skip",
	[DQ_FAILURE_SKIP_DOWNSTREAM] = "skip_downstream",
	NULL};

/* what heals unless somebody says otherwise: conditions and classes */
static const char *const healing[] = {
	"40001", "40P01", "55P03", "57P03", "58030", "53", "08"};

/* settings that say whose SQL it is, or what it means: not a step's to set */
static const char *const fixed_settings[] = {
	"role", "session_authorization", "search_path", "row_security",
	"session_replication_role", "TimeZone", "default_transaction_isolation",
	"default_transaction_read_only", "default_transaction_deferrable",
	"transaction_isolation", "transaction_read_only",
	"transaction_deferrable", "statement_timeout",
	"idle_in_transaction_session_timeout"};

/*
 * read_length: a length in milliseconds, at most a limit; negative when not
 * given.
 */
static int64
read_length(Jsonb *stored, const char *key, const char *name, int64 least,
			int64 most, const char *what)
{
	int64 value = dq_json_int(stored, key, -1, what);

	if (!dq_json_has(stored, key))
		return -1;
	if (value < least || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of %s is out of range", name, what),
				 errdetail("It must be between " INT64_FORMAT " ms and " INT64_FORMAT " days.",
						   least, most / MS_PER_DAY)));
	return value;
}

/*
 * is_state: is a text a SQLSTATE, or the class of some?
 */
static bool
is_state(const char *text)
{
	size_t len = strlen(text);

	return (len == 2 || len == 5) &&
		   strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}

/*
 * read_states: a list of SQLSTATEs and classes.
 */
static List *
read_states(Jsonb *stored, const char *key, const char *what)
{
	List *states = dq_json_text_list(stored, key, what);
	ListCell *lc;

	foreach(lc, states)
	{
		if (!is_state((char *) lfirst(lc)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" in %s of %s is no SQLSTATE",
							(char *) lfirst(lc), key, what),
					 errhint("Use a SQLSTATE such as '40P01', or its first two characters for the whole class.")));
	}
	return states;
}

/*
 * check_setting: one setting of a step, with a value that it can have.
 */
static void
check_setting(const char *name, const char *value, const char *what)
{
	int i;

	if (value == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("setting \"%s\" of %s is null", name, what)));
	for (i = 0; i < lengthof(fixed_settings); i++)
	{
		if (pg_strcasecmp(name, fixed_settings[i]) == 0)
			break;
	}
	if (i < lengthof(fixed_settings) ||
		pg_strncasecmp(name, "dq_etl.", strlen("dq_etl.")) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot change \"%s\"", what, name),
				 errdetail("The definition and the run say what it is.")));
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, false, 0, false);
}

/*
 * read_settings: settings of a step, checked.
 */
static Jsonb *
read_settings(Jsonb *stored, const char *what)
{
	Jsonb *settings = dq_json_part(stored, "settings");
	ListCell *lc;

	if (settings == NULL)
		return NULL;
	if (!JB_ROOT_IS_OBJECT(settings))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("settings of %s must be a JSON object", what),
				 errhint("Write settings => '{\"work_mem\": \"256MB\"}'.")));
	foreach(lc, dq_json_keys(settings))
	{
		char *name = (char *) lfirst(lc);

		check_setting(name, dq_json_scalar_text(settings, name, what), what);
	}
	return settings;
}

/*
 * dq_policy_read: see policy.h.
 */
DqPolicy *
dq_policy_read(Jsonb *stored, bool for_step, const char *what)
{
	DqPolicy *policy = palloc0(sizeof(DqPolicy));

	dq_json_check_keys(stored, for_step ? step_keys : pipeline_keys, what);
	policy->timeout_ms = policy->retries = -1;
	policy->retry_delay_ms = policy->max_retry_delay_ms = -1;
	if (stored == NULL)
		return policy;
	policy->timeout_ms = read_length(stored, "timeout_ms", "timeout", 1,
									 24 * MS_PER_DAY, what);
	policy->retries = (int) dq_json_int(stored, "retries", -1, what);
	if (dq_json_has(stored, "retries") &&
		(policy->retries < 0 || policy->retries > MAX_RETRIES))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("retries of %s must be between 0 and %d", what,
						MAX_RETRIES)));
	policy->retry_delay_ms = read_length(stored, "retry_delay_ms",
										 "retry_delay", 0, MS_PER_DAY, what);
	policy->max_retry_delay_ms =
		read_length(stored, "max_retry_delay_ms", "max_retry_delay", 0,
					24 * MS_PER_DAY, what);
	policy->retry_on = read_states(stored, "retry_on", what);
	policy->never_retry = read_states(stored, "never_retry", what);
	if (!for_step)
		return policy;
	policy->run_if = dq_json_text(stored, "run_if", what);
	policy->on_failure = (DqOnFailure) dq_json_word(stored, "on_failure",
													on_failure_names,
													DQ_FAILURE_FAIL, what);
	policy->settings = read_settings(stored, what);
	return policy;
}

/*
 * dq_policy_ms: see policy.h.
 */
int64
dq_policy_ms(const Interval *interval)
{
	return interval->time / 1000 +
		   (interval->day + INT64CONST(30) * interval->month) * MS_PER_DAY;
}

/*
 * dq_policy_of_pipeline: see policy.h.
 */
DqPolicy *
dq_policy_of_pipeline(Jsonb *stored, int retries, const Interval *retry_delay)
{
	DqPolicy *policy = dq_policy_read(stored, false, "the pipeline");

	policy->retries = retries;
	policy->retry_delay_ms = dq_policy_ms(retry_delay);
	return policy;
}

/*
 * matches: is the SQLSTATE, or its class, in a list?
 */
static bool
matches(const char *state, List *states)
{
	ListCell *lc;

	foreach(lc, states)
	{
		const char *entry = (const char *) lfirst(lc);

		if (strncmp(state, entry, strlen(entry)) == 0)
			return true;
	}
	return false;
}

/*
 * own_list: the list of the step when it has one, else the pipeline's.
 */
static List *
own_list(List *own, List *inherited)
{
	return own != NIL ? own : inherited;
}

/*
 * dq_policy_may_retry: see policy.h. never_retry is stronger than retry_on,
 * and that than what heals by itself.
 */
bool
dq_policy_may_retry(const DqPolicy *step, const DqPolicy *pipeline,
					int sqlerrcode)
{
	char *state = unpack_sql_state(sqlerrcode);
	List *never = own_list(step ? step->never_retry : NIL,
						   pipeline->never_retry);
	List *on = own_list(step ? step->retry_on : NIL, pipeline->retry_on);
	int i;

	if (sqlerrcode == ERRCODE_QUERY_CANCELED || matches(state, never))
		return false;
	if (on != NIL)
		return matches(state, on);
	for (i = 0; i < lengthof(healing); i++)
	{
		if (strncmp(state, healing[i], strlen(healing[i])) == 0)
			return true;
	}
	return false;
}

/*
 * dq_policy_delay: see policy.h.
 */
int64
dq_policy_delay(const DqPolicy *step, const DqPolicy *pipeline, int n)
{
	int64 delay = step != NULL && step->retry_delay_ms >= 0 ?
					  step->retry_delay_ms :
					  pipeline->retry_delay_ms;
	int64 limit = step != NULL && step->max_retry_delay_ms >= 0 ?
					  step->max_retry_delay_ms :
					  pipeline->max_retry_delay_ms;

	if (limit < 0)
		limit = Max(DEFAULT_MAX_DELAY_MS, delay);
	while (--n > 0 && delay < limit)
		delay *= 2;
	delay = Min(delay, limit);
	return delay + (int64) (delay * 0.1 *
							pg_prng_double(&pg_global_prng_state));
}
