/*
 * keystate.h
 *	  What a process knows about the keys of the rows that it was fed.
 */
#ifndef DQ_KEYSTATE_H
#define DQ_KEYSTATE_H

#include "quality/keyform.h"

typedef struct DqKeyState
{
	MemoryContext context;
	DqKeyTarget target;
	int64 scope; /* rows within the filter */
	int64 nulls; /* of these, with a key that counts as NULL */
	int64 tested; /* of these, not left out because of a NULL */
	int64 null_keys; /* keys of one column that are NULL and equal */
	DqKeyCandidates null_rows; /* that fail, or do if there are several */
	Oid *tables; /* that references mean by their upper 16 bits */
	int n_tables;
	int space;
	bool too_many_tables; /* some references are wrong */
	int *table_map; /* leader: numbers that a worker gave to ours */
} DqKeyState;

typedef void (*DqKeyStateWrite)(void *arg, const char *bytes, Size len);

/* the number of a table, new or not; 0 when there are too many */
extern int dq_keystate_table(DqKeyState *state, Oid relid);

/* a worker's state in pieces; and one of them into the leader's */
extern void dq_keystate_save(DqKeyState *state, DqKeyStateWrite write,
							 void *arg);
extern void dq_keystate_merge(DqKeyState *state, const char *bytes, Size len);

#endif /* DQ_KEYSTATE_H */
