/*
 * proof.h
 *	  Checks that constraints and types answer without a look at the rows.
 */
#ifndef DQ_PROOF_H
#define DQ_PROOF_H

#include "quality/shape.h"

/* strategy "proof" */
extern bool dq_proof_applies(const DqSource *source, DqProbe *probe);
extern void dq_proof_answer(const DqSource *source, List *probes);

#endif /* DQ_PROOF_H */
