/*
 * jsonschema_ref.h
 *	  References inside a JSON Schema.
 */
#ifndef DQ_JSONSCHEMA_REF_H
#define DQ_JSONSCHEMA_REF_H

#include "utils/jsonb.h"

/* the value of a keyword, or NULL */
static inline JsonbValue *
dq_jsonschema_get(JsonbContainer *object, const char *keyword)
{
	return getKeyJsonValueFromContainer(object, keyword, strlen(keyword),
										NULL);
}

/* an object (JB_FOBJECT) or an array (JB_FARRAY)? */
static inline bool
dq_jsonschema_is(const JsonbValue *value, uint32 kind)
{
	return value != NULL && value->type == jbvBinary &&
		   (value->val.binary.data->header & kind) != 0;
}

/* the whole document as a value */
extern JsonbValue *dq_jsonschema_ref_root(Jsonb *doc);

/*
 * The schema that a reference names within this document; 22023 when there is
 * none, 0A000 when it lies elsewhere.
 */
extern JsonbValue *dq_jsonschema_ref_find(Jsonb *doc, const char *reference);

#endif /* DQ_JSONSCHEMA_REF_H */
