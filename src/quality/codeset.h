/*
 * codeset.h
 *	  Sets of characters, as ranges of their codes.
 *
 * A code is what the server's regular expressions see: a code point in UTF-8,
 * a byte in a single-byte encoding.
 */
#ifndef DQ_CODESET_H
#define DQ_CODESET_H

typedef struct DqCodeRange
{
	uint32 first;
	uint32 last;
} DqCodeRange;

typedef struct DqCodeset
{
	DqCodeRange *ranges; /* in order, apart, once it is settled */
	int count;
	int space;
	bool settled;
	bool high_unknown; /* codes from 128 on: the core knows */
} DqCodeset;

extern uint32 dq_codeset_last_code(void);
extern DqCodeset *dq_codeset_new(void);
extern DqCodeset *dq_codeset_class(Oid collation, const char *atom);
extern void dq_codeset_add(DqCodeset *set, uint32 first, uint32 last);
extern void dq_codeset_add_set(DqCodeset *set, const DqCodeset *other);
extern void dq_codeset_settle(DqCodeset *set);
extern DqCodeset *dq_codeset_complement(DqCodeset *set);

#endif /* DQ_CODESET_H */
