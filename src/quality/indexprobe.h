/*
 * indexprobe.h
 *	  Checks that a few descents of an index answer.
 */
#ifndef DQ_INDEXPROBE_H
#define DQ_INDEXPROBE_H

#include "quality/shape.h"

/* strategy "probe" */
extern bool dq_indexprobe_applies(const DqSource *source, DqProbe *probe);
extern void dq_indexprobe_answer(const DqSource *source, List *probes);

#endif /* DQ_INDEXPROBE_H */
