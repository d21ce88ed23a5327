/* What the hearings judge by: see rhyme_company.py, rhyme_phrases.py and rhyme_features.py. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

static int least(int a, int b) { return a < b ? a : b; }
static float lower(float a, float b) { return a < b ? a : b; }
static float higher(float a, float b) { return a > b ? a : b; }
static float within(float value, float low, float high) { return lower(higher(value, low), high); }
static float log_more(const Song *song, int count)
{
    return count < WINDOW ? song->logs[count] : log1pf((float)count);
}


float chance_of(float odds) { return 1 / (1 + expf(-higher(odds, -30))); }

/* Log-odds of what stands in two columns, the earlier one first. */
static float at_columns(const Band *band, int one, int other)
{
    return band->odds[(size_t)one * ROW + least(other - one, WINDOW + 1)];
}

static float at(const Song *song, const Band *band, int one, int other)
{
    return at_columns(band, song->column[one], song->column[other]);
}

float *blank_odds(Room *room, const Song *song)
{
    const size_t cells = (size_t)song->width * ROW;
    float *odds = take(room, cells, sizeof(float));
    for (size_t k = 0; k < cells; k++)
        odds[k] = FLOOR;
    return odds;
}

/* Adds to the log-odds each column's best with those up to so many columns after it, and before it. */
void band_of(Room *room, const Song *song, float *odds, Band *band)
{
    float *best = take(room, 3 * (size_t)song->n, sizeof(float));
    *band = (Band){odds, take(room, (size_t)song->width * NEAR, sizeof(float)),
                   take(room, (size_t)song->width * NEAR, sizeof(float)), best, best + song->n, best + 2 * song->n};
    for (int i = 0; i < song->n; i++)
        band->after[(size_t)song->column[i] * NEAR] = band->before[(size_t)song->column[i] * NEAR] = FLOOR;
    /* Two at once, since each step waits for the one before it. */
    for (int i = 0; i < song->n; i += 2) {
        const size_t one = song->column[i], other = song->column[least(i + 1, song->n - 1)];
        float *after = band->after + one * NEAR, *before = band->before + one * NEAR;
        float *after_other = band->after + other * NEAR, *before_other = band->before + other * NEAR;
        const float *here = odds + one * ROW, *there = odds + other * ROW;
        float a = FLOOR, b = FLOOR, a_other = FLOOR, b_other = FLOOR;
        for (int d = 1; d <= WINDOW; d++) {
            after[d] = a = higher(a, here[d]);
            before[d] = b = higher(b, here[d - d * ROW]);
            after_other[d] = a_other = higher(a_other, there[d]);
            before_other[d] = b_other = higher(b_other, there[d - d * ROW]);
        }
    }
    for (int i = 0; i < song->n; i++) {
        band->best_after[i] = band->after[(size_t)song->column[i] * NEAR + WINDOW];
        band->best_before[i] = band->before[(size_t)song->column[i] * NEAR + WINDOW];
        band->best[i] = higher(band->best_after[i], band->best_before[i]);
    }
}

static float dot(const float *one, const float *other, int size)
{
    float sums[8] = {0}, sum = 0;
    int k = 0;
    for (; k + 8 <= size; k += 8)
        for (int m = 0; m < 8; m++)
            sums[m] += one[k + m] * other[k + m];
    for (; k < size; k++)
        sum += one[k] * other[k];
    for (int m = 0; m < 8; m++)
        sum += sums[m];
    return sum;
}

/* Sets what company each pair shares; each syllable's sum of chances with all others. */
float *company(Room *room, const Song *song, Pair *pairs, int count, int by_odds)
{
    float *rows = take_blank(room, (size_t)song->n * SPAN, sizeof(float));
    double *sums = take_blank(room, 2 * (size_t)song->n, sizeof(double)), *others = sums + song->n;
    for (int p = 0; p < count; p++) {
        const int i = pairs[p].earlier, j = pairs[p].later;
        const float chance = chance_of(by_odds ? pairs[p].odds : pairs[p].score);
        rows[(size_t)i * SPAN + WINDOW + j - i] = rows[(size_t)j * SPAN + WINDOW + i - j] = chance;
        sums[i] += chance;
        others[j] += chance;
    }
    for (int p = 0; p < count; p++) {
        const int i = pairs[p].earlier, apart = pairs[p].later - i;
        pairs[p].shared = dot(rows + (size_t)i * SPAN + apart, rows + (size_t)pairs[p].later * SPAN, SPAN - apart);
    }
    float *degree = take(room, song->n, sizeof(float));
    for (int i = 0; i < song->n; i++)
        degree[i] = (float)(sums[i] + others[i]);
    return degree;
}

