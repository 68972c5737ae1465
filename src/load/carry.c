/*
 * carry.c
 *	  Columns that a batch lacks, carried on from version to version.
 *
 * A version that follows another says of what the batch does not know the same
 * as that one. The first of a key, and the first after it was gone, take
 * defaults. So does every version where the default makes its value anew:
 * identities, sequences, clocks; and what is unique by itself.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "load/carry.h"
#include "load/column.h"
#include "load/map.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/relcache.h"

/*
 * is_written: does the load set this column?
 */
static bool
is_written(const DqTask *task, const char *name)
{
	const DqLoadOptions *options = task->options;
	ListCell *lc;

	if (dq_options_is(options->valid_to, name) ||
		dq_options_is(options->is_current, name))
		return true;
	foreach(lc, task->columns)
	{
		if (strcmp(((DqColumn *) lfirst(lc))->name, name) == 0)
			return true;
	}
	return false;
}

/*
 * fallback_of: SQL of the default of a column, NULL when the column takes a
 * value of its own in each row.
 */
static char *
fallback_of(const DqTask *task, Form_pg_attribute att)
{
	Node *expression;

	if (att->attgenerated != '\0' || att->attidentity != '\0')
		return NULL;
	expression = build_column_default(task->target, att->attnum);
	if (expression == NULL)
		return pstrdup("NULL");
	if (contain_mutable_functions(expression))
		return NULL;
	return dq_key_deparse(RelationGetRelid(task->target), expression, NULL);
}

/*
 * dq_carry_columns: see carry.h.
 */
List *
dq_carry_columns(const DqTask *task)
{
	TupleDesc desc = RelationGetDescr(task->target);
	Bitmapset *unique = RelationGetIndexAttrBitmap(task->target,
												   INDEX_ATTR_BITMAP_KEY);
	List *carried = NIL;
	int i;

	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		DqCarried *column;
		char *fallback;

		if (att->attisdropped || is_written(task, NameStr(att->attname)) ||
			bms_is_member(att->attnum - FirstLowInvalidHeapAttributeNumber,
						  unique))
			continue;
		fallback = fallback_of(task, att);
		if (fallback == NULL)
			continue;
		column = palloc(sizeof(DqCarried));
		column->name = pstrdup(NameStr(att->attname));
		column->fallback = fallback;
		carried = lappend(carried, column);
	}
	return carried;
}
