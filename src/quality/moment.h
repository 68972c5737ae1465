/*
 * moment.h
 *	  Points in time: columns of dates and time stamps, and what time it is.
 */
#ifndef DQ_MOMENT_H
#define DQ_MOMENT_H

#include "quality/shape.h"

/* 42804 when the column holds no dates or time stamps */
extern void dq_moment_require(const DqColumn *column);

/*
 * The column as timestamptz: dates and time stamps without a time zone are
 * local times of the check's option "timezone", or of the session.
 */
extern char *dq_moment_instant(const DqCheck *check, const DqColumn *column);

/* the column as local time stamp in that zone */
extern char *dq_moment_local(const DqCheck *check, const DqColumn *column);

/* 'zone', or the setting of the session, as an SQL text */
extern char *dq_moment_zone(const DqCheck *check);

/* what time it is for the check: option "as_of"; SQL of timestamptz */
extern char *dq_moment_now(const DqCheck *check);

/* validate: "timezone" and "as_of" (22023, 22007, 22008) */
extern void dq_moment_check(DqCheck *check);

/* 22007 when it is no timestamp; "what" names the option */
extern void dq_moment_check_literal(const DqCheck *check, const char *option);

#endif /* DQ_MOMENT_H */