static int ascending(const void *one, const void *other)
{
    const int a = *(const int *)one, b = *(const int *)other;
    return (a > b) - (a < b);
}

/* Median syllables a bar of each syllable's section. */
static float *usual_bars(Room *room, const Song *song)
{
    float *usual = take(room, song->n, sizeof(float));
    int *sizes = take(room, song->n, sizeof(int));
    for (int begin = 0; begin < song->n; begin = song->stop[begin]) {
        int bars = 0;
        for (int i = begin; i < song->stop[begin]; i++)
            if (i == begin || song->bar[i] != song->bar[i - 1])
                sizes[bars++] = song->bars[i];
        qsort(sizes, bars, sizeof(int), ascending);
        const float middle = (float)((sizes[(bars - 1) / 2] + sizes[bars / 2]) / 2.0);
        for (int i = begin; i < song->stop[begin]; i++)
            usual[i] = middle;
    }
    return usual;
}

/* The columns of the syllables that end bars, by the bar's number and some bars before and after; 0 for none. */
static int *last_columns(Room *room, const Song *song)
{
    int *last = take_blank(room, (size_t)song->bar[song->n - 1] + 2 * BARS_AROUND + 1, sizeof(int));
    for (int i = 0; i < song->n; i++)
        if (song->role[i] & BAR_FINAL)
            last[song->bar[i] + BARS_AROUND] = song->column[i];
    return last + BARS_AROUND;
}

void phrase_numbers(Room *room, const Song *song, const Band *band, const int *words, int count, float *x)
{
    const float *usual_bar = usual_bars(room, song);
    const int *last = last_columns(room, song);
    for (int k = 0; k < count; k++, x += PHRASE_NUMBERS) {
        const int w = words[k], next = w + 1, here = song->column[w];
        const float to_end = (float)song->to_end[w], bars = (float)song->bars[w], reached = bars - to_end;
        const float usual = usual_bar[w];
        float odds[2] = {FLOOR, FLOOR};
        for (int step = -BARS_AROUND; step <= BARS_AROUND; step++) {
            const int end = last[song->bar[w] + step];
            const float found = at_columns(band, least(here, end), here > end ? here : end);
            odds[step != 0] = higher(odds[step != 0], found);
        }
        const float numbers[PHRASE_NUMBERS] = {
            log_more(song, song->to_end[w]), log_more(song, song->bars[w] - song->to_end[w]), logf(bars),
            reached / bars, fabsf(reached - bars / 2),
            lower(bars / usual, 4), logf(usual), odds[0], odds[1], band->best[w], (song->role[w] & FUNCTION) > 0, (song->traits[w] & LEANING_BIT) > 0, song->stress[w],
            song->size[w], least(song->letters[w], 12), (song->role[next] & FUNCTION) > 0,
            (song->traits[next] & LEANING_BIT) > 0, (song->traits[next] & PRONOUN_BIT) > 0,
            (song->traits[next] & JOINER_BIT) > 0, song->word_id[w] == song->word_id[next],
        };
        memcpy(x, numbers, sizeof numbers);
    }
}

/* How often each code comes in its section, of all syllables or of words' last ones. */
static int *times(Room *room, const Song *song, const int *codes, int last_only)
{
    int most = 0;
    for (int i = 0; i < song->n; i++)
        most = codes[i] > most ? codes[i] : most;
    int *counts = take_blank(room, (size_t)most + 1, sizeof(int)), *found = take(room, song->n, sizeof(int));
    for (int begin = 0; begin < song->n; begin = song->stop[begin]) {
        for (int i = begin; i < song->stop[begin]; i++)
            counts[codes[i]] += !last_only || !song->left[i];
        for (int i = begin; i < song->stop[begin]; i++)
            found[i] = counts[codes[i]];
        for (int i = begin; i < song->stop[begin]; i++)
            counts[codes[i]] = 0;
    }
    return found;
}

