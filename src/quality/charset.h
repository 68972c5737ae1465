/*
 * charset.h
 *	  Sets of characters: is every character of a text in one?
 */
#ifndef DQ_CHARSET_H
#define DQ_CHARSET_H

typedef struct DqCharset DqCharset;

/*
 * The set of a name, or of a list in brackets such as "[a-z0-9_äöü]"; 22023
 * when it is neither. In the current memory context.
 */
extern DqCharset *dq_charset_get(const char *name);

/* is every character in the set? So it is for the empty text. */
extern bool dq_charset_matches(const DqCharset *set, const char *bytes,
							   int len);

#endif /* DQ_CHARSET_H */
