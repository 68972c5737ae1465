/*
 * session.h
 *	  The settings that step SQL runs under: pinned when a pipeline is
 *	  defined, applied when it runs.
 */
#ifndef DQ_SESSION_H
#define DQ_SESSION_H

#include "utils/jsonb.h"

extern Jsonb *dq_session_pin(void);

/*
 * Settings for one step. Inline they live in a nest level that
 * dq_session_leave ends; in a worker (nested = false) they are set for the
 * session, since a step may commit.
 */
extern int dq_session_enter(Jsonb *pinned, const char *stage_schema,
							bool nested);
extern void dq_session_set(const char *name, const char *value, bool nested);
extern void dq_session_leave(int level);

#endif /* DQ_SESSION_H */
