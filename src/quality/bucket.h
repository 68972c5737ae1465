/*
 * bucket.h
 *	  Rows in buckets of time: a query that leaves out no bucket.
 */
#ifndef DQ_BUCKET_H
#define DQ_BUCKET_H

#include "quality/shape.h"

/* the options of buckets, as the first in a table of options */
#define DQ_BUCKET_UNITS "day|hour|minute|week|month|quarter|year"
#define DQ_BUCKET_OPTIONS                                                  \
	{"every", DQ_OPTION_WORD, false, DQ_BUCKET_UNITS,                      \
	 "the length of a bucket, default day"},                               \
		{"from", DQ_OPTION_TEXT, false, NULL,                              \
		 "local time in the first bucket; default: the first row's"},      \
		{"until", DQ_OPTION_TEXT, false, NULL,                             \
		 "local time after the last bucket; default: after the last row"}, \
	{                                                                      \
		"timezone", DQ_OPTION_TEXT, false, NULL,                           \
			"where days begin; default: the time zone of the session"      \
	}

/* validate: these */
extern void dq_bucket_check(DqCheck *check);

/* DqRuleType.metric of dq_shape_found */
extern void dq_bucket_continuity(StringInfo buf, const DqProbe *probe);
extern void dq_bucket_rows(StringInfo buf, const DqProbe *probe);

#endif /* DQ_BUCKET_H */
