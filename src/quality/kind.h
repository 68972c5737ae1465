/*
 * kind.h
 *	  The kinds of values that a profile tells apart, by the type of a column.
 */
#ifndef DQ_KIND_H
#define DQ_KIND_H

#include "access/tupdesc.h"
#include "fmgr.h"

typedef enum DqKindClass
{
	DQ_KIND_INTEGER, /* int2, int4, int8 */
	DQ_KIND_FLOAT, /* float4, float8 */
	DQ_KIND_NUMERIC,
	DQ_KIND_BOOL,
	DQ_KIND_TIME, /* date, time, timestamp, timestamptz: integers, too */
	DQ_KIND_TEXT, /* text, varchar, char(n) */
	DQ_KIND_OTHER
} DqKindClass;

/* a value in the form that its kind computes with */
typedef union DqScalar
{
	int64 i; /* INTEGER, BOOL, TIME */
	double f; /* FLOAT */
	Datum d; /* NUMERIC, TEXT, OTHER */
} DqScalar;

typedef struct DqKind
{
	DqKindClass class;
	Oid type; /* below all domains */
	Oid collation;
	int16 typlen;
	bool typbyval;
	bool bytewise; /* texts: ordered by their bytes */
	bool same_bytes; /* texts: equal when their bytes are */
	bool can_hash;
	bool can_order;
	bool parallel_safe; /* its functions are */
	Oid less; /* the operator, when can_order */
	FmgrInfo hash; /* with a seed; OTHER, and TEXT without same_bytes */
	FmgrInfo compare; /* OTHER, and TEXT when not by bytes */
	FmgrInfo output;
} DqKind;

extern void dq_kind_init(DqKind *kind, Oid type, Oid collation);

/* is the kind a number or a time: has it quantiles and a histogram? */
#define dq_kind_is_measure(k)         \
	((k)->class == DQ_KIND_INTEGER || \
	 (k)->class == DQ_KIND_FLOAT ||   \
	 (k)->class == DQ_KIND_NUMERIC || \
	 (k)->class == DQ_KIND_TIME)
#define dq_kind_is_number(k) \
	(dq_kind_is_measure(k) && (k)->class != DQ_KIND_TIME)
/* is a scalar of the kind a pointer? */
#define dq_kind_by_reference(k)       \
	((k)->class == DQ_KIND_NUMERIC || \
	 (k)->class == DQ_KIND_TEXT ||    \
	 ((k)->class == DQ_KIND_OTHER && !(k)->typbyval))

extern DqScalar dq_kind_scalar(const DqKind *kind, Datum value);
extern Datum dq_kind_datum(const DqKind *kind, DqScalar value);
extern int dq_kind_compare(DqKind *kind, DqScalar a, DqScalar b);
extern double dq_kind_double(const DqKind *kind, DqScalar value);
extern double dq_kind_seconds(const DqKind *kind, double value);
extern double dq_kind_span(const DqKind *kind, double value);
extern DqScalar dq_kind_copy(const DqKind *kind, DqScalar value);
extern char *dq_kind_text(DqKind *kind, DqScalar value);
extern char *dq_kind_datum_text(DqKind *kind, Datum value);

#endif /* DQ_KIND_H */
