/*
 * numbertext.h
 *	  Would the type numeric take a text? Answered without errors.
 */
#ifndef DQ_NUMBERTEXT_H
#define DQ_NUMBERTEXT_H

/*
 * As PostgreSQL 15 reads it: decimal digits, no underscores. typmod as of
 * numeric(p,s), -1 for none.
 */
extern bool dq_numbertext_is_numeric(const char *s, int len, int32 typmod);

#endif /* DQ_NUMBERTEXT_H */
