/* Rhyme schemes: see rhyme.py. */
#include <stdlib.h>

#include "kernel.h"

static int ascending(const void *one, const void *other)
{
    const int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

/* Where a number stands first among sorted ones; -1 if it stands there once. */
static int64_t shared_at(const int64_t *sorted, int64_t count, int64_t number)
{
    int64_t low = 0, high = count;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (sorted[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low + 1 < count && sorted[low + 1] == number ? low : -1;
}

void scheme(Room *room, const int64_t *places, const int64_t *begins, const int64_t *ends, int64_t bars, int64_t *letters)
{
    int64_t all = 0, count = 0, used = 0;
    for (int64_t k = 0; k < bars; k++)
        all += ends[k] - begins[k];
    int64_t *sorted = take(room, (size_t)all + 1, sizeof *sorted);
    int64_t *letter_of = take(room, (size_t)all + 1, sizeof *sorted);
    for (int64_t k = 0; k < bars; k++)
        for (int64_t i = begins[k]; i < ends[k]; i++)
            if (places[i] >= 0)
                sorted[count++] = places[i];
    qsort(sorted, (size_t)count, sizeof *sorted, ascending);
    for (int64_t k = 0; k < count; k++)
        letter_of[k] = -1;
    for (int64_t k = 0; k < bars; k++) {
        int64_t letter = -1, shared = 0, at;
        for (int64_t i = begins[k]; i < ends[k]; i++)
            if (places[i] >= 0 && (at = shared_at(sorted, count, places[i])) >= 0) {
                letter = letter < 0 ? letter_of[at] : letter;
                shared = 1;
            }
        letter = shared && letter < 0 ? used++ : letter;
        for (int64_t i = begins[k]; shared && i < ends[k]; i++)
            if (places[i] >= 0 && (at = shared_at(sorted, count, places[i])) >= 0)
                letter_of[at] = letter;
        letters[k] = letter;
    }
}
