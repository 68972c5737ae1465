/*
 * format_digits.c
 *	  Numbers that carry check digits.
 */
#include "postgres.h"

#include "quality/format_parts.h"

#define MAX_ISBN 13

/*
 * Structure of the basic account number of each country, as the IBAN registry
 * of SWIFT (ISO 13616) has it: n digits, a upper-case letters, c either; how
 * many of each, in order. From python3-stdnum 1.18 (Debian 12), which read the
 * registry, and amended by its entries for FK, HN, MN, NI, OM, SO and YE.
 */
static const struct
{
	char country[3];
	const char *account; /* kind of character and how many */
} iban_countries[] = {
	{"AD", "n8c12"}, {"AE", "n19"}, {"AL", "n8c16"}, {"AT", "n16"}, {"AZ", "a4c20"}, {"BA", "n16"}, {"BE", "n12"}, {"BG", "a4n6c8"}, {"BH", "a4c14"}, {"BI", "n23"}, {"BR", "n23a1c1"}, {"BY", "c4n4c16"}, {"CH", "n5c12"}, {"CR", "n18"}, {"CY", "n8c16"}, {"CZ", "n20"}, {"DE", "n18"}, {"DJ", "n23"}, {"DK", "n14"}, {"DO", "c4n20"}, {"EE", "n16"}, {"EG", "n25"}, {"ES", "n20"}, {"FI", "n14"}, {"FK", "a2n12"}, {"FO", "n14"}, {"FR", "n10c11n2"}, {"GB", "a4n14"}, {"GE", "a2n16"}, {"GI", "a4c15"}, {"GL", "n14"}, {"GR", "n7c16"}, {"GT", "c24"}, {"HN", "a4n20"}, {"HR", "n17"}, {"HU", "n24"}, {"IE", "a4n14"}, {"IL", "n19"}, {"IQ", "a4n15"}, {"IS", "n22"}, {"IT", "a1n10c12"}, {"JO", "a4n4c18"}, {"KW", "a4c22"}, {"KZ", "n3c13"}, {"LB", "n4c20"}, {"LC", "a4c24"}, {"LI", "n5c12"}, {"LT", "n16"}, {"LU", "n3c13"}, {"LV", "a4c13"}, {"LY", "n21"}, {"MC", "n10c11n2"}, {"MD", "c20"}, {"ME", "n18"}, {"MK", "n3c10n2"}, {"MN", "n16"}, {"MR", "n23"}, {"MT", "a4n5c18"}, {"MU", "a4n19a3"}, {"NI", "a4n20"}, {"NL", "a4n10"}, {"NO", "n11"}, {"OM", "n3c16"}, {"PK", "a4c16"}, {"PL", "n24"}, {"PS", "a4c21"}, {"PT", "n21"}, {"QA", "a4c21"}, {"RO", "a4c16"}, {"RS", "n18"}, {"RU", "n14c15"}, {"SA", "n2c18"}, {"SC", "a4n20a3"}, {"SD", "n14"}, {"SE", "n20"}, {"SI", "n15"}, {"SK", "n20"}, {"SM", "a1n10c12"}, {"SO", "n19"}, {"ST", "n21"}, {"SV", "a4n20"}, {"TL", "n19"}, {"TN", "n20"}, {"TR", "n6c16"}, {"UA", "n6c19"}, {"VA", "n18"}, {"VG", "a4n16"}, {"XK", "n16"}, {"YE", "a4n4c18"}};

/*
 * luhn_sum: digits from the right, every second one doubled, cast out by nine.
 */
static int
luhn_sum(const char *s, int len)
{
	int sum = 0;
	int i;

	for (i = 0; i < len; i++)
	{
		int digit = s[len - 1 - i] - '0';

		if (i % 2 == 1)
			digit = digit > 4 ? digit * 2 - 9 : digit * 2;
		sum += digit;
	}
	return sum;
}

/*
 * dq_format_digits_luhn: at least two digits, the last of which is the check
 * digit.
 */
bool
dq_format_digits_luhn(const char *s, int len)
{
	return len >= 2 && dq_are_digits(s, len) && luhn_sum(s, len) % 10 == 0;
}

/*
 * dq_format_digits_card_number: ISO/IEC 7812, 12 to 19 digits.
 */
bool
dq_format_digits_card_number(const char *s, int len)
{
	return len >= 12 && len <= 19 && s[0] != '0' &&
		   dq_format_digits_luhn(s, len);
}

/*
 * squeeze: the characters of s without single hyphens or spaces between
 * them, always the same; -1 when there are more than "max" of them or the
 * separators are elsewhere.
 */
static int
squeeze(const char *s, int len, char *digits, int max)
{
	char separator = '\0';
	int count = 0;
	int i;

	for (i = 0; i < len; i++)
	{
		if (s[i] == '-' || s[i] == ' ')
		{
			if (i == 0 || i == len - 1 || s[i - 1] == s[i] ||
				(separator != '\0' && separator != s[i]))
				return -1;
			separator = s[i];
		}
		else if (count == max)
			return -1;
		else
			digits[count++] = s[i];
	}
	return count;
}

/*
 * weighted_sum: of digits by weights that fall to 1; X at the end is 10.
 */
static int
weighted_sum(const char *s, int len)
{
	int sum = 0;
	int i;

	for (i = 0; i < len; i++)
		sum += (len - i) * (s[i] == 'X' || s[i] == 'x' ? 10 : s[i] - '0');
	return sum;
}

/*
 * ends_with_check: digits and at last a digit or X, with the right sum.
 */
static bool
ends_with_check(const char *s, int len)
{
	char last = s[len - 1];

	return dq_are_digits(s, len - 1) &&
		   (dq_is_digit(last) || last == 'X' || last == 'x') &&
		   weighted_sum(s, len) % 11 == 0;
}

