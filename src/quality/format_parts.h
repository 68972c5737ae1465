/*
 * format_parts.h
 *	  The recognisers of format.c, each in the file of its subject.
 *
 * They look at bytes only: no allocation, no error, no locale. "len" is above
 * zero. Whatever is not said in the description in format.c is in the comment
 * of the function.
 */
#ifndef DQ_FORMAT_PARTS_H
#define DQ_FORMAT_PARTS_H

/* ASCII, whatever the locale says */
static inline bool
dq_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
dq_is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool
dq_is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool
dq_is_alpha(char c)
{
	return dq_is_upper(c) || dq_is_lower(c);
}

static inline bool
dq_is_alnum(char c)
{
	return dq_is_alpha(c) || dq_is_digit(c);
}

static inline bool
dq_is_hex(char c)
{
	return dq_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* are the first n characters digits? */
static inline bool
dq_are_digits(const char *s, int n)
{
	int i;

	for (i = 0; i < n; i++)
	{
		if (!dq_is_digit(s[i]))
			return false;
	}
	return true;
}

/* the number that n digits are; n is below 10 */
static inline int
dq_digits_value(const char *s, int n)
{
	int value = 0;
	int i;

	for (i = 0; i < n; i++)
		value = value * 10 + (s[i] - '0');
	return value;
}

/* format_net.c */
extern bool dq_format_net_email(const char *s, int len);
extern bool dq_format_net_hostname(const char *s, int len);
extern bool dq_format_net_domain(const char *s, int len);
extern bool dq_format_net_ipv4(const char *s, int len);
extern bool dq_format_net_ipv6(const char *s, int len);
extern bool dq_format_net_ip(const char *s, int len);
extern bool dq_format_net_ipv4_cidr(const char *s, int len);
extern bool dq_format_net_ipv6_cidr(const char *s, int len);
extern bool dq_format_net_cidr(const char *s, int len);
extern bool dq_format_net_mac(const char *s, int len);

/* format_uri.c */
extern bool dq_format_uri_url(const char *s, int len);
extern bool dq_format_uri_uri(const char *s, int len);

/* format_text.c */
extern bool dq_format_text_uuid(const char *s, int len);
extern bool dq_format_text_ulid(const char *s, int len);
extern bool dq_format_text_e164(const char *s, int len);
extern bool dq_format_text_slug(const char *s, int len);
extern bool dq_format_text_semver(const char *s, int len);
extern bool dq_format_text_base64(const char *s, int len);
extern bool dq_format_text_base64url(const char *s, int len);
extern bool dq_format_text_jwt(const char *s, int len);
extern bool dq_format_text_hex(const char *s, int len);
extern bool dq_format_text_md5(const char *s, int len);
extern bool dq_format_text_sha1(const char *s, int len);
extern bool dq_format_text_sha256(const char *s, int len);
extern bool dq_format_text_sha512(const char *s, int len);
extern bool dq_format_text_hex_color(const char *s, int len);
extern bool dq_format_text_integer(const char *s, int len);
extern bool dq_format_text_decimal(const char *s, int len);
extern bool dq_format_text_latitude(const char *s, int len);
extern bool dq_format_text_longitude(const char *s, int len);

/* format_digits.c: numbers with check digits */
extern bool dq_format_digits_card_number(const char *s, int len);
extern bool dq_format_digits_luhn(const char *s, int len);
extern bool dq_format_digits_isbn10(const char *s, int len);
extern bool dq_format_digits_isbn13(const char *s, int len);
extern bool dq_format_digits_isbn(const char *s, int len);
extern bool dq_format_digits_issn(const char *s, int len);
extern bool dq_format_digits_ean8(const char *s, int len);
extern bool dq_format_digits_ean13(const char *s, int len);
extern bool dq_format_digits_ean(const char *s, int len);
extern bool dq_format_digits_gtin(const char *s, int len);
extern bool dq_format_digits_isin(const char *s, int len);
extern bool dq_format_digits_lei(const char *s, int len);
extern bool dq_format_digits_iban(const char *s, int len);

/* format_codes.c: lists of codes */
extern bool dq_format_codes_country_alpha2(const char *s, int len);
extern bool dq_format_codes_country_alpha3(const char *s, int len);
extern bool dq_format_codes_country_numeric(const char *s, int len);
extern bool dq_format_codes_currency(const char *s, int len);
extern bool dq_format_codes_language(const char *s, int len);
extern bool dq_format_codes_language_alpha3(const char *s, int len);
extern bool dq_format_codes_bic(const char *s, int len);

/* format_zone.c */
extern bool dq_format_zone_iana(const char *s, int len);

/* format_time.c */
extern bool dq_format_time_iso_date(const char *s, int len);
extern bool dq_format_time_iso_time(const char *s, int len);
extern bool dq_format_time_iso_timestamp(const char *s, int len);
extern bool dq_format_time_rfc3339(const char *s, int len);
extern bool dq_format_time_iso_month(const char *s, int len);
extern bool dq_format_time_iso_week(const char *s, int len);
extern bool dq_format_time_iso_duration(const char *s, int len);
extern bool dq_format_time_basic_date(const char *s, int len);
extern bool dq_format_time_us_date(const char *s, int len);
extern bool dq_format_time_european_date(const char *s, int len);

/* not a format of its own: the time of RFC 3339, with its offset */
extern bool dq_format_time_full_time(const char *s, int len);

#endif /* DQ_FORMAT_PARTS_H */
