/*
 * format_net.c
 *	  Formats of names and addresses in networks.
 */
#include "postgres.h"

#include "quality/format_parts.h"

/* limits of RFC 1035 and RFC 5321 */
#define MAX_LABEL 63
#define MAX_NAME 253
#define MAX_LOCAL 64
#define MAX_MAILBOX 254

/*
 * scan_labels: how many labels the host name has, 0 when it is none: letters,
 * digits and inner hyphens, not longer than allowed. *numeric tells whether
 * the last one is digits only, which no top-level domain is.
 */
static int
scan_labels(const char *s, int len, bool *numeric)
{
	int labels = 0;
	int start = 0;
	int i;

	if (len > MAX_NAME)
		return 0;
	*numeric = false;
	for (i = 0; i <= len; i++)
	{
		if (i < len && s[i] != '.')
		{
			if (!dq_is_alnum(s[i]) && s[i] != '-')
				return 0;
			continue;
		}
		if (i == start || i - start > MAX_LABEL || s[start] == '-' ||
			s[i - 1] == '-')
			return 0;
		*numeric = dq_are_digits(s + start, i - start);
		labels++;
		start = i + 1;
	}
	return labels;
}

/*
 * dq_format_net_hostname: one label or several.
 */
bool
dq_format_net_hostname(const char *s, int len)
{
	bool numeric;

	return scan_labels(s, len, &numeric) > 0 && !numeric;
}

/*
 * dq_format_net_domain: at least two labels.
 */
bool
dq_format_net_domain(const char *s, int len)
{
	bool numeric;

	return scan_labels(s, len, &numeric) > 1 && !numeric;
}

/*
 * dq_format_net_email: dot-string, @, domain. Neither quoted strings nor
 * address literals nor comments, which no mail provider hands out.
 */
bool
dq_format_net_email(const char *s, int len)
{
	const char *at = memchr(s, '@', len);
	int local = at ? at - s : 0;
	int i;

	if (local == 0 || local > MAX_LOCAL || len > MAX_MAILBOX)
		return false;
	if (s[0] == '.' || s[local - 1] == '.')
		return false;
	for (i = 0; i < local; i++)
	{
		if (s[i] == '.' && s[i + 1] == '.')
			return false;
		if (!dq_is_alnum(s[i]) &&
			(s[i] == '\0' || strchr(".!#$%&'*+-/=?^_`{|}~", s[i]) == NULL))
			return false;
	}
	return dq_format_net_domain(at + 1, len - local - 1);
}

/*
 * dq_format_net_ipv4: four decimal numbers without leading zeros.
 */
bool
dq_format_net_ipv4(const char *s, int len)
{
	int octet;
	int i = 0;

	for (octet = 0; octet < 4; octet++)
	{
		int start;

		if (octet > 0 && (i >= len || s[i++] != '.'))
			return false;
		start = i;
		while (i < len && i - start < 4 && dq_is_digit(s[i]))
			i++;
		if (i == start || i - start > 3 || (i - start > 1 && s[start] == '0'))
			return false;
		if (dq_digits_value(s + start, i - start) > 255)
			return false;
	}
	return i == len;
}

/*
 * dq_format_net_ipv6: the forms of RFC 4291 section 2.2, without a zone.
 */
bool
dq_format_net_ipv6(const char *s, int len)
{
	bool gap = false;
	int groups = 0;
	int i = 0;

	if (len >= 2 && s[0] == ':' && s[1] == ':')
	{
		gap = true;
		i = 2;
	}
	while (i < len)
	{
		int start = i;

		while (i < len && dq_is_hex(s[i]))
			i++;
		if (i < len && s[i] == '.' && groups <= 6 &&
			dq_format_net_ipv4(s + start, len - start))
		{
			groups += 2;
			break;
		}
		if (i == start || i - start > 4)
			return false;
		groups++;
		if (i == len)
			break;
		if (s[i++] != ':' || i == len)
			return false;
		if (s[i] == ':')
		{
			if (gap)
				return false;
			gap = true;
			i++;
		}
	}
	return gap ? groups <= 7 : groups == 8;
}

/*
 * dq_format_net_ip: of either version.
 */
bool
dq_format_net_ip(const char *s, int len)
{
	return dq_format_net_ipv4(s, len) || dq_format_net_ipv6(s, len);
}

/*
 * is_block: an address, a slash and a prefix length without leading zeros;
 * bits to the right of the prefix are zero only in the type cidr.
 */
static bool
is_block(const char *s, int len, bool (*address)(const char *, int),
		 int max_prefix)
{
	const char *slash = memchr(s, '/', len);
	int digits;

	if (slash == NULL)
		return false;
	digits = len - (slash - s) - 1;
	return digits >= 1 && digits <= 3 && dq_are_digits(slash + 1, digits) &&
		   (digits == 1 || slash[1] != '0') &&
		   dq_digits_value(slash + 1, digits) <= max_prefix &&
		   address(s, slash - s);
}

/*
 * dq_format_net_ipv4_cidr: a block of addresses.
 */
bool
dq_format_net_ipv4_cidr(const char *s, int len)
{
	return is_block(s, len, dq_format_net_ipv4, 32);
}

/*
 * dq_format_net_ipv6_cidr: a block of addresses.
 */
bool
dq_format_net_ipv6_cidr(const char *s, int len)
{
	return is_block(s, len, dq_format_net_ipv6, 128);
}

/*
 * dq_format_net_cidr: of either version.
 */
bool
dq_format_net_cidr(const char *s, int len)
{
	return dq_format_net_ipv4_cidr(s, len) || dq_format_net_ipv6_cidr(s, len);
}

/*
 * dq_format_net_mac: 48 bits; pairs with : or -, fours with a dot, or plain.
 */
bool
dq_format_net_mac(const char *s, int len)
{
	int every = len == 17 ? 3 : (len == 14 ? 5 : 0);
	int i;

	if (len != 17 && len != 14 && len != 12)
		return false;
	if (len == 17 && s[2] != ':' && s[2] != '-')
		return false;
	if (len == 14 && s[4] != '.')
		return false;
	for (i = 0; i < len; i++)
	{
		if (every > 0 && i % every == every - 1)
		{
			if (s[i] != s[every - 1])
				return false;
		}
		else if (!dq_is_hex(s[i]))
			return false;
	}
	return true;
}
