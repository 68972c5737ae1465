/*
 * order.c
 *	  Dependencies between steps, and from them phases and order of execution.
 *
 * Edges, from a step to those that go before it:
 *	 1. stages that it reads, and what depends_on declares;
 *	 2. a reader of a stage that is no expect waits for all expects on it;
 *	 3. a step that reads what a load earlier in the list writes waits for it.
 *
 * Phases: a query or check of case 3 happens in the publish transaction, and
 * so does every one that depends on something there. After that an edge may
 * never lead to a later phase.
 */
#include "postgres.h"

#include "analyze/definition.h"
#include "analyze/deps.h"
#include "base/suggest.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"

/*
 * is_query: does the step read data for the run itself, so that its phase
 * follows from what it reads?
 */
static bool
is_query(const DqDraft *draft)
{
	return draft->step.kind == DQ_EXTRACT ||
		   draft->step.kind == DQ_TRANSFORM || draft->step.kind == DQ_EXPECT;
}

/*
 * add_declared: edges of depends_on. 42704 for a name that no step has,
 * 42P17 for the step's own.
 */
static void
add_declared(List *drafts, DqDraft *draft)
{
	ListCell *lc;

	foreach(lc, draft->declared)
	{
		const char *name = (const char *) lfirst(lc);
		int found = dq_definition_find(drafts, name);
		List *names = NIL;
		ListCell *other;

		if (found == draft->step.position - 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("step \"%s\" depends on itself", name)));
		if (found >= 0)
		{
			draft->needs = bms_add_member(draft->needs, found);
			continue;
		}
		foreach(other, drafts)
			names = lappend(names, ((DqDraft *) lfirst(other))->step.name);
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("step \"%s\" depends on unknown step \"%s\"",
						draft->step.name, name),
				 dq_suggest_hint(name, names)));
	}
}

/*
 * add_expects: whoever reads the stage of "expect", except another expect,
 * waits for it.
 */
static void
add_expects(List *drafts, const DqDraft *expect)
{
	int index = expect->step.position - 1;
	ListCell *lc;

	foreach(lc, drafts)
	{
		DqDraft *reader = (DqDraft *) lfirst(lc);

		if (reader->step.kind != DQ_EXPECT &&
			bms_is_member(expect->source, reader->stages))
			reader->needs = bms_add_member(reader->needs, index);
	}
}

/*
 * wait_for_loads: "reader" waits for the loads before it in the list that
 * write the relation.
 */
static void
wait_for_loads(List *drafts, DqDraft *reader, Oid written)
{
	ListCell *lc;

	foreach(lc, drafts)
	{
		DqDraft *load = (DqDraft *) lfirst(lc);

		if (load == reader)
			break;
		if (load->target == written)
			reader->needs = bms_add_member(reader->needs,
										   load->step.position - 1);
	}
}

/*
 * add_overlap: every reader of overlap->read waits for the loads earlier in
 * the list that write overlap->written. A call before everything else sees
 * the old state, whatever the list order says.
 */
static void
add_overlap(List *drafts, const DqOverlap *overlap)
{
	ListCell *lc;

	foreach(lc, drafts)
	{
		DqDraft *reader = (DqDraft *) lfirst(lc);

		if (list_member_oid(reader->relations, overlap->read) &&
			reader->step.phase != DQ_PHASE_BEFORE)
			wait_for_loads(drafts, reader, overlap->written);
	}
}

/*
 * add_written: edges to loads earlier in the list whose targets a step reads.
 */
static void
add_written(List *drafts)
{
	List *read = NIL;
	List *written = NIL;
	ListCell *lc;

	foreach(lc, drafts)
	{
		DqDraft *draft = (DqDraft *) lfirst(lc);

		read = list_concat_unique_oid(read, draft->relations);
		if (OidIsValid(draft->target))
			written = list_append_unique_oid(written, draft->target);
	}
	foreach(lc, dq_deps_overlaps(read, written))
		add_overlap(drafts, (DqOverlap *) lfirst(lc));
}

/*
 * report_cycle: 42P17 naming the cycle. path holds the indexes of the steps
 * from some start to "index", which is in it twice.
 */
static void
report_cycle(List *drafts, List *path, int index)
{
	StringInfoData cycle;
	bool inside = false;
	ListCell *lc;

	initStringInfo(&cycle);
	foreach(lc, path)
	{
		inside = inside || lfirst_int(lc) == index;
		if (inside)
			appendStringInfo(&cycle, "%s%s", cycle.len > 0 ? " -> " : "",
							 DQ_DRAFT(drafts, lfirst_int(lc))->step.name);
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
			 errmsg("steps depend on each other: %s", cycle.data),
			 errdetail("Each step in this line needs the next one to be done first; what reads a stage waits for all checks on it.")));
}