/*
 * dq_format_digits_isbn10: with or without separators.
 */
bool
dq_format_digits_isbn10(const char *s, int len)
{
	char digits[MAX_ISBN];

	return squeeze(s, len, digits, MAX_ISBN) == 10 &&
		   ends_with_check(digits, 10);
}

/*
 * is_gtin: so many digits, weights 3 and 1 in turn from the right.
 */
static bool
is_gtin(const char *s, int len)
{
	int sum = 0;
	int i;

	if (!dq_are_digits(s, len))
		return false;
	for (i = 0; i < len; i++)
		sum += (s[len - 1 - i] - '0') * (i % 2 == 1 ? 3 : 1);
	return sum % 10 == 0;
}

/*
 * dq_format_digits_isbn13: with or without separators.
 */
bool
dq_format_digits_isbn13(const char *s, int len)
{
	char digits[MAX_ISBN];

	return squeeze(s, len, digits, MAX_ISBN) == 13 &&
		   (strncmp(digits, "978", 3) == 0 ||
			strncmp(digits, "979", 3) == 0) &&
		   is_gtin(digits, 13);
}

/*
 * dq_format_digits_isbn: old or new.
 */
bool
dq_format_digits_isbn(const char *s, int len)
{
	return dq_format_digits_isbn10(s, len) || dq_format_digits_isbn13(s, len);
}

/*
 * dq_format_digits_issn: 1234-5679.
 */
bool
dq_format_digits_issn(const char *s, int len)
{
	char digits[8];

	if (len != 9 || s[4] != '-')
		return false;
	memcpy(digits, s, 4);
	memcpy(digits + 4, s + 5, 4);
	return ends_with_check(digits, 8);
}

/*
 * dq_format_digits_ean8
 */
bool
dq_format_digits_ean8(const char *s, int len)
{
	return len == 8 && is_gtin(s, len);
}

/*
 * dq_format_digits_ean13
 */
bool
dq_format_digits_ean13(const char *s, int len)
{
	return len == 13 && is_gtin(s, len);
}

/*
 * dq_format_digits_ean: of 8 or 13 digits.
 */
bool
dq_format_digits_ean(const char *s, int len)
{
	return (len == 8 || len == 13) && is_gtin(s, len);
}

/*
 * dq_format_digits_gtin: of 8, 12, 13 or 14 digits.
 */
bool
dq_format_digits_gtin(const char *s, int len)
{
	return (len == 8 || (len >= 12 && len <= 14)) && is_gtin(s, len);
}

/*
 * dq_format_digits_isin: a prefix of two letters (countries and others that
 * ISO 6166 hands out), nine letters or digits, the check digit. Letters count
 * as 10 to 35 in the sum of Luhn.
 */
bool
dq_format_digits_isin(const char *s, int len)
{
	char digits[24];
	int count = 0;
	int i;

	if (len != 12 || !dq_is_upper(s[0]) || !dq_is_upper(s[1]) ||
		!dq_is_digit(s[11]))
		return false;
	for (i = 0; i < len; i++)
	{
		if (dq_is_upper(s[i]))
		{
			digits[count++] = '0' + (s[i] - 'A' + 10) / 10;
			digits[count++] = '0' + (s[i] - 'A' + 10) % 10;
		}
		else if (dq_is_digit(s[i]))
			digits[count++] = s[i];
		else
			return false;
	}
	return luhn_sum(digits, count) % 10 == 0;
}

/*
 * mod97: ISO 7064 of digits and upper-case letters, from a remainder on.
 */
static int
mod97(int remainder, const char *s, int len)
{
	int i;

	for (i = 0; i < len; i++)
	{
		if (dq_is_digit(s[i]))
			remainder = (remainder * 10 + (s[i] - '0')) % 97;
		else
			remainder = (remainder * 100 + (s[i] - 'A' + 10)) % 97;
	}
	return remainder;
}

/*
 * dq_format_digits_lei: ISO 17442.
 */
bool
dq_format_digits_lei(const char *s, int len)
{
	int i;

	if (len != 20 || !dq_are_digits(s + 18, 2))
		return false;
	for (i = 0; i < 18; i++)
	{
		if (!dq_is_digit(s[i]) && !dq_is_upper(s[i]))
			return false;
	}
	return mod97(0, s, len) == 1;
}

/*
 * follows: is s built as "n8c12" says, to its end?
 */
static bool
follows(const char *s, int len, const char *structure)
{
	int i = 0;

	while (*structure != '\0')
	{
		char kind = *structure++;
		int count = 0;

		while (dq_is_digit(*structure))
			count = count * 10 + (*structure++ - '0');
		if (count > len - i)
			return false;
		while (count-- > 0)
		{
			char c = s[i++];

			if (!(kind != 'a' && dq_is_digit(c)) &&
				!(kind != 'n' && dq_is_upper(c)))
				return false;
		}
	}
	return i == len;
}

/*
 * dq_format_digits_iban: electronic form, without spaces, in upper case.
 */
bool
dq_format_digits_iban(const char *s, int len)
{
	int i;

	if (len < 15 || len > 34 || !dq_are_digits(s + 2, 2))
		return false;
	for (i = 0; i < lengthof(iban_countries); i++)
	{
		if (s[0] == iban_countries[i].country[0] &&
			s[1] == iban_countries[i].country[1])
			break;
	}
	if (i == lengthof(iban_countries) ||
		!follows(s + 4, len - 4, iban_countries[i].account))
		return false;
	i = dq_digits_value(s + 2, 2);
	return i >= 2 && i <= 98 && mod97(mod97(0, s + 4, len - 4), s, 4) == 1;
}
