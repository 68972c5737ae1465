/*
 * profile_run.c
 *	  One pass over a relation for its profile: a scan in C where that is
 *	  possible, SQL otherwise.
 *
 * Both feed the same rows into the same code. The pass reads as the current
 * user. A row filter is the user's text and runs as such; what else is
 * executed of the user's are output, hash and comparison functions of types.
 * Row security is not switched off: a profile describes what one may see, and
 * says so.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_class.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "quality/checktext.h"
#include "quality/profile.h"
#include "quality/source.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

typedef struct ProfileSink
{
	DqSink head;
	DqProfile *profile;
} ProfileSink;

/*
 * write_spec: what a sink is begun from.
 */
static void
write_spec(StringInfo buf, const DqProfileTask *task, List *columns,
		   bool alone)
{
	ListCell *lc;

	initStringInfo(buf);
	pq_sendint32(buf, (uint32) task->sample_rows);
	pq_sendbyte(buf, task->exact);
	pq_sendbyte(buf, alone);
	pq_sendint32(buf, (uint32) list_length(columns));
	foreach(lc, columns)
		pq_sendint16(buf, ((DqColumn *) lfirst(lc))->attnum);
}

/*
 * add_column: the next column, which has this place in the slots.
 */
static void
add_column(DqProfile *profile, int i, TupleDesc desc, AttrNumber attnum,
		   AttrNumber slot_attr)
{
	Form_pg_attribute att = TupleDescAttr(desc, attnum - 1);

	dq_facts_init(&profile->columns[i], NameStr(att->attname), att->atttypid,
				  att->atttypmod, att->attcollation);
	profile->columns[i].slot_attr = slot_attr;
}

/*
 * begin_sink: DqSinkType.begin.
 */
static DqSink *
begin_sink(Relation rel, const char *spec, Size len)
{
	ProfileSink *sink = palloc0(sizeof(ProfileSink));
	StringInfoData buf;
	int sample_rows;
	bool exact;
	bool alone;
	int count;
	int i;

	buf.data = (char *) spec;
	buf.len = buf.maxlen = (int) len;
	buf.cursor = 0;
	sample_rows = (int) pq_getmsgint(&buf, 4);
	exact = pq_getmsgbyte(&buf) != 0;
	alone = pq_getmsgbyte(&buf) != 0;
	count = (int) pq_getmsgint(&buf, 4);

	sink->head.type = &dq_profile_sink_type;
	sink->head.spec = spec;
	sink->head.spec_len = len;
	sink->profile = dq_profile_create(count);
	sink->profile->has_order = true;
	sink->profile->alone = alone;
	for (i = 0; i < count; i++)
	{
		AttrNumber attnum = (AttrNumber) pq_getmsgint(&buf, 2);

		add_column(sink->profile, i, RelationGetDescr(rel), attnum, attnum);
		sink->head.last_attr = Max(sink->head.last_attr, attnum);
		if (!sink->profile->columns[i].kind.parallel_safe)
			sink->head.serial = true;
	}
	sink->head.serial = sink->head.serial || exact;
	dq_profile_begin(sink->profile, sample_rows, exact);
	return &sink->head;
}

/*
 * sink_row: DqSinkType.row.
 */
static void
sink_row(DqSink *sink, TupleTableSlot *slot)
{
	dq_profile_row(((ProfileSink *) sink)->profile, slot);
}

/*
 * end_sink: DqSinkType.end.
 */
static void
end_sink(DqSink *sink)
{
	dq_profile_end(((ProfileSink *) sink)->profile);
}

/*
 * save_sink: DqSinkType.save, in one piece.
 */
static void
save_sink(DqSink *sink, DqSinkWrite write, void *arg)
{
	StringInfoData buf;

	initStringInfo(&buf);
	dq_profile_save(((ProfileSink *) sink)->profile, &buf, true);
	write(arg, buf.data, buf.len);
	pfree(buf.data);
}

/*
 * merge_sink: DqSinkType.merge.
 */
