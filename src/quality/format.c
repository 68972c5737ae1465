/*
 * format.c
 *	  The table of formats.
 *
 * Each row is a promise: what is accepted is what the description says, byte
 * by byte, in every locale. Where a standard leaves room, the description
 * says which part of it is meant.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "base/suggest.h"
#include "quality/format.h"
#include "quality/format_parts.h"
#include "quality/jsontext.h"

static const DqFormat formats[] = {
	{"email", NULL,
	 "mailbox: dot-string of at most 64 bytes, @, domain; no quoted strings, comments or address literals",
	 "RFC 5321", dq_format_net_email},
	{"url", NULL,
	 "absolute URL of scheme http, https or ftp with a host, in ASCII",
	 "RFC 3986", dq_format_uri_url},
	{"uri", NULL, "absolute URI of any scheme, in ASCII", "RFC 3986",
	 dq_format_uri_uri},
	{"hostname", NULL,
	 "labels of letters, digits and inner hyphens, of at most 63 bytes, the last not only digits",
	 "RFC 1123", dq_format_net_hostname},
	{"domain", NULL, "hostname of at least two labels", "RFC 1123",
	 dq_format_net_domain},
	{"ip", NULL, "IPv4 or IPv6 address", "RFC 791, RFC 4291",
	 dq_format_net_ip},
	{"ipv4", NULL, "four decimal numbers without leading zeros",
	 "RFC 791, RFC 6943", dq_format_net_ipv4},
	{"ipv6", NULL,
	 "full, shortened or with an IPv4 address at its end; no zone",
	 "RFC 4291", dq_format_net_ipv6},
	{"cidr", NULL, "IPv4 or IPv6 address and the length of a prefix",
	 "RFC 4632, RFC 4291", dq_format_net_cidr},
	{"ipv4_cidr", NULL, "IPv4 address, slash, 0 to 32", "RFC 4632",
	 dq_format_net_ipv4_cidr},
	{"ipv6_cidr", NULL, "IPv6 address, slash, 0 to 128", "RFC 4291",
	 dq_format_net_ipv6_cidr},
	{"mac", NULL,
	 "48 bits: pairs of hexadecimal digits with colons or hyphens, fours with dots, or 12 digits",
	 "IEEE 802", dq_format_net_mac},
	{"uuid", NULL, "8-4-4-4-12 hexadecimal digits in either case",
	 "RFC 9562", dq_format_text_uuid},
	{"ulid", NULL, "26 digits of Crockford's base 32, at most 128 bits",
	 "ULID specification", dq_format_text_ulid},
	{"e164", "phone",
	 "international number: plus sign and 7 to 15 digits, the first not 0",
	 "ITU-T E.164", dq_format_text_e164},
	{"iban", NULL,
	 "electronic form in upper case: length and kinds of characters of the country, check digits",
	 "ISO 13616", dq_format_digits_iban},
	{"bic", "swift",
	 "8 or 11 upper-case letters and digits with a country at the fifth",
	 "ISO 9362", dq_format_codes_bic},
	{"card_number", "credit_card", "12 to 19 digits with check digit",
	 "ISO/IEC 7812", dq_format_digits_card_number},
	{"luhn", NULL, "at least 2 digits with check digit", "ISO/IEC 7812",
	 dq_format_digits_luhn},
	{"isbn", NULL, "isbn10 or isbn13", "ISO 2108", dq_format_digits_isbn},
	{"isbn10", NULL,
	 "10 digits, the last a check digit or X, plain or with hyphens or spaces",
	 "ISO 2108", dq_format_digits_isbn10},
	{"isbn13", NULL,
	 "13 digits beginning with 978 or 979, plain or with hyphens or spaces",
	 "ISO 2108", dq_format_digits_isbn13},
	{"issn", NULL, "1234-5679: 8 digits, the last a check digit or X",
	 "ISO 3297", dq_format_digits_issn},
	{"ean", NULL, "8 or 13 digits with check digit", "ISO/IEC 15420",
	 dq_format_digits_ean},
	{"ean8", NULL, "8 digits with check digit", "ISO/IEC 15420",
	 dq_format_digits_ean8},
	{"ean13", NULL, "13 digits with check digit", "ISO/IEC 15420",
	 dq_format_digits_ean13},
	{"gtin", NULL, "8, 12, 13 or 14 digits with check digit", "GS1",
	 dq_format_digits_gtin},
	{"isin", NULL,
	 "2 upper-case letters, 9 letters or digits, check digit", "ISO 6166",
	 dq_format_digits_isin},
	{"lei", NULL, "18 upper-case letters or digits, 2 check digits",
	 "ISO 17442", dq_format_digits_lei},
	{"country_alpha2", "iso_country_alpha2",
	 "assigned code of a country, two upper-case letters", "ISO 3166-1",
	 dq_format_codes_country_alpha2},
	{"country_alpha3", "iso_country_alpha3",
	 "assigned code of a country, three upper-case letters", "ISO 3166-1",
	 dq_format_codes_country_alpha3},
	{"country_numeric", "iso_country_numeric",
	 "assigned code of a country, three digits", "ISO 3166-1",
	 dq_format_codes_country_numeric},
	{"currency", "iso_currency",
	 "code of a currency or fund, three upper-case letters", "ISO 4217",
	 dq_format_codes_currency},
	{"language", "iso_language", "two lower-case letters", "ISO 639-1",
	 dq_format_codes_language},
	{"language_alpha3", "iso_language_alpha3",
	 "three lower-case letters, bibliographic or terminological, or qaa to qtz",
	 "ISO 639-2", dq_format_codes_language_alpha3},
	{"iana_timezone", "timezone",
	 "name of a zone or link in the tz database, case included",
	 "IANA tz database", dq_format_zone_iana},
	{"base64", NULL, "with padding, without white space",
	 "RFC 4648 section 4", dq_format_text_base64},
	{"base64url", NULL, "with or without padding, without white space",
	 "RFC 4648 section 5", dq_format_text_base64url},
	{"hex", NULL, "hexadecimal digits in either case, any number",
	 "RFC 4648 section 8", dq_format_text_hex},
	{"md5", NULL, "32 hexadecimal digits", "RFC 1321", dq_format_text_md5},
	{"sha1", NULL, "40 hexadecimal digits", "FIPS 180-4",
	 dq_format_text_sha1},
	{"sha256", NULL, "64 hexadecimal digits", "FIPS 180-4",
	 dq_format_text_sha256},
	{"sha512", NULL, "128 hexadecimal digits", "FIPS 180-4",
	 dq_format_text_sha512},
	{"jwt", NULL, "three parts of base64url without padding, dots between",
	 "RFC 7519", dq_format_text_jwt},
	{"hex_color", NULL, "# and 3, 4, 6 or 8 hexadecimal digits",
	 "CSS Color 4", dq_format_text_hex_color},
	{"semver", NULL, "semantic version, without a leading v",
	 "Semantic Versioning 2.0.0", dq_format_text_semver},
	{"slug", NULL,
	 "lower-case ASCII letters and digits, single hyphens between", "",
	 dq_format_text_slug},
	{"integer", NULL, "digits behind an optional sign", "",
	 dq_format_text_integer},
	{"decimal", NULL, "integer, and perhaps a point and digits", "",
	 dq_format_text_decimal},
	{"latitude", NULL, "decimal degrees from -90 to 90", "ISO 6709",
	 dq_format_text_latitude},
	{"longitude", NULL, "decimal degrees from -180 to 180", "ISO 6709",
	 dq_format_text_longitude},
	{"iso_date", "date", "YYYY-MM-DD, a day of the calendar", "ISO 8601",
	 dq_format_time_iso_date},
	{"basic_date", NULL, "YYYYMMDD, a day of the calendar", "ISO 8601",
	 dq_format_time_basic_date},
	{"us_date", NULL, "MM/DD/YYYY or MM-DD-YYYY, a day of the calendar", "",
	 dq_format_time_us_date},
	{"european_date", NULL,
	 "DD.MM.YYYY, DD/MM/YYYY or DD-MM-YYYY, a day of the calendar", "",
	 dq_format_time_european_date},
	{"iso_month", NULL, "YYYY-MM", "ISO 8601", dq_format_time_iso_month},
	{"iso_week", NULL, "YYYY-Www or YYYY-Www-D", "ISO 8601",
	 dq_format_time_iso_week},
	{"iso_time", NULL, "HH:MM, HH:MM:SS or HH:MM:SS.f, up to 23:59:59",
	 "ISO 8601", dq_format_time_iso_time},
	{"iso_timestamp", NULL,
	 "iso_date, T or space, iso_time, and perhaps Z, +HH, +HHMM or +HH:MM",
	 "ISO 8601", dq_format_time_iso_timestamp},
	{"rfc3339", "date_time",
	 "date, T or space, time with seconds, and Z or +HH:MM", "RFC 3339",
	 dq_format_time_rfc3339},
	{"iso_duration", NULL,
	 "P, years, months, days, T, hours, minutes, seconds; or weeks; the last with a fraction",
	 "ISO 8601", dq_format_time_iso_duration},
	{"json", NULL, "a JSON document, as the type json takes it", "RFC 8259",
	 dq_jsontext_valid}};

/*
 * dq_format_at: the i-th format, NULL behind the last.
 */
const DqFormat *
dq_format_at(int i)
{
	return i >= 0 && i < lengthof(formats) ? &formats[i] : NULL;
}

/*
 * dq_format_find: the format of a name or alias, or NULL.
 */
const DqFormat *
dq_format_find(const char *name)
{
	int i;

	for (i = 0; i < lengthof(formats); i++)
	{
		if (strcmp(name, formats[i].name) == 0 ||
			(formats[i].alias && strcmp(name, formats[i].alias) == 0))
			return &formats[i];
	}
	return NULL;
}

/*
 * dq_format_get: the same; 22023 with a suggestion when there is none.
 */
const DqFormat *
dq_format_get(const char *name)
{
	const DqFormat *format = dq_format_find(name);
	List *known = NIL;
	int i;

	if (format != NULL)
		return format;
	for (i = 0; i < lengthof(formats); i++)
	{
		known = lappend(known, pstrdup(formats[i].name));
		if (formats[i].alias)
			known = lappend(known, pstrdup(formats[i].alias));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown format \"%s\"", dq_sqltext_clip(name, 63)),
			 dq_suggest_name(name, known) != NULL ?
				 dq_suggest_hint(name, known) :
				 errhint("See the formats: SELECT * FROM etl.formats();")));
	return NULL;
}
