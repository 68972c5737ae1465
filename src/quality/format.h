/*
 * format.h
 *	  Formats of text: names and exact recognisers of bytes.
 */
#ifndef DQ_FORMAT_H
#define DQ_FORMAT_H

#include "nodes/pg_list.h"

/* does the text of so many bytes, in the encoding of the server, fit? */
typedef bool (*DqRecogniser)(const char *bytes, int len);

typedef struct DqFormat
{
	const char *name;
	const char *alias; /* another name; NULL: none */
	const char *description;
	const char *defined_by; /* the standard that says so */
	DqRecogniser matches;
} DqFormat;

/* the format of a name or alias, or NULL */
extern const DqFormat *dq_format_find(const char *name);

/* the same; 22023 with a suggestion when there is none */
extern const DqFormat *dq_format_get(const char *name);

/* the i-th format, NULL behind the last */
extern const DqFormat *dq_format_at(int i);

/* the empty text has no format */
static inline bool
dq_format_matches(const DqFormat *format, const char *bytes, int len)
{
	return len > 0 && format->matches(bytes, len);
}

#endif /* DQ_FORMAT_H */
