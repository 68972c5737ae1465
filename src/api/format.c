/*
 * format.c
 *	  One value looked at: formats, casts, templates of dates, JSON.
 *
 * They tell nothing about the database and are executable by everybody. What a
 * call needs beside the value (a format, a type, a schema) is made ready once
 * per call site when it is a constant there, else once per change.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "quality/castable.h"
#include "quality/charset.h"
#include "quality/datetimeformat.h"
#include "quality/format.h"
#include "quality/jsonschema.h"
#include "quality/jsontext.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(dq_etl_has_format);
PG_FUNCTION_INFO_V1(dq_etl_formats);
PG_FUNCTION_INFO_V1(dq_etl_is_json);
PG_FUNCTION_INFO_V1(dq_etl_json_has_keys);
PG_FUNCTION_INFO_V1(dq_etl_castable);
PG_FUNCTION_INFO_V1(dq_etl_matches_datetime_format);
PG_FUNCTION_INFO_V1(dq_etl_matches_json_schema);
PG_FUNCTION_INFO_V1(dq_etl_text_matches_json_schema);
PG_FUNCTION_INFO_V1(dq_etl_in_charset);

/* what a call site keeps: something made of its second argument */
typedef struct Prepared
{
	MemoryContext context; /* of the rest; reset when the argument changes */
	struct varlena *argument;
	void *made;
} Prepared;

typedef void *(*Prepare)(struct varlena *argument);

/*
 * prepared: what "prepare" makes of the second argument, remembered from call
 * to call. With it the argument as it was copied.
 */
static Prepared *
prepared(FunctionCallInfo fcinfo, Prepare prepare)
{
	Prepared *site = (Prepared *) fcinfo->flinfo->fn_extra;
	struct varlena *argument;
	MemoryContext caller;

	if (site != NULL && site->made != NULL &&
		get_fn_expr_arg_stable(fcinfo->flinfo, 1))
		return site;
	argument = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
									  sizeof(Prepared));
		site->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt,
											  "dq_etl call site",
											  ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = site;
	}
	else if (site->made != NULL &&
			 VARSIZE_ANY_EXHDR(argument) ==
				 VARSIZE_ANY_EXHDR(site->argument) &&
			 memcmp(VARDATA_ANY(argument), VARDATA_ANY(site->argument),
					VARSIZE_ANY_EXHDR(argument)) == 0)
		return site;

	site->made = NULL;
	MemoryContextReset(site->context);
	caller = MemoryContextSwitchTo(site->context);
	site->argument = (struct varlena *) PG_DETOAST_DATUM_COPY(
		PointerGetDatum(argument));
	site->made = prepare(site->argument);
	MemoryContextSwitchTo(caller);
	return site;
}

/*
 * prepare_format: Prepare.
 */
static void *
prepare_format(struct varlena *argument)
{
	return unconstify(DqFormat *,
					  dq_format_get(text_to_cstring((text *) argument)));
}

/*
 * etl.has_format(value, format)
 */
Datum
dq_etl_has_format(PG_FUNCTION_ARGS)
{
	text *value = PG_GETARG_TEXT_PP(0);
	Prepared *site = prepared(fcinfo, prepare_format);

	PG_RETURN_BOOL(dq_format_matches((DqFormat *) site->made,
									 VARDATA_ANY(value),
									 VARSIZE_ANY_EXHDR(value)));
}

/*
 * etl.formats()
 */
Datum
dq_etl_formats(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const DqFormat *format;
	int i;

	InitMaterializedSRF(fcinfo, 0);
	for (i = 0; (format = dq_format_at(i)) != NULL; i++)
	{
		Datum values[4];
		bool nulls[4] = {false, false, false, false};

		values[0] = CStringGetTextDatum(format->name);
		nulls[1] = format->alias == NULL;
		values[1] = nulls[1] ? (Datum) 0 : CStringGetTextDatum(format->alias);
		values[2] = CStringGetTextDatum(format->description);
		nulls[3] = *format->defined_by == '\0';
		values[3] = CStringGetTextDatum(format->defined_by);
		tuplestore_putvalues(result->setResult, result->setDesc, values,
							 nulls);
	}
	return (Datum) 0;
}

/*
 * etl.is_json(value)
 */
Datum
dq_etl_is_json(PG_FUNCTION_ARGS)
{
	text *value = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(dq_jsontext_valid(VARDATA_ANY(value),
									 VARSIZE_ANY_EXHDR(value)));
}