/* How many syllables before each one do better than even with any other. */
static int *rhyming(Room *room, const Song *song, const Band *band)
{
    int *total = take(room, (size_t)song->n + 1, sizeof(int));
    total[0] = 0;
    for (int i = 0; i < song->n; i++)
        total[i + 1] = total[i] + (band->best[i] > 0);
    return total;
}

static float share(const int *total, int start, int stop)
{
    return (float)((total[stop] - total[start]) / (double)(stop - start));
}

void own_numbers(Room *room, const Song *song, const Band *band, const float *degree, const Phrasing *phrases, float *x)
{
    const int *words = times(room, song, song->word_id, 1), *vowels = times(room, song, song->nucleus, 0);
    const int *total = rhyming(room, song, band);
    for (int i = 0; i < song->n; i++, x += OWN) {
        const int to_end = least(song->to_end[i], FAR), start = song->start[i], stop = song->stop[i];
        const int rest_of_bar = song->bars[i] - 1 - to_end;
        const float numbers[OWN] = {
            least(song->size[i] - 1 - song->left[i], 2), log_more(song, words[i]), least(song->letters[i], 12),
            log_more(song, to_end), log_more(song, rest_of_bar > 0 ? rest_of_bar : 0),
            log_more(song, least(song->bars[i], 2 * FAR)),
            (float)(vowels[i] / (double)(stop - start)), log1pf(degree[i]), band->best_after[i], band->best_before[i],
            band->best[song->end[i]], song->end[i] == i, share(total, start, stop), phrases->chance[i],
            log_more(song, least(phrases->end[i] - i, FAR)), band->best[phrases->end[i]],
        };
        memcpy(x, numbers, sizeof numbers);
    }
}

/* The four that tell how the end of each phrase does with those of the phrases before and after it. */
static void end_odds(Room *room, const Song *song, const Band *band, const Phrasing *phrases, float *x)
{
    int *ends = take(room, song->n, sizeof(int)), *phrase = take(room, song->n, sizeof(int)), count = 0;
    for (int i = 0; i < song->n; i++) {
        if (!i || phrases->end[i] != phrases->end[i - 1])
            ends[count++] = phrases->end[i];
        phrase[i] = count - 1;
    }
    for (int i = 0; i < song->n; i++, x += LATE_OWN) {
        const int p = phrase[i];
        x[0] = p > 0 ? at(song, band, ends[p - 1], ends[p]) : FLOOR;
        x[1] = p + 1 < count ? at(song, band, ends[p], ends[p + 1]) : FLOOR;
        x[2] = p > 1 ? at(song, band, ends[p - 2], ends[p]) : FLOOR;
        x[3] = p + 2 < count ? at(song, band, ends[p], ends[p + 2]) : FLOOR;
    }
}

void late_own_numbers(
    Room *room, const Song *song, const Band *band, const float *degree, const Phrasing *phrases, float *x)
{
    const int *total = rhyming(room, song, band);
    end_odds(room, song, band, phrases, x + 7);
    for (int i = 0, end = 0; i < song->n; i++, x += LATE_OWN) {
        const int from = i - AROUND, to = i + AROUND + 1, start = song->start[i], stop = song->stop[i];
        x[0] = band->best_after[i];
        x[1] = band->best_before[i];
        x[2] = log1pf(degree[i]);
        if (i && i < end)
            x[3] = x[3 - LATE_OWN];
        else
            for (x[3] = band->best[i], end = i + 1; end < song->n && song->word[end] == song->word[i]; end++)
                x[3] = higher(x[3], band->best[end]);
        x[4] = share(total, from > start ? from : start, to < stop ? to : stop);
        x[5] = share(total, start, stop);
        x[6] = band->best[phrases->end[i]];
    }
}

/* Of the pair of two syllables the one so many steps on along the diagonal, or with more syllables between. */
static float beside(const float *corner, int step, int more) { return corner[step * ROW + more]; }

