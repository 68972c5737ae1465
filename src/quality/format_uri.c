/*
 * format_uri.c
 *	  Formats of RFC 3986.
 */
#include "postgres.h"

#include "quality/format_parts.h"

/*
 * are_chars: only unreserved characters, sub-delims, what "extra" lists, and
 * percent signs that two hexadecimal digits follow?
 */
static bool
are_chars(const char *s, int len, const char *extra)
{
	int i;

	for (i = 0; i < len; i++)
	{
		if (dq_is_alnum(s[i]))
			continue;
		if (s[i] == '%')
		{
			if (i + 2 >= len || !dq_is_hex(s[i + 1]) || !dq_is_hex(s[i + 2]))
				return false;
			i += 2;
		}
		else if (s[i] == '\0' || (strchr("-._~!$&'()*+,;=", s[i]) == NULL &&
								  strchr(extra, s[i]) == NULL))
			return false;
	}
	return true;
}

/*
 * is_port: digits up to 65535, or nothing.
 */
static bool
is_port(const char *s, int len)
{
	return len == 0 || (len <= 5 && dq_are_digits(s, len) &&
						dq_digits_value(s, len) <= 65535);
}

/*
 * is_bracketed: the inside of [] as a host: an IPv6 address.
 */
static bool
is_bracketed(const char *s, int len)
{
	return len > 0 && dq_format_net_ipv6(s, len);
}

/*
 * is_web_host: a name (underscores are seen in practice), an IPv4 address.
 */
static bool
is_web_host(const char *s, int len)
{
	int last = len;
	int i;
	int start = 0;

	if (len > 0 && s[len - 1] == '.')
		len--; /* the root is named */
	if (len == 0 || len > 253)
		return false;
	for (i = 0; i <= len; i++)
	{
		if (i == len || s[i] == '.')
		{
			if (i == start || i - start > 63 || s[start] == '-' ||
				s[i - 1] == '-')
				return false;
			last = start;
			start = i + 1;
		}
		else if (!dq_is_alnum(s[i]) && s[i] != '-' && s[i] != '_')
			return false;
	}
	if (dq_are_digits(s + last, len - last))
		return dq_format_net_ipv4(s, len);
	return true;
}

/*
 * is_authority: userinfo@host:port. "web": the host is one of the Internet,
 * not whatever a scheme calls so.
 */
static bool
is_authority(const char *s, int len, bool web)
{
	const char *at = memchr(s, '@', len);
	const char *end = s + len;
	const char *colon;

	if (at != NULL)
	{
		if (!are_chars(s, at - s, ":"))
			return false;
		s = at + 1;
	}
	if (s < end && *s == '[')
	{
		const char *close = memchr(s, ']', end - s);

		if (close == NULL || !is_bracketed(s + 1, close - s - 1))
			return false;
		return close + 1 == end ||
			   (close[1] == ':' && is_port(close + 2, end - close - 2));
	}
	colon = memchr(s, ':', end - s);
	if (colon != NULL)
	{
		if (!is_port(colon + 1, end - colon - 1))
			return false;
		end = colon;
	}
	return web ? is_web_host(s, end - s) : are_chars(s, end - s, "");
}

/*
 * is_tail: path, ?query, #fragment.
 */
static bool
is_tail(const char *s, int len)
{
	const char *hash = memchr(s, '#', len);
	int before = hash ? hash - s : len;
	const char *question = memchr(s, '?', before);
	int path = question ? question - s : before;

	if (hash != NULL && !are_chars(hash + 1, len - before - 1, ":@/?"))
		return false;
	if (question != NULL && !are_chars(question + 1, before - path - 1,
									   ":@/?"))
		return false;
	return are_chars(s, path, ":@/");
}

/*
 * is_hierarchy: what follows "scheme:", when it is "//authority/path?x#y".
 */
static bool
is_hierarchy(const char *s, int len, bool web)
{
	int end = 2;

	while (end < len && s[end] != '/' && s[end] != '?' && s[end] != '#')
		end++;
	return is_authority(s + 2, end - 2, web) && is_tail(s + end, len - end);
}

/*
 * dq_format_uri_url: of a web page or file, absolute.
 */
bool
dq_format_uri_url(const char *s, int len)
{
	static const char *const schemes[] = {"http:", "https:", "ftp:"};
	int i;

	for (i = 0; i < lengthof(schemes); i++)
	{
		int n = strlen(schemes[i]);

		if (len > n + 2 && pg_strncasecmp(s, schemes[i], n) == 0)
			return s[n] == '/' && s[n + 1] == '/' &&
				   is_hierarchy(s + n, len - n, true);
	}
	return false;
}

/*
 * dq_format_uri_uri: of any scheme.
 */
bool
dq_format_uri_uri(const char *s, int len)
{
	int n = 1;

	if (!dq_is_alpha(s[0]))
		return false;
	while (n < len && (dq_is_alnum(s[n]) || s[n] == '+' || s[n] == '-' ||
					   s[n] == '.'))
		n++;
	if (n == len || s[n] != ':')
		return false;
	n++;
	if (len - n >= 2 && s[n] == '/' && s[n + 1] == '/')
		return is_hierarchy(s + n, len - n, false);
	return is_tail(s + n, len - n);
}
