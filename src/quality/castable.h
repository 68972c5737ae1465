/*
 * castable.h
 *	  Would a type take a text? Answered without an error per value.
 *
 * The question is that of pg_input_is_valid (PostgreSQL 16): does the input
 * function of the type, with its modifier and the constraints of a domain,
 * accept the text, as in COPY? On 15, where input functions can only throw,
 * exact recognisers answer for the usual types, and a subtransaction, with a
 * memory of recent values, for the rest; later, for types whose functions
 * still throw.
 */
#ifndef DQ_CASTABLE_H
#define DQ_CASTABLE_H

#include "nodes/nodes.h"

typedef enum DqAnswer
{
	DQ_NO,
	DQ_YES,
	DQ_UNSURE /* ask the input function */
} DqAnswer;

/* s ends with a zero byte at s[len] */
typedef DqAnswer (*DqCastRecogniser)(const char *s, int len, int32 typmod);

typedef struct DqCastTarget DqCastTarget;

/*
 * The type of this name, with a modifier perhaps, made ready in the current
 * memory context; what the parser throws when there is none (42704).
 */
extern DqCastTarget *dq_castable_target(const char *type);

/*
 * May throw what says nothing about the value, such as out of memory; starts
 * subtransactions, so not in parallel mode.
 */
extern bool dq_castable_test(DqCastTarget *target, const char *s, int len);

/*
 * Is this etl.castable() of a type for which the test never starts one? Then
 * it is safe in parallel mode, whatever is said of the function as a whole.
 */
extern bool dq_castable_is_sure_call(Node *node);

/* castable_types.c: the recogniser of a base type, or NULL */
extern DqCastRecogniser dq_castable_types_find(Oid type);

/* castable_time.c */
extern DqAnswer dq_castable_time_date(const char *s, int len, int32 typmod);
extern DqAnswer dq_castable_time_time(const char *s, int len, int32 typmod);
extern DqAnswer dq_castable_time_timestamp(const char *s, int len,
										   int32 typmod);
extern DqAnswer dq_castable_time_timestamptz(const char *s, int len,
											 int32 typmod);
extern DqAnswer dq_castable_time_interval(const char *s, int len,
										  int32 typmod);

#endif /* DQ_CASTABLE_H */