/* How much better each of the two does with others: after it, before it, and between the two. */
static void gaps(const Song *song, const Pair *pair, const Band *band, float odds, float *x)
{
    const int i = pair->earlier, j = pair->later, apart = j - i - 1;
    const float rivals[6] = {
        band->best_after[i], band->best_after[j], band->best_before[i], band->best_before[j],
        band->after[(size_t)song->column[i] * NEAR + apart], band->before[(size_t)song->column[j] * NEAR + apart],
    };
    for (int k = 0; k < 6; k++)
        x[k] = within(rivals[k] - odds, -1, CEILING);
}

static float share_of(const Pair *pair, const float *degree)
{
    return lower(pair->shared / higher(0.1f, lower(degree[pair->earlier], degree[pair->later])), 3);
}

/* Worst log-odds among the syllables that end both words after the pair. */
static float tail(const Song *song, const Pair *pair, const float *corner)
{
    const int left = song->left[pair->earlier];
    float worst = left == song->left[pair->later] ? CEILING : FLOOR;
    for (int step = 1; step <= 2; step++)
        worst = lower(worst, higher(beside(corner, step, 0), left < step ? CEILING : FLOOR));
    return worst;
}

static float letters_shared(const Song *song, int i, int j)
{
    int shared = 0;
    for (int k = 0; k < ENDINGS; k++)
        shared += song->ending[k][i] == song->ending[k][j];
    return song->left[i] || song->left[j] ? 0 : shared;
}

static int far(int steps) { return least(abs(steps), 6); }

void pair_numbers(
    const Song *song, const Pair *pair, const Band *band, const float *degree, const Phrasing *phrases, float *x)
{
    static const int NEIGHBOURS[6] = {-3, -2, -1, 1, 2, 3}, SAME[4] = {-2, -1, 1, 2};
    const int i = pair->earlier, j = pair->later, apart = j - i, column = song->column[i];
    const float *corner = band->odds + (size_t)column * ROW + apart;
    *x++ = pair->score;
    *x++ = pair->vowels;
    *x++ = pair->sound;
    *x++ = (float)apart / 10;
    *x++ = song->logs[apart - 1];
    *x++ = song->logs[least(song->word[j] - song->word[i], FAR)];
    *x++ = far(least(song->to_end[i], FAR) - least(song->to_end[j], FAR));
    *x++ = at(song, band, song->end[i], song->end[j]);
    for (int k = 0; k < 6; k++)
        *x++ = beside(corner, NEIGHBOURS[k], 0);
    *x++ = higher(beside(corner, 1, 0), 0);
    *x++ = higher(beside(corner, -1, 0), 0);
    for (int k = 0; k < 4; k++)
        *x++ = song->at[column + SAME[k]] == song->at[column + apart + SAME[k]];
    gaps(song, pair, band, pair->score, x);
    x += 6;
    *x++ = logf(pair->shared + 1);
    *x++ = share_of(pair, degree);
    *x++ = tail(song, pair, corner);
    *x++ = letters_shared(song, i, j);
    *x++ = lower(phrases->before[j] - phrases->before[i], 8);
    *x++ = far(least(phrases->end[i] - i, FAR) - least(phrases->end[j] - j, FAR));
    *x++ = at(song, band, phrases->end[i], phrases->end[j]);
}

void late_pair_numbers(const Song *song, const Pair *pair, const Band *band, const float *degree,
                       const Phrasing *phrases, const float *of_words, float *x)
{
    const int i = pair->earlier, j = pair->later;
    const float *corner = band->odds + (size_t)song->column[i] * ROW + j - i;
    const size_t words = (size_t)song->word[i] * NEAR + (size_t)(song->word[j] - song->word[i]);
    *x++ = pair->odds;
    for (int step = -3; step <= 3; step++)
        if (step)
            *x++ = beside(corner, step, 0);
    *x++ = higher(beside(corner, 1, 1), beside(corner, 2, -1));
    *x++ = higher(beside(corner, -1, -1), beside(corner, -2, 1));
    gaps(song, pair, band, pair->odds, x);
    x += 6;
    *x++ = logf(pair->shared + 1);
    *x++ = share_of(pair, degree);
    *x++ = within(of_words[words] - pair->odds, 0, CEILING);
    *x++ = at(song, band, phrases->end[i], phrases->end[j]);
}
