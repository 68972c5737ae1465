/*
 * narrow.h
 *	  Does every value of one type fit into another as it is?
 */
#ifndef DQ_NARROW_H
#define DQ_NARROW_H

#include "postgres_ext.h"

/*
 * May a value be cut, rounded or refused on its way from one type to another,
 * which an INSERT would convert? An implicit conversion of the server counts
 * as harmless, and so does what a domain or a type of an extension makes of a
 * value.
 */
extern bool dq_narrow_loses(Oid from, int32 from_typmod, Oid to,
							int32 to_typmod);

/* does the type have room for all of the other, and not the other way round? */
extern bool dq_narrow_is_wider(Oid type, int32 typmod, Oid other,
							   int32 other_typmod);

#endif /* DQ_NARROW_H */
