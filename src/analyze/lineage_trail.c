/*
 * lineage_trail.c
 *	  Sets of columns that something depends on.
 *
 * They are small, and looked through from the front.
 */
#include "postgres.h"

#include "analyze/lineage_trace.h"

/*
 * dq_lineage_trail_make: an empty set.
 */
DqTrail *
dq_lineage_trail_make(void)
{
	return palloc0(sizeof(DqTrail));
}

/*
 * same_column: do two origins differ in their kinds at most? Names of stages
 * are shared, so that pointers tell.
 */
static bool
same_column(const DqOrigin *a, const DqOrigin *b)
{
	return a->relid == b->relid && a->attnum == b->attnum &&
		   a->via == b->via && a->stage == b->stage;
}

/*
 * dq_lineage_trail_add: add an origin, or its kinds to one that is there.
 */
void
dq_lineage_trail_add(DqTrail *trail, const DqOrigin *origin)
{
	int i;

	for (i = 0; i < trail->count; i++)
	{
		if (same_column(&trail->origins[i], origin))
		{
			trail->origins[i].kinds |= origin->kinds;
			return;
		}
	}
	if (trail->count == trail->size)
	{
		trail->size = Max(8, trail->size * 2);
		if (trail->origins == NULL)
			trail->origins = palloc(sizeof(DqOrigin) * trail->size);
		else
			trail->origins = repalloc(trail->origins,
									  sizeof(DqOrigin) * trail->size);
	}
	trail->origins[trail->count++] = *origin;
}

/*
 * dq_lineage_trail_merge: add all of another set.
 */
void
dq_lineage_trail_merge(DqTrail *trail, const DqTrail *other)
{
	int i;

	for (i = 0; i < other->count; i++)
		dq_lineage_trail_add(trail, &other->origins[i]);
}

/*
 * dq_lineage_compose: see lineage_trace.h. What decides about rows or values
 * further in keeps its kind; a value that is only looked at takes the kind of
 * the place where it is.
 */
int
dq_lineage_compose(int outer, int inner)
{
	int kinds = inner & ~DQ_LINEAGE_DIRECT;
	int direct = inner & DQ_LINEAGE_DIRECT;

	if (direct == 0)
		return kinds;
	if (outer == DQ_LINEAGE_IDENTITY)
		return inner;
	if (outer == DQ_LINEAGE_TRANSFORMATION)
	{
		if ((direct & DQ_LINEAGE_AGGREGATION) != 0)
			kinds |= DQ_LINEAGE_AGGREGATION;
		if ((direct & ~DQ_LINEAGE_AGGREGATION) != 0)
			kinds |= DQ_LINEAGE_TRANSFORMATION;
		return kinds;
	}
	return kinds | outer;
}

/*
 * dq_lineage_computed: see lineage_trace.h.
 */
int
dq_lineage_computed(int kind)
{
	return kind == DQ_LINEAGE_IDENTITY ? DQ_LINEAGE_TRANSFORMATION : kind;
}

/*
 * dq_lineage_pass: see lineage_trace.h.
 */
void
dq_lineage_pass(DqTrail *out, const DqTrail *from, int kind)
{
	int i;

	for (i = 0; i < from->count; i++)
	{
		DqOrigin origin = from->origins[i];

		origin.kinds = dq_lineage_compose(kind, origin.kinds);
		dq_lineage_trail_add(out, &origin);
	}
}

/*
 * dq_lineage_kind_name: see lineage.h.
 */
const char *
dq_lineage_kind_name(int kind)
{
	switch (kind)
	{
		case DQ_LINEAGE_IDENTITY:
			return "identity";
		case DQ_LINEAGE_TRANSFORMATION:
			return "transformation";
		case DQ_LINEAGE_AGGREGATION:
			return "aggregation";
		case DQ_LINEAGE_FILTER:
			return "filter";
		case DQ_LINEAGE_JOIN:
			return "join";
		case DQ_LINEAGE_GROUP_BY:
			return "group_by";
		case DQ_LINEAGE_SORT:
			return "sort";
		case DQ_LINEAGE_WINDOW:
			return "window";
		case DQ_LINEAGE_CONDITIONAL:
			return "conditional";
		case DQ_LINEAGE_DECLARED:
			return "declared";
		default:
			return "unknown";
	}
}
