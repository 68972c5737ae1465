/*
 * castable.c
 *	  Would a type take a text? The type made ready, and the way that always
 *	  works: its input function in a subtransaction.
 */
#include "postgres.h"

#include "access/transam.h"
#include "base/compat.h"
#include "base/errctx.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "nodes/primnodes.h"
#include "quality/castable.h"
#include "quality/fused.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* recent values and their answers; longer values are not remembered */
#define MEMO_SLOTS 512
#define MEMO_BYTES 64

typedef struct Memo
{
	uint32 hash;
	int len; /* -1: empty */
	bool answer;
	char bytes[MEMO_BYTES];
} Memo;

struct DqCastTarget
{
	/* below all domains */
	Oid base;
	int32 base_typmod;
	DqCastRecogniser recognise; /* NULL: none */
	bool soft; /* its input function does not throw */
	FmgrInfo base_input;
	Oid base_param;
	/* the type itself */
	bool is_base; /* no domain with constraints */
	FmgrInfo input;
	Oid param;
	int32 typmod;
	/* the value that is tried */
	const char *value;
	Memo *memo; /* NULL until it is needed */
	MemoryContext context;
};

/*
 * is_nested: may a value be so deep that its input function throws, having no
 * stack left?
 */
static bool
is_nested(Oid type)
{
	return type == JSONOID || type == JSONBOID || type == JSONPATHOID ||
		   type == TSQUERYOID || type == XMLOID;
}

/*
 * is_soft: does the input function of the server report all errors without
 * throwing? True for scalar types of the server itself, from 16 on; what other
 * types contain is not known.
 */
static bool
is_soft(Oid type)
{
	return DQ_SOFT_INPUT && type < FirstUnpinnedObjectId &&
		   get_typtype(type) == TYPTYPE_BASE && !type_is_array(type) &&
		   type != ACLITEMOID && !is_nested(type);
}

/*
 * dq_castable_target: see the header.
 */
DqCastTarget *
dq_castable_target(const char *type)
{
	DqCastTarget *target = palloc0(sizeof(DqCastTarget));
	Oid oid;
	Oid function;

	dq_compat_parse_type(type, &oid, &target->typmod);
	target->context = CurrentMemoryContext;
	getTypeInputInfo(oid, &function, &target->param);
	fmgr_info(function, &target->input);

	target->base_typmod = target->typmod;
	target->base = getBaseTypeAndTypmod(oid, &target->base_typmod);
	target->is_base = target->base == oid || !DomainHasConstraints(oid);
	getTypeInputInfo(target->base, &function, &target->base_param);
	fmgr_info(function, &target->base_input);
	target->soft = is_soft(target->base);
	if (!DQ_SOFT_INPUT || is_nested(target->base))
		target->recognise = dq_castable_types_find(target->base);
	return target;
}

/*
 * is_sure: is the recogniser of this type, if there is one, never unsure?
 */
static bool
is_sure(const DqCastTarget *target)
{
	switch (target->base)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
		case FLOAT4OID:
		case FLOAT8OID:
		case BOOLOID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case UUIDOID:
			return target->is_base;
		default:
			return target->is_base && target->soft;
	}
}

/*
 * dq_castable_is_sure_call: see the header.
 */
bool
dq_castable_is_sure_call(Node *node)
{
	FuncExpr *call = (FuncExpr *) node;
	char *name;
	char *schema;
	Const *type;

	if (!IsA(node, FuncExpr) || list_length(call->args) != 2 ||
		!IsA(lsecond(call->args), Const))
		return false;
	type = lsecond_node(Const, call->args);
	name = get_func_name(call->funcid);
	schema = get_namespace_name(get_func_namespace(call->funcid));
	if (type->constisnull || type->consttype != TEXTOID || name == NULL ||
		strcmp(name, "castable") != 0 || schema == NULL ||
		strcmp(schema, "etl") != 0)
		return false;
	return is_sure(dq_castable_target(TextDatumGetCString(type->constvalue)));
}

/*
 * call_input: DqGuarded.
 */
static void
call_input(void *arg)
{
	DqCastTarget *target = (DqCastTarget *) arg;

	(void) InputFunctionCall(&target->input,
							 unconstify(char *, target->value), target->param,
							 target->typmod);
}

/*
 * try_input: ask the input function itself.
 */
static bool
try_input(DqCastTarget *target, const char *s)
{
	ErrorData *error;

	target->value = s;
	error = dq_errctx_try_subxact(call_input, target);
	if (error == NULL)
		return true;
	if (dq_fused_is_fatal(error) &&
		error->sqlerrcode != ERRCODE_STATEMENT_TOO_COMPLEX)
		dq_errctx_rethrow(error);
	FreeErrorData(error);
	return false;
}

/*
 * try_remembered: the same, with a memory of recent values.
 */
static bool
try_remembered(DqCastTarget *target, const char *s, int len)
{
	uint32 hash;
	Memo *memo;
	int i;

	if (len > MEMO_BYTES)
		return try_input(target, s);
	if (target->memo == NULL)
	{
		target->memo = MemoryContextAlloc(target->context,
										  sizeof(Memo) * MEMO_SLOTS);
		for (i = 0; i < MEMO_SLOTS; i++)
			target->memo[i].len = -1;
	}
	hash = hash_bytes((const unsigned char *) s, len);
	memo = &target->memo[hash % MEMO_SLOTS];
	if (memo->len != len || memo->hash != hash ||
		memcmp(memo->bytes, s, len) != 0)
	{
		bool answer = try_input(target, s);

		memo->hash = hash;
		memo->len = len;
		memo->answer = answer;
		memcpy(memo->bytes, s, len);
	}
	return memo->answer;
}

/*
 * dq_castable_test: see the header.
 */
bool
dq_castable_test(DqCastTarget *target, const char *s, int len)
{
	DqAnswer answer = DQ_UNSURE;

	if (target->soft)
		answer = dq_compat_input_is_valid(&target->base_input,
										  unconstify(char *, s),
										  target->base_param,
										  target->base_typmod) ?
					 DQ_YES :
					 DQ_NO;
	else if (target->recognise != NULL)
		answer = target->recognise(s, len, target->base_typmod);
	if (answer == DQ_NO)
		return false;
	if (answer == DQ_YES && target->is_base)
		return true;
	return try_remembered(target, s, len);
}
