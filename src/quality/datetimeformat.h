/*
 * datetimeformat.h
 *	  Is a text a date or time as a template of to_timestamp writes it?
 */
#ifndef DQ_DATETIMEFORMAT_H
#define DQ_DATETIMEFORMAT_H

/* 22023, or what the server throws, when the template cannot be used */
extern void dq_datetimeformat_check(text *format, Oid collation);

/*
 * Reading the text by the template and writing it again gives the same text.
 * A time zone in it keeps its offset. No error for any text.
 */
extern bool dq_datetimeformat_matches(text *value, text *format,
									  Oid collation);

#endif /* DQ_DATETIMEFORMAT_H */