/*
 * prepare_target: Prepare.
 */
static void *
prepare_target(struct varlena *argument)
{
	return dq_castable_target(text_to_cstring((text *) argument));
}

/*
 * etl.castable(value, type_name)
 */
Datum
dq_etl_castable(PG_FUNCTION_ARGS)
{
	char *value = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int len = strlen(value);
	Prepared *site = prepared(fcinfo, prepare_target);

	PG_RETURN_BOOL(dq_castable_test((DqCastTarget *) site->made, value, len));
}

/*
 * prepare_template: Prepare.
 */
static void *
prepare_template(struct varlena *argument)
{
	return argument;
}

/*
 * etl.matches_datetime_format(value, format)
 */
Datum
dq_etl_matches_datetime_format(PG_FUNCTION_ARGS)
{
	text *value = PG_GETARG_TEXT_PP(0);
	Prepared *site = (Prepared *) fcinfo->flinfo->fn_extra;
	void *before = site ? site->argument : NULL;

	site = prepared(fcinfo, prepare_template);
	if (site->argument != before)
		dq_datetimeformat_check((text *) site->argument, PG_GET_COLLATION());
	PG_RETURN_BOOL(dq_datetimeformat_matches(value, (text *) site->argument,
											 PG_GET_COLLATION()));
}

/*
 * prepare_schema: Prepare.
 */
static void *
prepare_schema(struct varlena *argument)
{
	/* jsonb wants a long header */
	return dq_jsonschema_compile(DatumGetJsonbP(PointerGetDatum(argument)));
}

/*
 * etl.matches_json_schema(document, schema)
 */
Datum
dq_etl_matches_json_schema(PG_FUNCTION_ARGS)
{
	Jsonb *document = PG_GETARG_JSONB_P(0);
	Prepared *site = prepared(fcinfo, prepare_schema);

	PG_RETURN_BOOL(dq_jsonschema_matches((DqSchema *) site->made, document));
}

/*
 * etl.text_matches_json_schema(document, schema): what no jsonb can
 * hold satisfies no schema.
 */
Datum
dq_etl_text_matches_json_schema(PG_FUNCTION_ARGS)
{
	char *value = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Prepared *site = prepared(fcinfo, prepare_schema);
	Datum document;
	int depth;

	if (dq_jsontext_classify(value, strlen(value), &depth) !=
		DQ_JSONTEXT_JSONB)
		PG_RETURN_BOOL(false);
	document = DirectFunctionCall1(jsonb_in, CStringGetDatum(value));
	PG_RETURN_BOOL(dq_jsonschema_matches((DqSchema *) site->made,
										 DatumGetJsonbP(document)));
}

/*
 * etl.json_has_keys(document, keys): at its top level.
 */
Datum
dq_etl_json_has_keys(PG_FUNCTION_ARGS)
{
	Jsonb *document = PG_GETARG_JSONB_P(0);
	ArrayType *keys = PG_GETARG_ARRAYTYPE_P(1);
	Datum *elements;
	bool *nulls;
	int count;
	int i;

	if (!JB_ROOT_IS_OBJECT(document))
		PG_RETURN_BOOL(false);
	deconstruct_array(keys, TEXTOID, -1, false, TYPALIGN_INT, &elements,
					  &nulls, &count);
	for (i = 0; i < count; i++)
	{
		text *key = nulls[i] ? NULL : DatumGetTextPP(elements[i]);

		if (key != NULL &&
			getKeyJsonValueFromContainer(&document->root, VARDATA_ANY(key),
										 VARSIZE_ANY_EXHDR(key),
										 NULL) == NULL)
			PG_RETURN_BOOL(false);
	}
	PG_RETURN_BOOL(true);
}

/*
 * prepare_charset: Prepare.
 */
static void *
prepare_charset(struct varlena *argument)
{
	return dq_charset_get(text_to_cstring((text *) argument));
}

/*
 * etl.in_charset(value, charset)
 */
Datum
dq_etl_in_charset(PG_FUNCTION_ARGS)
{
	text *value = PG_GETARG_TEXT_PP(0);
	Prepared *site = prepared(fcinfo, prepare_charset);

	PG_RETURN_BOOL(dq_charset_matches((DqCharset *) site->made,
									  VARDATA_ANY(value),
									  VARSIZE_ANY_EXHDR(value)));
}
