/*
 * sample.h
 *	  Failing rows.
 */
#ifndef DQ_SAMPLE_H
#define DQ_SAMPLE_H

#include "quality/shape.h"

extern Jsonb *dq_sample_rows(const DqProbe *probe, int count);
extern Jsonb *dq_sample_top(const DqProbe *probe);

#endif /* DQ_SAMPLE_H */
