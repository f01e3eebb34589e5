/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers to text and back.  The C library writes the decimal point of the
 * user's locale; files and command lines have a '.'. */
#include "config.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "numbers.h"

struct unit {
    double value;
    const char *name;
};

enum number_check number_read_whole(const char **text, uint64_t *value)
{
    const char *at = *text;
    uint64_t number = 0;
    bool too_large = false;
    for (; *at >= '0' && *at <= '9'; at++) {
        const uint64_t digit = (uint64_t)(*at - '0');
        if (number > (INT64_MAX - digit) / 10)
            too_large = true;
        number = number * 10 + digit;
    }
    if (at == *text)
        return NUMBER_BAD;
    *text = at;
    if (too_large)
        return NUMBER_TOO_LARGE;
    *value = number;
    return NUMBER_GOOD;
}

bool number_read(const char *text, double *value)
{
    static const char plain[] = "0123456789.+-eE";
    const char *point = localeconv()->decimal_point;
    char local[NUMBER_SIZE + 8], *end;
    const size_t length = strlen(text), whole = strcspn(text, ".");
    if (length == 0 || length >= NUMBER_SIZE || strspn(text, plain) != length ||
        strlen(point) > sizeof local - NUMBER_SIZE)
        return false;
    snprintf(local, sizeof local, "%.*s%s%s", (int)whole, text, whole < length ? point : "",
             whole < length ? text + whole + 1 : "");
    const double number = strtod(local, &end);
    if (end == local || *end != '\0' || !isfinite(number))
        return false;
    *value = number;
    return true;
}

/* Puts a '.' where the locale's decimal point stands. */
static char *with_point(char *text)
{
    const char *point = localeconv()->decimal_point;
    char *at = strstr(text, point);
    if (at != NULL) {
        *at = '.';
        memmove(at + 1, at + strlen(point), strlen(at + strlen(point)) + 1);
    }
    return text;
}

char *number_exact(double value, char *text)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, NUMBER_SIZE, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return with_point(text);
}

char *number_rounded(double value, int digits, char *text)
{
    snprintf(text, NUMBER_SIZE, "%.*e", digits - 1, value);
    const char *e = strchr(text, 'e');
    const int exponent = e != NULL ? atoi(e + 1) : 0;
    const int decimals = digits - 1 - exponent;
    if (value == 0)
        snprintf(text, NUMBER_SIZE, "0");
    else if (exponent < -4)
        snprintf(text, NUMBER_SIZE, "%.*e", digits > 2 ? 1 : digits - 1, value);
    else if (exponent < 9)
        snprintf(text, NUMBER_SIZE, "%.*f", decimals > 0 ? decimals : 0, value);
    return with_point(text);
}

/* `units` from large to small; the last one serves whatever is smaller. */
static char *with_unit(double value, const struct unit *units, size_t count, char *text)
{
    /* What rounds to 1.00 of a unit is written in it. */
    const double nearly = 0.9995;
    size_t i = 0;
    while (i + 1 < count && value < units[i].value * nearly)
        i++;
    number_rounded(value / units[i].value, 3, text);
    const size_t used = strlen(text);
    snprintf(text + used, NUMBER_SIZE - used, " %s", units[i].name);
    return text;
}

char *number_seconds(double seconds, char *text)
{
    static const struct unit units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
    return with_unit(seconds, units, sizeof units / sizeof *units, text);
}

char *number_bytes(double bytes, char *text)
{
    static const struct unit units[] = {
        {0x1p40, "TiB"}, {0x1p30, "GiB"}, {0x1p20, "MiB"}, {0x1p10, "KiB"}, {1, "bytes"}};
    return with_unit(bytes, units, sizeof units / sizeof *units, text);
}
