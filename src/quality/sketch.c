/*
 * sketch.c
 *	  How many different values there are: HyperLogLog of 64-bit hashes.
 *
 * Everything is allocated in the memory context that was current when the
 * sketch was made.
 */
#include "postgres.h"

#include <math.h>

#include "libpq/pqformat.h"
#include "quality/sketch.h"
#include "utils/float.h"
#include "utils/memutils.h"

/* ranks go from 0 to this and one more */
#define RANKS (64 - DQ_SKETCH_BITS)

/*
 * dq_sketch_init: nothing seen yet.
 */
void
dq_sketch_init(DqSketch *sketch)
{
	sketch->count = 0;
	sketch->last = 0;
	sketch->hashes = palloc0(sizeof(uint64) * DQ_SKETCH_SLOTS);
	sketch->registers = NULL;
}

/*
 * dq_sketch_hash: bytes spread over 64 bits (MurmurHash64A, by Austin
 * Appleby).
 */
uint64
dq_sketch_hash(const char *bytes, Size len)
{
	const uint64 m = UINT64CONST(0xc6a4a7935bd1e995);
	uint64 h = len * m;
	uint64 k;

	for (; len >= 8; bytes += 8, len -= 8)
	{
		memcpy(&k, bytes, 8);
		k *= m;
		k ^= k >> 47;
		h = (h ^ (k * m)) * m;
	}
	if (len > 0)
	{
		k = 0;
		memcpy(&k, bytes, len);
		h = (h ^ k) * m;
	}
	return dq_sketch_mix(h);
}

/*
 * grow: go over from the table of hashes to registers.
 */
static void
grow(DqSketch *sketch)
{
	int i;

	sketch->registers = MemoryContextAllocZero(
		GetMemoryChunkContext(sketch->hashes), DQ_SKETCH_REGISTERS);
	sketch->count = -1;
	for (i = 0; i < DQ_SKETCH_SLOTS; i++)
	{
		if (sketch->hashes[i] != 0)
			dq_sketch_note(sketch, sketch->hashes[i]);
	}
	pfree(sketch->hashes);
	sketch->hashes = NULL;
}

/*
 * dq_sketch_add_few: put a hash into the table while there is one.
 */
void
dq_sketch_add_few(DqSketch *sketch, uint64 hash)
{
	uint32 at = (uint32) (hash >> 40) % DQ_SKETCH_SLOTS;

	while (sketch->hashes[at] != 0)
	{
		if (sketch->hashes[at] == hash)
			return;
		at = (at + 1) % DQ_SKETCH_SLOTS;
	}
	sketch->hashes[at] = hash;
	if (++sketch->count > DQ_SKETCH_EXACT)
		grow(sketch);
}

/*
 * dq_sketch_merge: the sketch of both.
 */
void
dq_sketch_merge(DqSketch *into, const DqSketch *from)
{
	int i;

	if (from->count >= 0)
	{
		for (i = 0; i < DQ_SKETCH_SLOTS; i++)
		{
			if (from->hashes[i] != 0)
				dq_sketch_add(into, from->hashes[i]);
		}
		return;
	}
	if (into->count >= 0)
		grow(into);
	for (i = 0; i < DQ_SKETCH_REGISTERS; i++)
		into->registers[i] = Max(into->registers[i], from->registers[i]);
}

/*
 * sigma: the part of registers that nothing has reached; Ertl 2017.
 */
static double
sigma(double x)
{
	double y = 1;
	double z = x;
	double before;

	if (x == 1)
		return get_float8_infinity();
	do
	{
		x *= x;
		before = z;
		z += x * y;
		y += y;
	} while (z != before);
	return z;
}

/*
 * tau: the part of registers that are full; Ertl 2017.
 */
static double
tau(double x)
{
	double y = 1;
	double z = 1 - x;
	double before;

	if (x == 0 || x == 1)
		return 0;
	do
	{
		x = sqrt(x);
		before = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z != before);
	return z / 3;
}

/*
 * dq_sketch_estimate: how many different values were added.
 */
double
dq_sketch_estimate(const DqSketch *sketch)
{
	const double m = DQ_SKETCH_REGISTERS;
	int counts[RANKS + 2] = {0};
	double z;
	int i;

	if (sketch->count >= 0)
		return sketch->count;
	for (i = 0; i < DQ_SKETCH_REGISTERS; i++)
		counts[sketch->registers[i]]++;
	z = m * tau(1 - counts[RANKS + 1] / m);
	for (i = RANKS; i >= 1; i--)
		z = 0.5 * (z + counts[i]);
	z += m * sigma(counts[0] / m);
	return rint(m * m / (2 * log(2.0) * z));
}

/*
 * dq_sketch_is_exact: is the estimate the number itself?
 */
bool
dq_sketch_is_exact(const DqSketch *sketch)
{
	return sketch->count >= 0;
}

/*
 * dq_sketch_save: append the sketch to a message.
 */
void
dq_sketch_save(const DqSketch *sketch, StringInfo buf)
{
	int i;

	pq_sendint32(buf, (uint32) sketch->count);
	if (sketch->count < 0)
	{
		pq_sendbytes(buf, (char *) sketch->registers, DQ_SKETCH_REGISTERS);
		return;
	}
	for (i = 0; i < DQ_SKETCH_SLOTS; i++)
	{
		if (sketch->hashes[i] != 0)
			pq_sendint64(buf, sketch->hashes[i]);
	}
}

/*
 * dq_sketch_load: read what dq_sketch_save wrote.
 */
void
dq_sketch_load(DqSketch *sketch, StringInfo buf)
{
	int count = (int) pq_getmsgint(buf, 4);
	int i;

	dq_sketch_init(sketch);
	if (count < 0)
	{
		const char *registers = pq_getmsgbytes(buf, DQ_SKETCH_REGISTERS);

		grow(sketch);
		for (i = 0; i < DQ_SKETCH_REGISTERS; i++)
			sketch->registers[i] = Min((uint8) registers[i], RANKS + 1);
		return;
	}
	for (i = 0; i < count; i++)
		dq_sketch_add(sketch, (uint64) pq_getmsgint64(buf));
}
