/* What is written with a tag. `spakky_cbor.h` says what this does, and wit/VALUES.md what a
 * timestamp is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cbor_internal.h"

/* ---- Timestamps -------------------------------------------------------------- */

/* The first and the last second of the years 1 to 9999. */
static const int64_t FIRST = INT64_C(-62135596800);
static const int64_t LAST = INT64_C(253402300799);

enum { DAY = 86400, BILLION = 1000000000, MILLION = 1000000 };

static bool is_time(spakky_time_t time) {
    return time.seconds >= FIRST && time.seconds <= LAST && time.nanoseconds < BILLION;
}

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar, and back. Years begin
 * in March, so that a leap day is the last, and 400 of them have 146097 days. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
    year -= month <= 2 ? 1 : 0;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int *year, int *month, int *day) {
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t months = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * months + 2) / 5 + 1);
    *month = (int)(months < 10 ? months + 3 : months - 9);
    *year = (int)(years + era * 400 + (*month <= 2 ? 1 : 0));
}

size_t spakky_time_text(spakky_time_t time, char text[SPAKKY_TIME_TEXT]) {
    if (!is_time(time)) {
        text[0] = '\0';
        return 0;
    }
    int64_t days = time.seconds / DAY - (time.seconds % DAY < 0 ? 1 : 0);
    int rest = (int)(time.seconds - days * DAY);
    int year, month, day;
    date_of(days, &year, &month, &day);
    int length = snprintf(text, SPAKKY_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day,
                          rest / 3600, rest / 60 % 60, rest % 60);
    if (time.nanoseconds > 0) {
        length += snprintf(text + length, SPAKKY_TIME_TEXT - (size_t)length, ".%09u",
                           (unsigned)time.nanoseconds);
        while (text[length - 1] == '0') {
            length--;
        }
    }
    text[length++] = 'Z';
    text[length] = '\0';
    return (size_t)length;
}

/* Reads so many digits. */
static bool read_number(const char **at, const char *end, int count, int most, int *number) {
    *number = 0;
    for (; count > 0; count--, ++*at) {
        if (*at == end || **at < '0' || **at > '9') {
            return false;
        }
        *number = *number * 10 + (**at - '0');
    }
    return *number <= most;
}

static bool read_sign(const char **at, const char *end, char sign) {
    return *at < end && *(*at)++ == sign;
}

static bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

