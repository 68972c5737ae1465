/*
 * jsonschema.h
 *	  JSON Schema: a schema read once, documents validated against it.
 *
 * Drafts 4, 6, 7, 2019-09 and 2020-12, as far as one document says it all:
 * every assertion and applicator but unevaluatedItems, unevaluatedProperties
 * and references that only a base URI could resolve, which are refused
 * (0A000), not passed over. Unknown keywords are ignored. Patterns are regular
 * expressions of PostgreSQL in the collation "C". The formats listed in
 * jsonschema_compile.c are asserted, others are annotations.
 */
#ifndef DQ_JSONSCHEMA_H
#define DQ_JSONSCHEMA_H

#include "nodes/pg_list.h"
#include "quality/format.h"
#include "utils/jsonb.h"

/* bits of DqSchema.types */
#define DQ_SCHEMA_NULL 0x01
#define DQ_SCHEMA_BOOLEAN 0x02
#define DQ_SCHEMA_OBJECT 0x04
#define DQ_SCHEMA_ARRAY 0x08
#define DQ_SCHEMA_NUMBER 0x10
#define DQ_SCHEMA_STRING 0x20
#define DQ_SCHEMA_INTEGER 0x40

typedef struct DqSchema DqSchema;

/* a schema under a name: of a property, or of a pattern */
typedef struct DqNamedSchema
{
	char *name;
	int name_len;
	text *pattern; /* NULL: the name itself */
	DqSchema *schema;
} DqNamedSchema;

/* what must hold where a property exists */
typedef struct DqDependency
{
	char *name;
	int name_len;
	List *required; /* of JsonbValue * (strings) */
	DqSchema *schema; /* NULL: none */
} DqDependency;

struct DqSchema
{
	bool refuses; /* the schema false */
	int types; /* 0: any */
	bool has_enum;
	List *enumeration; /* of JsonbValue * */
	JsonbValue *constant; /* NULL: none */
	/* in place */
	DqSchema *reference;
	List *all_of; /* of DqSchema * */
	List *any_of;
	List *one_of;
	DqSchema *negated;
	DqSchema *condition;
	DqSchema *then_schema;
	DqSchema *else_schema;
	/* numbers; NULL: no limit */
	Numeric minimum;
	Numeric maximum;
	Numeric above;
	Numeric below;
	Numeric multiple_of;
	/* strings; -1: no limit */
	int64 min_length;
	int64 max_length;
	text *pattern;
	DqRecogniser format;
	/* arrays */
	int64 min_items;
	int64 max_items;
	bool unique_items;
	List *prefix_items; /* of DqSchema * */
	DqSchema *items; /* behind those */
	DqSchema *contains;
	int64 min_contains;
	int64 max_contains;
	/* objects */
	int64 min_properties;
	int64 max_properties;
	List *required; /* of JsonbValue * (strings) */
	List *properties; /* of DqNamedSchema * */
	List *pattern_properties; /* of DqNamedSchema * */
	DqSchema *additional;
	DqSchema *property_names;
	List *dependencies; /* of DqDependency * */
};

/* 22023 when it is no schema; in the current memory context */
extern DqSchema *dq_jsonschema_compile(Jsonb *schema);

/* does the document satisfy the schema? 54001 when nested too deep */
extern bool dq_jsonschema_matches(const DqSchema *schema, Jsonb *document);

/* does the text match the pattern somewhere? (shared by both files) */
extern bool dq_jsonschema_pattern_matches(text *pattern, const char *s,
										  int len);

#endif /* DQ_JSONSCHEMA_H */
