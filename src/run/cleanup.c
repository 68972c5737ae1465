/*
 * cleanup.c
 *	  Dropping the stages of runs that nobody needs any more, and rows in
 *	  quarantine whose time is over.
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/errctx.h"
#include "base/guc.h"
#include "catalog/quarantine.h"
#include "catalog/runlog.h"
#include "run/cleanup.h"
#include "run/tx.h"
#include "stage/stage.h"
#include "utils/guc.h"
#include "utils/memutils.h"

/* rows of the quarantine past their time that a run deletes at most */
#define PURGE_ROWS 200000

typedef struct StaleCall
{
	DqRun *run;
	List *run_ids; /* of int64 * */
} StaleCall;

/*
 * drop_batch: some stages of a run, in a transaction of their own; clears
 * *arg's run id when nothing is left.
 */
static void
drop_batch(void *arg)
{
	int64 *run_id = (int64 *) arg;
	bool finished;

	dq_tx_begin(false);
	(void) set_config_option("lock_timeout", "2s", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
	finished = dq_stage_drop(*run_id, DQ_STAGE_DROP_BATCH);
	if (finished)
		dq_runlog_stages_dropped(*run_id);
	dq_tx_commit(false);
	if (finished)
		*run_id = 0;
}

/*
 * drop_stages: all stages of a run. What cannot be dropped now stays and is
 * named in the log; the next run of the pipeline tries again.
 */
static void
drop_stages(DqRun *run, int64 run_id)
{
	int64 left = run_id;

	while (left != 0)
	{
		ErrorData *error = dq_tx_guarded(run->cxt, drop_batch, &left);

		if (error == NULL)
			continue;
		ereport(LOG,
				(errmsg("stages of run " INT64_FORMAT " are kept: %s",
						run_id, error->message)));
		return;
	}
}

/*
 * find_stale: earlier runs whose kept stages can go.
 */
static void
find_stale(void *arg)
{
	StaleCall *call = (StaleCall *) arg;
	MemoryContext old;

	dq_tx_begin(false);
	old = MemoryContextSwitchTo(call->run->cxt);
	call->run_ids = dq_runlog_stale_stages(call->run->pipeline->id,
										   call->run->id,
										   dq_guc_stage_retention);
	MemoryContextSwitchTo(old);
	(void) dq_quarantine_purge(call->run->pipeline->id, PURGE_ROWS);
	dq_tx_commit(false);
}

/*
 * dq_cleanup_stages: drop the stages of this run if it published, and those of
 * earlier ones that nobody needs any more.
 */
void
dq_cleanup_stages(DqRun *run, bool published)
{
	StaleCall call = {run, NIL};
	ListCell *lc;

	if (published && run->schema != NULL)
		drop_stages(run, run->id);
	if (dq_tx_guarded(run->cxt, find_stale, &call) != NULL)
		return;
	foreach(lc, call.run_ids)
		drop_stages(run, *(int64 *) lfirst(lc));
}
