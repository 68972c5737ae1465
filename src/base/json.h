/*
 * json.h
 *	  Reading and building small option documents (jsonb objects).
 *
 * Getters return copies in the current memory context; an absent key and a
 * JSON null are the same: "not given". A value of the wrong kind is an error
 * 22023 that names the key and "what" the document is.
 */
#ifndef DQ_JSON_H
#define DQ_JSON_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

extern bool dq_json_has(Jsonb *doc, const char *key);
extern bool dq_json_has_key(Jsonb *doc, const char *key);
extern char *dq_json_text(Jsonb *doc, const char *key, const char *what);
extern char *dq_json_scalar_text(Jsonb *doc, const char *key,
								 const char *what);
extern int64 dq_json_int(Jsonb *doc, const char *key, int64 missing,
						 const char *what);
extern bool dq_json_bool(Jsonb *doc, const char *key, bool missing,
						 const char *what);
extern Jsonb *dq_json_part(Jsonb *doc, const char *key);
extern double dq_json_double(Jsonb *doc, const char *key, double missing,
							 double min, double max, const char *what);
extern int dq_json_word(Jsonb *doc, const char *key,
						const char *const *words, int missing,
						const char *what);
extern List *dq_json_parts(Jsonb *doc, const char *key, const char *what);
extern List *dq_json_text_list(Jsonb *doc, const char *key, const char *what);
extern List *dq_json_scalar_list(Jsonb *doc, const char *key,
								 const char *what);
extern bool dq_json_is_number(Jsonb *doc, const char *key);
extern List *dq_json_keys(Jsonb *doc);
extern void dq_json_check_keys(Jsonb *doc, const char *const *allowed,
							   const char *what);
extern Jsonb *dq_json_parse(const char *text, const char *what);
extern Jsonb *dq_json_parse_object(const char *text, const char *what);
extern char *dq_json_out(Jsonb *doc);

/* building: start, add keys in any order, finish */
typedef struct DqJsonBuild
{
	JsonbParseState *state;
} DqJsonBuild;

extern void dq_json_begin(DqJsonBuild *build);
extern void dq_json_add_text(DqJsonBuild *build, const char *key,
							 const char *value);
extern void dq_json_add_null(DqJsonBuild *build, const char *key);
extern void dq_json_add_bool(DqJsonBuild *build, const char *key, bool value);
extern void dq_json_add_int(DqJsonBuild *build, const char *key, int64 value);
extern void dq_json_add_double(DqJsonBuild *build, const char *key,
							   double value);
extern void dq_json_add_double_list(DqJsonBuild *build, const char *key,
									const double *values, int n);
extern void dq_json_add_text_list(DqJsonBuild *build, const char *key,
								  List *values);
extern void dq_json_add_jsonb(DqJsonBuild *build, const char *key,
							  Jsonb *value);
extern void dq_json_add_parts(DqJsonBuild *build, const char *key,
							  List *documents);
extern void dq_json_add_from(DqJsonBuild *build, const char *key,
							 Jsonb *source);
extern Jsonb *dq_json_end(DqJsonBuild *build);

#endif /* DQ_JSON_H */