static int days_in(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool spakky_time_parse(spakky_text_t text, spakky_time_t *time) {
    *time = (spakky_time_t){0, 0};
    const char *at = text.data;
    const char *end = at + text.length;
    int year, month, day, hour, minute, second, hours = 0, minutes = 0;
    if (!(read_number(&at, end, 4, 9999, &year) && read_sign(&at, end, '-') &&
          read_number(&at, end, 2, 12, &month) && read_sign(&at, end, '-') &&
          read_number(&at, end, 2, 31, &day) && read_sign(&at, end, 'T') &&
          read_number(&at, end, 2, 23, &hour) && read_sign(&at, end, ':') &&
          read_number(&at, end, 2, 59, &minute) && read_sign(&at, end, ':') &&
          read_number(&at, end, 2, 59, &second))) {
        return false;
    }
    if (year < 1 || month < 1 || day < 1 || day > days_in(year, month)) {
        return false;
    }
    uint32_t nanoseconds = 0;
    if (at < end && *at == '.') {
        uint32_t unit = BILLION;
        for (at++; at < end && *at >= '0' && *at <= '9'; at++) {
            unit /= 10;
            if (unit == 0) {
                return false;
            }
            nanoseconds += (uint32_t)(*at - '0') * unit;
        }
        if (unit == BILLION) {
            return false;
        }
    }
    if (at == end) {
        return false;
    }
    char zone = *at++;
    if (zone == '+' || zone == '-') {
        if (!(read_number(&at, end, 2, 23, &hours) && read_sign(&at, end, ':') &&
              read_number(&at, end, 2, 59, &minutes))) {
            return false;
        }
    } else if (zone != 'Z') {
        return false;
    }
    int offset = (hours * 60 + minutes) * (zone == '-' ? -60 : 60);
    int64_t days = days_of(year, month, day);
    spakky_time_t read = {days * DAY + hour * 3600 + minute * 60 + second - offset, nanoseconds};
    if (at != end || !is_time(read)) {
        return false;
    }
    *time = read;
    return true;
}

bool spakky_cbor_time_of_float(double seconds, spakky_time_t *time) {
    *time = (spakky_time_t){0, 0};
    /* To the nearest microsecond, and of two to the even one. */
    const double million = MILLION;
    double microseconds = rint(seconds * million);
    if (!(microseconds >= (double)FIRST * million && microseconds < ((double)LAST + 1) * million)) {
        return false;
    }
    int64_t count = (int64_t)microseconds;
    int64_t whole = count / MILLION - (count % MILLION < 0 ? 1 : 0);
    *time = (spakky_time_t){whole, (uint32_t)(count - whole * MILLION) * 1000};
    return true;
}

bool spakky_cbor_time_of_integer(spakky_integer_t seconds, spakky_time_t *time) {
    *time = (spakky_time_t){0, 0};
    if (seconds.bits > (uint64_t)LAST) {
        return false;
    }
    int64_t count = seconds.negative ? -1 - (int64_t)seconds.bits : (int64_t)seconds.bits;
    *time = (spakky_time_t){count, 0};
    return is_time(*time);
}

/* ---- Sets -------------------------------------------------------------------- */

static int compare(const void *one, const void *other) {
    const spakky_bytes_t *a = one;
    const spakky_bytes_t *b = other;
    int order = memcmp(a->data, b->data, a->length < b->length ? a->length : b->length);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

const char *spakky_cbor_sort(uint8_t *data, size_t length) {
    size_t count = 0;
    size_t room = 8;
    uint8_t *copy = malloc(length);
    spakky_bytes_t *elements = malloc(room * sizeof *elements);
    const char *mistake = copy == NULL || elements == NULL ? MISTAKE_NO_MEMORY : NULL;
    if (mistake == NULL) {
        memcpy(copy, data, length);
    }
    for (size_t at = 0; mistake == NULL && at < length; count++) {
        if (count == room) {
            room *= 2;
            spakky_bytes_t *more = realloc(elements, room * sizeof *elements);
            if (more == NULL) {
                mistake = MISTAKE_NO_MEMORY;
                break;
            }
            elements = more;
        }
        spakky_decoder_t decoder;
        spakky_decoder_init(&decoder, (spakky_bytes_t){copy + at, length - at});
        spakky_decode_skip(&decoder);
        elements[count] = (spakky_bytes_t){copy + at, decoder.position};
        at += decoder.position;
    }
    if (mistake == NULL) {
        qsort(elements, count, sizeof *elements, compare);
    }
    for (size_t i = 0; mistake == NULL && i < count; i++) {
        if (i > 0 && compare(&elements[i - 1], &elements[i]) == 0) {
            mistake = "a set has an element twice";
            break;
        }
        memcpy(data, elements[i].data, elements[i].length);
        data += elements[i].length;
    }
    free(elements);
    free(copy);
    return mistake;
}

/* ---- Values again ------------------------------------------------------------ */

/* Copies the items of an array, a map or a set. */
static bool copy_items(spakky_decoder_t *decoder, spakky_encoder_t *encoder, spakky_kind_t kind) {
    size_t count;
    bool well = false;
    if (kind == SPAKKY_KIND_ARRAY) {
        well = spakky_decode_array(decoder, &count) && spakky_encode_array(encoder, count);
    } else if (kind == SPAKKY_KIND_SET) {
        well = spakky_decode_set(decoder, &count) && spakky_encode_set(encoder, count);
    } else {
        well = spakky_decode_map(decoder, &count) && spakky_encode_map(encoder, count);
        count *= 2;
    }
    for (; well && count > 0; count--) {
        well = spakky_encode_copy(encoder, decoder);
    }
    return well;
}

bool spakky_encode_copy(spakky_encoder_t *encoder, spakky_decoder_t *decoder) {
    bool flag;
    double real;
    uint8_t uuid[16];
    spakky_integer_t integer;
    spakky_text_t text;
    spakky_bytes_t bytes;
    spakky_time_t time;
    spakky_decimal_t decimal;
    spakky_kind_t kind = spakky_decode_kind(decoder);
    switch (kind) {
    case SPAKKY_KIND_NULL:
        return spakky_decode_null(decoder) && spakky_encode_null(encoder);
    case SPAKKY_KIND_BOOL:
        return spakky_decode_bool(decoder, &flag) && spakky_encode_bool(encoder, flag);
    case SPAKKY_KIND_INTEGER:
        return spakky_decode_integer(decoder, &integer) && spakky_encode_integer(encoder, integer);
    case SPAKKY_KIND_FLOAT:
        return spakky_decode_float(decoder, &real) && spakky_encode_float(encoder, real);
    case SPAKKY_KIND_TEXT:
        return spakky_decode_text(decoder, &text) && spakky_encode_text(encoder, text);
    case SPAKKY_KIND_BYTES:
        return spakky_decode_bytes(decoder, &bytes) && spakky_encode_bytes(encoder, bytes);
    case SPAKKY_KIND_TIME:
        return spakky_decode_time(decoder, &time) && spakky_encode_time(encoder, time);
    case SPAKKY_KIND_UUID:
        return spakky_decode_uuid(decoder, uuid) && spakky_encode_uuid(encoder, uuid);
    case SPAKKY_KIND_DECIMAL:
        return spakky_decode_decimal(decoder, &decimal) && spakky_encode_decimal(encoder, decimal);
    case SPAKKY_KIND_ARRAY:
    case SPAKKY_KIND_MAP:
    case SPAKKY_KIND_SET:
        return copy_items(decoder, encoder, kind);
    case SPAKKY_KIND_END:
    case SPAKKY_KIND_WRONG:
        break;
    }
    /* So that the decoder says why. */
    return spakky_decode_null(decoder);
}
