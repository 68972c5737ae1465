/*
 * broken.h
 *	  Texts that cannot be a check, as checks that have an error.
 */
#ifndef DQ_BROKEN_H
#define DQ_BROKEN_H

#include "quality/rule.h"

/*
 * The text as a check without a derived name; when it is none, a check with
 * its error, and as much of its name, type and severity as can be read.
 * Throws only what says nothing about the text.
 */
extern DqCheck *dq_broken_read(const char *text);

#endif /* DQ_BROKEN_H */