/*
 * visit: depth-first search for a cycle through a step. state: 0 not seen,
 * 1 on the path, 2 done.
 */
static void
visit(List *drafts, int index, char *state, List **path)
{
	DqDraft *draft = DQ_DRAFT(drafts, index);
	int next = -1;

	check_stack_depth();
	if (state[index] == 2)
		return;
	*path = lappend_int(*path, index);
	if (state[index] == 1)
		report_cycle(drafts, *path, index);
	state[index] = 1;
	while ((next = bms_next_member(draft->needs, next)) >= 0)
		visit(drafts, next, state, path);
	state[index] = 2;
	*path = list_delete_last(*path);
}

/*
 * promote: move queries into the publish transaction until nothing changes.
 */
static void
promote(List *drafts)
{
	bool changed = true;

	while (changed)
	{
		ListCell *lc;

		changed = false;
		foreach(lc, drafts)
		{
			DqDraft *draft = (DqDraft *) lfirst(lc);
			int need = -1;

			if (!is_query(draft) || draft->step.phase != DQ_PHASE_STAGE)
				continue;
			while ((need = bms_next_member(draft->needs, need)) >= 0)
			{
				if (DQ_DRAFT(drafts, need)->step.phase != DQ_PHASE_PUBLISH)
					continue;
				draft->step.phase = DQ_PHASE_PUBLISH;
				changed = true;
				break;
			}
		}
	}
}

/*
 * check_phases: 42P17 when a step would wait for one of a later phase.
 */
static void
check_phases(List *drafts)
{
	ListCell *lc;

	foreach(lc, drafts)
	{
		DqDraft *draft = (DqDraft *) lfirst(lc);
		int next = -1;

		while ((next = bms_next_member(draft->needs, next)) >= 0)
		{
			DqDraft *need = DQ_DRAFT(drafts, next);

			if (need->step.phase > draft->step.phase)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
						 errmsg("step \"%s\" of phase %s depends on step \"%s\" of phase %s",
								draft->step.name,
								dq_pipeline_phase_name(draft->step.phase),
								need->step.name,
								dq_pipeline_phase_name(need->step.phase)),
						 errdetail("A run goes through the phases before, stage, publish, after, failure and finally, in this order.")));
		}
	}
}

/*
 * number_steps: run_order from 1: by phase, then dependencies, then place in
 * the list. There is no cycle, and no edge to a later phase.
 */
static void
number_steps(List *drafts)
{
	Bitmapset *done = NULL;
	int number = 0;
	int phase;

	for (phase = DQ_PHASE_BEFORE; phase <= DQ_PHASE_FINALLY; phase++)
	{
		ListCell *lc = list_head(drafts);

		while (lc != NULL)
		{
			DqDraft *draft = (DqDraft *) lfirst(lc);
			int index = draft->step.position - 1;

			if ((int) draft->step.phase == phase &&
				!bms_is_member(index, done) &&
				bms_is_subset(draft->needs, done))
			{
				draft->step.run_order = ++number;
				done = bms_add_member(done, index);
				/* it may have set an earlier one free */
				lc = list_head(drafts);
				CHECK_FOR_INTERRUPTS();
				continue;
			}
			lc = lnext(drafts, lc);
		}
	}
	Assert(number == list_length(drafts));
}

/*
 * dq_order_steps: dependencies, phase and order of all steps. On entry the
 * phase of a query is stage, of a load publish, of a call what was chosen.
 *
 * 42704 and 42P17 as said above.
 */
void
dq_order_steps(List *drafts)
{
	char *state = palloc0(list_length(drafts) + 1);
	List *path = NIL;
	ListCell *lc;
	int i;

	foreach(lc, drafts)
	{
		DqDraft *draft = (DqDraft *) lfirst(lc);

		draft->needs = bms_copy(draft->stages);
		add_declared(drafts, draft);
	}
	foreach(lc, drafts)
	{
		DqDraft *draft = (DqDraft *) lfirst(lc);

		if (draft->step.kind == DQ_EXPECT && draft->source >= 0)
			add_expects(drafts, draft);
	}
	add_written(drafts);
	for (i = 0; i < list_length(drafts); i++)
		visit(drafts, i, state, &path);
	promote(drafts);
	check_phases(drafts);
	number_steps(drafts);

	foreach(lc, drafts)
	{
		DqDraft *draft = (DqDraft *) lfirst(lc);
		List *names = NIL;
		int next = -1;

		while ((next = bms_next_member(draft->needs, next)) >= 0)
			names = lappend(names, DQ_DRAFT(drafts, next)->step.name);
		draft->step.depends_on = names;
	}
}
