/*
 * keyset.h
 *	  How many different keys are there, and how many of them are shared?
 *
 * A key is given in one of two forms; equal keys must have the same form.
 *
 *	exact	one or two words that are the key: equal words, equal keys
 *	hashed	a hash: equal hashes, candidates
 *
 * and with a reference to its row, whatever that means to the caller. What is
 * said of exact keys is certain. Hashed ones with the same hash come out as
 * candidates, for whoever can look at the rows.
 */
#ifndef DQ_KEYSET_H
#define DQ_KEYSET_H

#include "quality/spool.h"

/* a hashed key */
typedef struct DqKeyCandidate
{
	uint64 hash;
	uint64 ref;
} DqKeyCandidate;

/* some of the things that were found */
typedef struct DqKeyCandidates
{
	MemoryContext context; /* of the keys */
	DqKeyCandidate *keys; /* in no order */
	int count;
	int limit;
	bool exceeded; /* there were more; what is here is not complete */
} DqKeyCandidates;

/* a bit for some hashes: those of candidates, and by chance of others */
typedef struct DqKeyMarks
{
	uint64 mask; /* bits - 1 */
	uint64 bits[FLEXIBLE_ARRAY_MEMBER];
} DqKeyMarks;

/* what comes out; "shared" keys are those of more than one row */
typedef struct DqKeyNumbers
{
	int64 values; /* different keys */
	int64 alone; /* of these, hashed ones that share their hash with none */
	int64 shared_values;
	int64 shared_rows;
	DqKeyCandidates shared; /* these rows; their hashes mean nothing */
	/* rows with equal hashes, not counted in the numbers above */
	DqKeyCandidates unknown;
	int64 hashed_rows; /* all that there are */
	DqKeyMarks *marks; /* of all unknown rows, when these are not complete */
} DqKeyNumbers;

typedef struct DqKeyset
{
	int words; /* of an exact key */
	int bits; /* 2^bits partitions */
	int shift; /* bits of the hash that are used up */
	Size memory;
	DqSpool *spool; /* partitions of exact keys, then those of hashed ones */
} DqKeyset;

/* an empty set; uses about so much memory, whatever it is given */
extern DqKeyset *dq_keyset_create(int words, Size memory);
extern void dq_keyset_free(DqKeyset *set);

/* streams of the spool; exact keys are in the first half */
extern int dq_keyset_streams(const DqKeyset *set);

/* words of a record of the spool: the key, then the reference */
extern int dq_keyset_record_words(const DqKeyset *set, int stream);

/* bytes of marks */
static inline Size
dq_keymarks_size(const DqKeyMarks *marks)
{
	return offsetof(DqKeyMarks, bits) + (marks->mask + 1) / 8;
}

/* may this be the (mixed) hash of a candidate? */
static inline bool
dq_keymarks_has(const DqKeyMarks *marks, uint64 hash)
{
	uint64 at = hash & marks->mask;

	return (marks->bits[at / 64] >> (at % 64) & 1) != 0;
}

/* add what is in the set to numbers that begin as zeros, with limits */
extern void dq_keyset_count(DqKeyset *set, DqKeyNumbers *numbers);

/* one more, unless they are too many */
extern void dq_keyset_note(DqKeyCandidates *list, uint64 hash, uint64 ref);

/* every bit of the result depends on every bit of the word; one to one */
static inline uint64
dq_keyset_mix(uint64 word)
{
	word ^= word >> 33;
	word *= UINT64CONST(0xff51afd7ed558ccd);
	word ^= word >> 33;
	word *= UINT64CONST(0xc4ceb9fe1a85ec53);
	word ^= word >> 33;
	return word;
}

/* where keys with this mixed hash go */
static inline int
dq_keyset_partition(const DqKeyset *set, uint64 mixed)
{
	return (int) ((mixed << set->shift) >> (64 - set->bits));
}

/* a key that is one word, in a set whose exact keys are */
static inline void
dq_keyset_add_word(DqKeyset *set, uint64 word, uint64 ref)
{
	uint64 *record =
		dq_spool_room(set->spool,
					  dq_keyset_partition(set, dq_keyset_mix(word)),
					  2 * sizeof(uint64));

	record[0] = word;
	record[1] = ref;
}

/* a key that is two words, in a set whose exact keys are */
static inline void
dq_keyset_add_words(DqKeyset *set, const uint64 *words, uint64 ref)
{
	uint64 mixed = dq_keyset_mix(dq_keyset_mix(words[0]) + words[1]);
	uint64 *record = dq_spool_room(set->spool,
								   dq_keyset_partition(set, mixed),
								   3 * sizeof(uint64));

	record[0] = words[0];
	record[1] = words[1];
	record[2] = ref;
}

static inline void
dq_keyset_add_hashed(DqKeyset *set, uint64 hash, uint64 ref)
{
	uint64 *record =
		dq_spool_room(set->spool,
					  (1 << set->bits) +
						  dq_keyset_partition(set, dq_keyset_mix(hash)),
					  2 * sizeof(uint64));

	record[0] = hash;
	record[1] = ref;
}

#endif /* DQ_KEYSET_H */
