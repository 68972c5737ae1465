/*
 * keyimage.h
 *	  A key as bytes from which its values can be had again.
 */
#ifndef DQ_KEYIMAGE_H
#define DQ_KEYIMAGE_H

#include "quality/keycolumn.h"

/*
 * How long would the image of the row at hand be? 0 when longer than
 * DQ_KEY_MAX_IMAGE. Makes the columns ready to be written; may leave garbage
 * in the current context. "nulls": some of them may be NULL.
 */
extern int dq_keyimage_size(DqKeyColumn *columns, int n, bool nulls);

/* write it; "image" begins at a multiple of DQ_KEY_ALIGN */
extern void dq_keyimage_write(const DqKeyColumn *columns, int n, bool nulls,
							  char *image);

/*
 * Are the keys of two images that differ equal, by the equality of each type?
 * May leave garbage in the current context.
 */
extern bool dq_keyimage_equal(DqKeyColumn *columns, int n, bool nulls,
							  const char *a, const char *b);

#endif /* DQ_KEYIMAGE_H */
