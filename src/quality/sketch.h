/*
 * sketch.h
 *	  How many different values there are: HyperLogLog of 64-bit hashes.
 *
 * The first DQ_SKETCH_EXACT different hashes are kept themselves, so that
 * small numbers are exact (but for two values that share a 64-bit hash).
 * Beyond, 2^14 registers give the number with a standard error of 0.81 %
 * (1.04 / sqrt(2^14), Flajolet, Fusy, Gandouet, Meunier 2007), estimated as
 * in Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
 * (2017), which needs no table of corrections. Two sketches merge into that
 * of the whole, exactly.
 */
#ifndef DQ_SKETCH_H
#define DQ_SKETCH_H

#include "lib/stringinfo.h"
#include "port/pg_bitutils.h"

#define DQ_SKETCH_BITS 14
#define DQ_SKETCH_REGISTERS (1 << DQ_SKETCH_BITS)
#define DQ_SKETCH_EXACT 1024
#define DQ_SKETCH_ERROR 0.008125 /* 1.04 / sqrt(2^14) */

/* the table of hashes is twice as large, so that chains stay short */
#define DQ_SKETCH_SLOTS (2 * DQ_SKETCH_EXACT)

typedef struct DqSketch
{
	int count; /* hashes in the table; -1: there are registers */
	uint64 *hashes; /* open addressing; 0 is free, and never a hash */
	uint8 *registers;
	uint64 last; /* the hash that was added last */
} DqSketch;

extern void dq_sketch_init(DqSketch *sketch);
extern void dq_sketch_add_few(DqSketch *sketch, uint64 hash);
extern void dq_sketch_merge(DqSketch *into, const DqSketch *from);
extern double dq_sketch_estimate(const DqSketch *sketch);
extern bool dq_sketch_is_exact(const DqSketch *sketch);
extern void dq_sketch_save(const DqSketch *sketch, StringInfo buf);
extern void dq_sketch_load(DqSketch *sketch, StringInfo buf);

/*
 * dq_sketch_mix: a number spread over 64 bits, one to one (the finalizer of
 * MurmurHash3, by Austin Appleby).
 */
static inline uint64
dq_sketch_mix(uint64 x)
{
	x ^= x >> 33;
	x *= UINT64CONST(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64CONST(0xc4ceb9fe1a85ec53);
	x ^= x >> 33;
	return x;
}

extern uint64 dq_sketch_hash(const char *bytes, Size len);

/*
 * dq_sketch_note: put a hash into the registers.
 */
static inline void
dq_sketch_note(DqSketch *sketch, uint64 hash)
{
	int at = (int) (hash >> (64 - DQ_SKETCH_BITS));
	uint64 rest = (hash << DQ_SKETCH_BITS) |
				  (UINT64CONST(1) << (DQ_SKETCH_BITS - 1));
	uint8 rank = (uint8) (64 - pg_leftmost_one_pos64(rest));

	if (sketch->registers[at] < rank)
		sketch->registers[at] = rank;
}

/*
 * dq_sketch_add: count a value by its hash, which must be spread over all
 * bits.
 */
static inline void
dq_sketch_add(DqSketch *sketch, uint64 hash)
{
	if (hash == 0)
		hash = 1; /* as 0 is "none" in the table, and before the first */
	if (hash == sketch->last)
		return;
	sketch->last = hash;
	if (sketch->count < 0)
		dq_sketch_note(sketch, hash);
	else
		dq_sketch_add_few(sketch, hash);
}

#endif /* DQ_SKETCH_H */