static void
merge_sink(DqSink *sink, const char *bytes, Size len)
{
	DqProfile *profile = ((ProfileSink *) sink)->profile;
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "dq_etl profile of a worker",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	StringInfoData buf;

	buf.data = (char *) bytes;
	buf.len = buf.maxlen = (int) len;
	buf.cursor = 0;
	dq_profile_merge(profile, dq_profile_load(&buf));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

const DqSinkType dq_profile_sink_type = {
	.name = "profile",
	.parallel = true,
	.begin = begin_sink,
	.row = sink_row,
	.end = end_sink,
	.save = save_sink,
	.merge = merge_sink};

/*
 * choose_columns: those that are asked for, or all that may be read: a List of
 * DqColumn *. 42501 for one that may not, and when none may.
 */
static List *
choose_columns(const DqSource *source, List *names)
{
	List *columns = names ? dq_source_columns(source, names) :
							source->columns;
	List *chosen = NIL;
	ListCell *lc;

	foreach(lc, columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);

		if (dq_source_may_read(source->relid, column->attnum))
			chosen = list_append_unique_ptr(chosen, column);
		else if (names != NIL)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied for column \"%s\" of relation %s",
							column->name,
							dq_sqltext_relation(source->relid))));
	}
	if (chosen == NIL && (columns != NIL ||
						  pg_class_aclcheck(source->relid, GetUserId(),
											ACL_SELECT) != ACLCHECK_OK))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for relation %s",
						dq_sqltext_relation(source->relid))));
	return chosen;
}

/*
 * scan_heap: the pass in C, by several processes when that is worth it and
 * not all values have to be sorted in one place.
 */
static DqProfile *
scan_heap(Relation rel, const DqProfileTask *task, List *columns)
{
	StringInfoData spec;
	DqSink *sink;
	int workers;

	write_spec(&spec, task, columns, true);
	sink = begin_sink(rel, spec.data, spec.len);
	workers = dq_scan_workers(rel, list_make1(sink));
	if (workers > 0)
	{
		write_spec(&spec, task, columns, false);
		sink = begin_sink(rel, spec.data, spec.len);
	}
	(void) dq_scan_run(rel, list_make1(sink), workers);
	return ((ProfileSink *) sink)->profile;
}

/*
 * stream_row: a row of the query.
 */
static void
stream_row(void *arg, TupleTableSlot *slot)
{
	slot_getallattrs(slot);
	dq_profile_row((DqProfile *) arg, slot);
}

/*
 * stream: the pass as a query.
 */
static DqProfile *
stream(Relation rel, const DqSource *source, const DqProfileTask *task,
	   List *columns)
{
	DqProfile *profile = dq_profile_create(list_length(columns));
	StringInfoData sql;
	ListCell *lc;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	foreach(lc, columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);
		int i = foreach_current_index(lc);

		add_column(profile, i, RelationGetDescr(rel), column->attnum, i + 1);
		appendStringInfo(&sql, "%s%s", i > 0 ? ", " : "", column->sql);
	}
	appendStringInfo(&sql, " FROM %s", source->from);
	if (task->row_filter != NULL)
		appendStringInfo(&sql, " WHERE (\n%s\n)", task->row_filter);
	dq_profile_begin(profile, task->sample_rows, task->exact);
	dq_spi_stream(DQ_USER, sql.data, stream_row, profile);
	dq_profile_end(profile);
	return profile;
}

/*
 * dq_profile_columns: see profile.h.
 */
List *
dq_profile_columns(const DqProfileTask *task)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, choose_columns(dq_source_open(task->relid, NULL),
							   task->columns))
		names = lappend(names, ((DqColumn *) lfirst(lc))->name);
	return names;
}

/*
 * dq_profile_run: see profile.h.
 */
DqProfile *
dq_profile_run(const DqProfileTask *task, bool *partial)
{
	DqSource *source = dq_source_open(task->relid, NULL);
	List *columns = choose_columns(source, task->columns);
	DqProfile *profile;
	Relation rel;

	if (task->row_filter != NULL)
		(void) dq_checktext_expression(task->row_filter, DQ_FILTER_TEXT);
	*partial = check_enable_rls(task->relid, InvalidOid, false) ==
			   RLS_ENABLED;
	rel = relation_open(task->relid, NoLock);
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (task->row_filter == NULL && !*partial && dq_scan_possible(rel))
		profile = scan_heap(rel, task, columns);
	else
		profile = stream(rel, source, task, columns);
	dq_profile_settle(profile);
	PopActiveSnapshot();
	relation_close(rel, NoLock);
	return profile;
}
