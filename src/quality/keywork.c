/*
 * keywork.c
 *	  Checks on keys as sinks of a scan.
 *
 * Checks about the same columns, rows and treatment of NULL share a sink.
 */
#include "postgres.h"

#include "access/table.h"
#include "miscadmin.h"
#include "quality/exprtree.h"
#include "quality/keymetric.h"
#include "quality/keywork.h"
#include "utils/acl.h"

/*
 * attnums_of: the columns of a probe as a list of integers.
 */
static List *
attnums_of(const DqProbe *probe)
{
	List *attnums = NIL;
	ListCell *lc;

	foreach(lc, probe->columns)
		attnums = lappend_int(attnums, ((DqColumn *) lfirst(lc))->attnum);
	return attnums;
}

/*
 * read_task: what a probe asks for.
 */
static void
read_task(const DqProbe *probe, DqKeyTask *task)
{
	task->attnums = attnums_of(probe);
	task->nulls = probe->check->nulls;
	task->null_fails = dq_shape_key_is_primary(probe);
	task->filter = dq_exprtree_of(probe)->filter;
	task->approximate = dq_keymetric_is_approximate(probe->check);
}

/*
 * columns_fit: may the current user read them, and are they stored? An
 * expression that reads them says so.
 */
static bool
columns_fit(const DqProbe *probe)
{
	ListCell *lc;

	foreach(lc, probe->columns)
	{
		if (dq_exprtree_analyse(probe->source,
								dq_source_is_null((DqColumn *) lfirst(lc),
												  true)) == NULL)
			return false;
	}
	return true;
}

/*
 * dq_keywork_applies: a key whose columns can be hashed.
 */
bool
dq_keywork_applies(const DqProbe *probe)
{
	DqKeyTask task;
	Relation rel;
	bool possible;

	if (!probe->check->type->shape->is_key ||
		probe->check->group_by != NIL || !dq_exprtree_of(probe)->fits ||
		!columns_fit(probe))
		return false;
	read_task(probe, &task);
	rel = table_open(probe->source->relid, NoLock);
	possible = dq_key_sink_possible(rel, &task);
	table_close(rel, NoLock);
	return possible;
}

/*
 * find_work: the one for this task, or NULL.
 */
static DqKeyWork *
find_work(List *works, const DqKeyTask *task)
{
	ListCell *lc;

	foreach(lc, works)
	{
		DqKeyWork *work = (DqKeyWork *) lfirst(lc);

		if (dq_key_sink_is_same(&work->task, task))
			return work;
	}
	return NULL;
}

/*
 * dq_keywork_make: the keys of these probes, in the current context.
 */
List *
dq_keywork_make(List *probes)
{
	List *works = NIL;
	ListCell *lc;

	foreach(lc, probes)
	{
		DqProbe *probe = (DqProbe *) lfirst(lc);
		DqKeyTask task;
		DqKeyWork *work;

		if (!probe->check->type->shape->is_key)
			continue;
		read_task(probe, &task);
		work = find_work(works, &task);
		if (work == NULL)
		{
			work = palloc0(sizeof(DqKeyWork));
			work->task = task;
			works = lappend(works, work);
		}
		work->probes = lappend(work->probes, probe);
	}
	return works;
}

/*
 * dq_keywork_begin: a sink for each; they look at a sample.
 */
void
dq_keywork_begin(List *works, Relation rel)
{
	List *sinks = NIL;
	ListCell *lc;

	foreach(lc, works)
		((DqKeyWork *) lfirst(lc))->sink = NULL;
	foreach(lc, works)
	{
		DqKeyWork *work = (DqKeyWork *) lfirst(lc);

		work->sink = dq_key_sink_create(rel, &work->task);
		sinks = lappend(sinks, work->sink);
	}
	dq_key_sink_sample(rel, sinks);
}

/*
 * count_works: the numbers of each of them that has a sink; returns those
 * whose sinks want to see the rows again.
 */
static List *
count_works(List *works)
{
	List *again = NIL;
	ListCell *lc;

	foreach(lc, works)
	{
		DqKeyWork *work = (DqKeyWork *) lfirst(lc);
		DqKeyOutcome outcome = dq_key_sink_count(work->sink, &work->count);

		if (outcome == DQ_KEY_AGAIN)
		{
			again = lappend(again, work);
			continue;
		}
		work->known = outcome == DQ_KEY_COUNTED;
		dq_key_sink_free(work->sink, false);
		work->sink = NULL;
	}
	return again;
}

/*
 * dq_keywork_finish: the numbers of each, after the scan and under its
 * snapshot.
 */
void
dq_keywork_finish(List *works, Relation rel, int workers)
{
	List *again = count_works(works);
	List *sinks = NIL;
	ListCell *lc;

	if (again == NIL)
		return;
	foreach(lc, again)
		sinks = lappend(sinks, ((DqKeyWork *) lfirst(lc))->sink);
	(void) dq_scan_run(rel, sinks, workers);
	(void) count_works(again);
}

/*
 * dq_keywork_abandon: after the (sub)transaction of the scan was rolled back.
 */
void
dq_keywork_abandon(List *works)
{
	ListCell *lc;

	foreach(lc, works)
	{
		DqKeyWork *work = (DqKeyWork *) lfirst(lc);

		if (work->sink != NULL)
			dq_key_sink_free(work->sink, true);
		work->sink = NULL;
	}
}

/*
 * dq_keywork_is_blamed: was one of them at work?
 */
bool
dq_keywork_is_blamed(List *works)
{
	ListCell *lc;

	foreach(lc, works)
	{
		DqKeyWork *work = (DqKeyWork *) lfirst(lc);

		if (work->sink != NULL && dq_key_sink_blamed(work->sink))
			return true;
	}
	return false;
}

/*
 * dq_keywork_without_blamed: the rest, or the safe ones of it.
 */
List *
dq_keywork_without_blamed(List *works, bool safe)
{
	List *rest = NIL;
	ListCell *lc;

	foreach(lc, works)
	{
		DqKeyWork *work = (DqKeyWork *) lfirst(lc);

		if (work->sink != NULL && (dq_key_sink_blamed(work->sink) ||
								   (safe && dq_key_sink_throws(work->sink))))
			continue;
		rest = lappend(rest, work);
	}
	return rest;
}

/*
 * may_read_places: with rights on columns alone, ctid cannot be read.
 */
static bool
may_read_places(const DqProbe *probe)
{
	return pg_class_aclcheck(probe->source->relid, GetUserId(), ACL_SELECT) ==
		   ACLCHECK_OK;
}

/*
 * dq_keywork_answer: of "total" rows of the relation.
 */
void
dq_keywork_answer(List *works, int64 total)
{
	ListCell *lc;
	ListCell *at;

	foreach(lc, works)
	{
		DqKeyWork *work = (DqKeyWork *) lfirst(lc);
		const DqKeyCount *count = &work->count;

		if (!work->known)
			continue;
		foreach(at, work->probes)
		{
			DqProbe *probe = (DqProbe *) lfirst(at);

			probe->counts.total = total;
			probe->counts.scope = count->scope;
			probe->counts.standard_error = count->standard_error;
			dq_shape_key_read(probe, count->tested, count->nulls,
							  count->distinct_values,
							  count->duplicate_values);
			probe->places = count->places;
			probe->n_places = count->n_places;
			probe->all_places = count->all_places && may_read_places(probe);
			probe->evaluation = "scan";
		}
	}
}
