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

typedef struct {
    const int64_t *places;
    const int64_t *sorted; /* the places of all endings */
    int64_t count;
    int64_t *letter_of; /* of a place, where it stands first among the sorted ones */
} Known;

/* Where a syllable's place stands among the sorted ones, if other endings have it; else -1. */
static int64_t answered(const Known *known, int64_t syllable)
{
    const int64_t place = known->places[syllable];
    return place < 0 ? -1 : shared_at(known->sorted, known->count, place);
}

/* The letter of the first place of an ending that has one, or -1. Where the bars of each letter are given, letters of one
 * bar do not count. */
static int64_t letter_among(const Known *known, int64_t begin, int64_t end, const int64_t *bars_of)
{
    int64_t letter = -1, at;
    for (int64_t i = begin; letter < 0 && i < end; i++)
        if ((at = answered(known, i)) >= 0) {
            letter = known->letter_of[at];
            if (letter >= 0 && bars_of && bars_of[letter] == 1)
                letter = -1;
        }
    return letter;
}

/* Gives the places that an ending shares a letter; whether there are any. */
static int give_letter(const Known *known, int64_t begin, int64_t end, int64_t letter)
{
    int shared = 0;
    int64_t at;
    for (int64_t i = begin; i < end; i++)
        if ((at = answered(known, i)) >= 0) {
            known->letter_of[at] = letter;
            shared = 1;
        }
    return shared;
}

/* Letters in the order of the bars that have them first. */
static void renumber(int64_t *letters, int64_t bars, int64_t *new_of, int64_t used)
{
    int64_t next = 0;
    for (int64_t k = 0; k < used; k++)
        new_of[k] = -1;
    for (int64_t k = 0; k < bars; k++)
        if (letters[k] >= 0) {
            if (new_of[letters[k]] < 0)
                new_of[letters[k]] = next++;
            letters[k] = new_of[letters[k]];
        }
}

void scheme(Room *room, const int64_t *places, const int64_t *begins, const int64_t *ends, int64_t bars, int64_t *letters)
{
    int64_t all = 0, count = 0, used = 0;
    for (int64_t k = 0; k < bars; k++)
        all += ends[k] - begins[k];
    int64_t *sorted = take(room, (size_t)all + 1, sizeof *sorted);
    int64_t *letter_of = take(room, (size_t)all + 1, sizeof *sorted);
    int64_t *bars_of = take(room, (size_t)bars + 1, sizeof *sorted);
    for (int64_t k = 0; k < bars; k++)
        for (int64_t i = begins[k]; i < ends[k]; i++)
            if (places[i] >= 0)
                sorted[count++] = places[i];
    qsort(sorted, (size_t)count, sizeof *sorted, ascending);
    for (int64_t k = 0; k < count; k++)
        letter_of[k] = -1;
    for (int64_t k = 0; k < bars; k++)
        bars_of[k] = 0;
    const Known known = {places, sorted, count, letter_of};
    for (int64_t k = 0; k < bars; k++) {
        const int64_t given = letter_among(&known, begins[k], ends[k], NULL);
        const int64_t letter = given < 0 ? used : given;
        letters[k] = give_letter(&known, begins[k], ends[k], letter) ? letter : -1;
        if (letters[k] == used)
            used++;
        if (letters[k] >= 0)
            bars_of[letter]++;
    }
    /* Whom a later bar has left alone with a letter takes that of a bar which answers it. */
    for (int64_t k = 0; k < bars; k++)
        if (letters[k] >= 0 && bars_of[letters[k]] == 1)
            letters[k] = letter_among(&known, begins[k], ends[k], bars_of);
    renumber(letters, bars, bars_of, used);
}
