/*
 * guc.c
 *	  Settings dq_etl.*.
 *
 * For the administrator: dq_etl.enabled stops every new run of the server
 * when it is off (running ones go on); dq_etl.allow_superuser_pipelines says
 * whether a pipeline whose owner is a superuser may run. Both are read from
 * the configuration file. The others may be set by anybody.
 */
#include "postgres.h"

#include <limits.h>

#include "base/guc.h"
#include "utils/guc.h"
#include "utils/plancache.h"

bool dq_guc_enabled = true;
bool dq_guc_allow_superuser = true;
int dq_guc_sample_rows = 5;
int dq_guc_stage_retention = 7 * 24 * 60;
int dq_guc_force_evaluation = DQ_FORCE_AUTO;
int dq_guc_scan_workers = -1;
int dq_guc_compile = DQ_COMPILE_WARN;
int dq_guc_load_method = DQ_METHOD_AUTO;
int dq_guc_load_write = DQ_WRITE_AUTO;
char *dq_guc_window_start = NULL;
char *dq_guc_window_end = NULL;
char *dq_guc_data_start = NULL;
char *dq_guc_logical_date = NULL;
char *dq_guc_run_id = NULL;
char *dq_guc_params = NULL;
static char *load_mark = NULL;

static const struct config_enum_entry evaluations[] = {
	{"auto", DQ_FORCE_AUTO, false},
	{"proof", DQ_FORCE_PROOF, false},
	{"probe", DQ_FORCE_PROBE, false},
	{"scan", DQ_FORCE_SCAN, false},
	{"sql", DQ_FORCE_SQL, false},
	{NULL, 0, false}};

static const struct config_enum_entry compile_modes[] = {
	{"off", DQ_COMPILE_OFF, false},
	{"warn", DQ_COMPILE_WARN, false},
	{"error", DQ_COMPILE_ERROR, false},
	{NULL, 0, false}};

static const struct config_enum_entry load_methods[] = {
	{"auto", DQ_METHOD_AUTO, false},
	{"walk", DQ_METHOD_WALK, false},
	{"probe", DQ_METHOD_PROBE, false},
	{"merge", DQ_METHOD_MERGE, false},
	{"hash", DQ_METHOD_HASH, false},
	{NULL, 0, false}};

static const struct config_enum_entry load_writes[] = {
	{"auto", DQ_WRITE_AUTO, false},
	{"plain", DQ_WRITE_PLAIN, false},
	{"conflict", DQ_WRITE_CONFLICT, false},
	{NULL, 0, false}};

typedef struct RunSetting
{
	const char *name;
	const char *summary;
	char **variable;
	bool folded; /* the planner takes it for a constant, see api/context.c */
} RunSetting;

static const RunSetting run_settings[] = {
	{"dq_etl.window_start", "What etl.window_start() returns.",
	 &dq_guc_window_start, true},
	{"dq_etl.window_end", "What etl.window_end() returns.",
	 &dq_guc_window_end, true},
	{"dq_etl.data_start", "What etl.data_start() returns.",
	 &dq_guc_data_start, true},
	{"dq_etl.logical_date", "What etl.logical_date() returns.",
	 &dq_guc_logical_date, true},
	{"dq_etl.run_id", "What etl.run_id() returns.", &dq_guc_run_id, true},
	{"dq_etl.params", "JSON object that etl.param(name) reads.",
	 &dq_guc_params, true},
	/* set and read by the SQL of an upsert, see load/diff.c */
	{"dq_etl.load_mark", "Key of the row that an upsert updated last.",
	 &load_mark, false}};

/*
 * forget_plans: cached plans may hold the old value of a run setting as a
 * constant (api/context.c).
 */
static void
forget_plans(const char *newval, void *extra)
{
	ResetPlanCache();
}

/*
 * define_evaluation: settings of how checks are answered.
 */
static void
define_evaluation(void)
{
	DefineCustomEnumVariable("dq_etl.force_evaluation",
							 "The only way in which checks are answered besides SQL.",
							 "For tests and comparisons: auto takes the cheapest way.",
							 &dq_guc_force_evaluation, DQ_FORCE_AUTO,
							 evaluations, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dq_etl.scan_workers",
							"Parallel workers for a scan of a table.",
							"-1 goes by the table's size and max_parallel_workers_per_gather, 0 takes none.",
							&dq_guc_scan_workers, -1, -1, 1024,
							PGC_USERSET, 0, NULL, NULL, NULL);
}

/*
 * define_load: settings of how loads go about it.
 */
static void
define_load(void)
{
	DefineCustomEnumVariable("dq_etl.load_method",
							 "How loads by key find the rows that differ from the target.",
							 "auto goes by the sizes of batch and target; walk, where it cannot be, gives way to merge.",
							 &dq_guc_load_method, DQ_METHOD_AUTO,
							 load_methods, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("dq_etl.load_write",
							 "How loads write new and changed rows.",
							 "auto takes the fastest way that the target allows, plain at most INSERT and UPDATE, conflict always INSERT ... ON CONFLICT.",
							 &dq_guc_load_write, DQ_WRITE_AUTO,
							 load_writes, PGC_USERSET, 0, NULL, NULL, NULL);
}

/*
 * dq_guc_init: define all settings; called once when the library is loaded.
 */
void
dq_guc_init(void)
{
	int i;

	DefineCustomBoolVariable("dq_etl.enabled",
							 "Whether runs may start.",
							 "Off stops new runs in every database of the server.",
							 &dq_guc_enabled, true,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("dq_etl.allow_superuser_pipelines",
							 "Whether pipelines owned by superusers may run.",
							 NULL,
							 &dq_guc_allow_superuser, true,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dq_etl.sample_rows",
							"Failing rows kept as a sample with a check result.",
							"0 keeps none.",
							&dq_guc_sample_rows, 5, 0, 1000,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("dq_etl.stage_retention",
							"How long the stages of a failed run are kept.",
							"Removed when a later run of the pipeline starts.",
							&dq_guc_stage_retention, 7 * 24 * 60, 0, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MIN, NULL, NULL, NULL);
	define_evaluation();
	DefineCustomEnumVariable("dq_etl.compile",
							 "What etl.define does with mistakes in a step's SQL.",
							 "warn tells, error refuses the definition, off does not look.",
							 &dq_guc_compile, DQ_COMPILE_WARN, compile_modes,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	define_load();
	for (i = 0; i < lengthof(run_settings); i++)
	{
		const RunSetting *setting = &run_settings[i];

		DefineCustomStringVariable(setting->name, setting->summary,
								   "Set by a run for its steps; empty outside.",
								   setting->variable, "",
								   PGC_USERSET, GUC_NO_SHOW_ALL, NULL,
								   setting->folded ? forget_plans : NULL,
								   NULL);
	}
	MarkGUCPrefixReserved("dq_etl");
}
