/*
 * jsontext.h
 *	  Is a text JSON? Answered without errors.
 */
#ifndef DQ_JSONTEXT_H
#define DQ_JSONTEXT_H

typedef enum DqJsonText
{
	DQ_JSONTEXT_NO,
	DQ_JSONTEXT_JSON, /* the type json takes it, jsonb does not */
	DQ_JSONTEXT_JSONB /* both do */
} DqJsonText;

/* what the types of the server would say of it; *depth: levels of nesting */
extern DqJsonText dq_jsontext_classify(const char *s, int len, int *depth);

/* a document of type json */
extern bool dq_jsontext_valid(const char *s, int len);

#endif /* DQ_JSONTEXT_H */
