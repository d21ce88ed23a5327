/* Loops of measures that numpy cannot take at once: see repetition.py, vocabulary.py and rhyme_factor.py. */
#include "kernel.h"

enum { EARLIER_WORDS = 15, SHORTEST_RUN = 2, LONGEST_RUN = 32, MOST_LITERAL_BITS = 9 };

/* Walks a block of a DEFLATE stream from a bit on: the bit of its end, and how many symbols and, of these, literals it
 * has. `steps` tells by the next bits how many of them a symbol takes. The stream has four bytes after its end. */
VISIBLE int64_t rhyme_kernel_block(const uint8_t *stream, int64_t at, const uint8_t *steps, int64_t windows,
                                   int64_t *counts)
{
    counts[0] = counts[1] = 0;
    for (;;) {
        const uint8_t *here = stream + at / 8;
        const uint32_t four = here[0] | (uint32_t)here[1] << 8 | (uint32_t)here[2] << 16 | (uint32_t)here[3] << 24;
        const int step = steps[(four >> at % 8) & (uint32_t)(windows - 1)];
        if (!step)
            return at;
        counts[0]++;
        counts[1] += step <= MOST_LITERAL_BITS;
        at += step;
    }
}

/* MTLD's runs through the places of words that have been said before: how many end, where the last one begins, and how
 * many words come back in it. A run ends where so many percent of its words and no more are new. */
VISIBLE void rhyme_kernel_runs(const int64_t *repeated, const int64_t *former, int64_t count, int64_t percent,
                               int64_t *found)
{
    int64_t runs = 0, begin = 0, repeats = 0;
    for (int64_t k = 0; k < count; k++)
        if (former[k] >= begin && (100 - percent) * (repeated[k] + 1 - begin) <= 100 * ++repeats) {
            runs++;
            begin = repeated[k] + 1;
            repeats = 0;
        }
    found[0] = runs;
    found[1] = begin;
    found[2] = repeats;
}

/* Sum of the longest runs of vowels that end each word and also end one of the words before it. */
VISIBLE int64_t rhyme_kernel_factor(const int64_t *sound, const int64_t *word_id, const int64_t *ends, int64_t words)
{
    int64_t total = 0;
    for (int64_t k = 0; k < words; k++) {
        int64_t longest = 0;
        for (int64_t other = k - 1; other >= 0 && other >= k - EARLIER_WORDS; other--) {
            int64_t run = 0;
            for (int64_t one = ends[k], back = ends[other];
                 run < LONGEST_RUN && back >= 0 && one > ends[other] && sound[one] == sound[back] &&
                 word_id[one] != word_id[back];
                 one--, back--)
                run++;
            longest = run > longest ? run : longest;
        }
        total += longest >= SHORTEST_RUN ? longest : 0;
    }
    return total;
}
