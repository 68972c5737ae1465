/*
 * dfa.c
 *	  Doors to the pattern automata, for tests and for whoever wonders whether
 *	  a pattern is one of the fast ones.
 */
#include "postgres.h"

#include "fmgr.h"
#include "base/compat.h"
#include "quality/dfa.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(dq_etl_catalog_dfa_matches);
PG_FUNCTION_INFO_V1(dq_etl_catalog_dfa_like);

typedef DqDfa *(*Compile)(const char *pattern, Oid collation);

/* the pattern of the last call */
typedef struct LastPattern
{
	MemoryContext context; /* of what follows */
	char *pattern;
	Oid collation;
	DqDfa *dfa; /* NULL: for the core */
} LastPattern;

/*
 * find_dfa: the automaton of the second argument, kept from call to call;
 * NULL when it has none.
 */
static DqDfa *
find_dfa(FunctionCallInfo fcinfo, Compile compile)
{
	LastPattern *last = (LastPattern *) fcinfo->flinfo->fn_extra;
	text *pattern = PG_GETARG_TEXT_PP(1);
	Size len = VARSIZE_ANY_EXHDR(pattern);
	MemoryContext caller;

	if (last == NULL)
	{
		last = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
									  sizeof(LastPattern));
		last->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt,
											  "dq_etl pattern",
											  ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = last;
	}
	else if (last->pattern != NULL &&
			 last->collation == PG_GET_COLLATION() &&
			 strlen(last->pattern) == len &&
			 memcmp(last->pattern, VARDATA_ANY(pattern), len) == 0)
		return last->dfa;

	last->pattern = NULL;
	MemoryContextReset(last->context);
	caller = MemoryContextSwitchTo(last->context);
	last->collation = PG_GET_COLLATION();
	last->dfa = compile(text_to_cstring(pattern), last->collation);
	last->pattern = text_to_cstring(pattern);
	MemoryContextSwitchTo(caller);
	return last->dfa;
}

/*
 * match: the answer of the automaton, NULL when there is none.
 */
static Datum
match(FunctionCallInfo fcinfo, Compile compile)
{
	text *value = PG_GETARG_TEXT_PP(0);
	DqDfa *dfa = find_dfa(fcinfo, compile);

	if (dfa == NULL)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(dq_dfa_match(dfa, VARDATA_ANY(value),
								VARSIZE_ANY_EXHDR(value)));
}

/*
 * etl_catalog.dfa_matches(value, pattern)
 */
Datum
dq_etl_catalog_dfa_matches(PG_FUNCTION_ARGS)
{
	return match(fcinfo, dq_dfa_compile);
}

/*
 * etl_catalog.dfa_like(value, pattern)
 */
Datum
dq_etl_catalog_dfa_like(PG_FUNCTION_ARGS)
{
	return match(fcinfo, dq_dfa_compile_like);
}
