/* Pairs joined into classes: see rhyme_classes.py and rhyme_endings.py. Sums are in the same order as there. */
#include <stdlib.h>

#include "kernel.h"

/* A likely pair: the earlier syllable and one less than the steps to the later one, as the number of a cell. */
typedef struct {
    float score;
    int cell;
} Likely;

/* Classes as lists of syllables, by any syllable's class. */
typedef struct {
    const Song *song;
    const Limits *limits;
    float *scores;        /* by cell */
    double *apart, *totals;
    int *class_of, *first, *last, *next, *size, *counts;
} Joining;

static int least(int a, int b) { return a < b ? a : b; }

static double between(double x, const double *at, const double *values, int count)
{
    if (x <= at[0])
        return values[0];
    for (int k = 1; k < count; k++)
        if (x < at[k])
            return (values[k] - values[k - 1]) / (at[k] - at[k - 1]) * (x - at[k - 1]) + values[k - 1];
    return values[count - 1];
}

static int last_stress(const Song *song, int end)
{
    int begin = end;
    while (begin > end - song->size[end] + 1 && !song->stress[begin])
        begin--;
    return begin;
}

/* Whether two words are the same from their last stress on. */
static int perfect(const Song *song, int one, int other)
{
    const int first = last_stress(song, one), size = one - first;
    if (other - last_stress(song, other) != size)
        return 0;
    for (int k = 0; k <= size; k++)
        if (song->nucleus[one - k] != song->nucleus[other - k] || song->follow[one - k] != song->follow[other - k])
            return 0;
    return 1;
}

static int alike_to_the_eye(const Song *song, int one, int other)
{
    const int *ending = song->ending[EYE_LETTERS - 1];
    return ending[one] == ending[other] && least(song->letters[one], song->letters[other]) >= EYE_LETTERS &&
           other - one <= WINDOW;
}

/* Raises the scores of ends that rhyme to the eye, and finds how far apart classes may be by each section's strictness. */
static void hear_endings(Room *room, Joining *joining)
{
    const Song *song = joining->song;
    const float by_eye = (float)joining->limits->by_eye;
    int *ends = take(room, song->n, sizeof(int)), *rhymes = take_blank(room, song->n, sizeof(int)), count = 0;
    for (int i = 0; i < song->n; i++)
        if (song->role[i] & BAR_FINAL)
            ends[count++] = i;
    for (int k = 0; k < count; k++)
        for (int step = 1; step <= NEAR_BARS && k + step < count; step++) {
            const int one = ends[k], other = ends[k + step];
            if (song->section[one] != song->section[other] || song->bar[other] - song->bar[one] > NEAR_BARS ||
                song->word_id[one] == song->word_id[other])
                continue;
            if (perfect(song, one, other))
                rhymes[one] = rhymes[other] = 1;
            if (alike_to_the_eye(song, one, other)) {
                float *score = joining->scores + (size_t)one * WINDOW + other - one - 1;
                *score = *score > by_eye ? *score : by_eye;
            }
        }
    for (int begin = 0; begin < song->n; begin = song->stop[begin]) {
        int bars = 0, strict = 0;
        for (int i = begin; i < song->stop[begin]; i++) {
            bars += (song->role[i] & BAR_FINAL) > 0;
            strict += rhymes[i];
        }
        const double share = strict / (double)(bars > 1 ? bars : 1);
        const double apart = between(share, joining->limits->strict, joining->limits->apart, 2);
        for (int i = begin; i < song->stop[begin]; i++)
            joining->apart[i] = apart;
    }
}

/* Whether a word has a syllable in a class and among the members of another. */
static int meet_in_a_word(const Joining *joining, int group, int other)
{
    const int *word = joining->song->word;
    for (int member = joining->first[other]; member >= 0; member = joining->next[member])
        for (int step = -1; step <= 1; step += 2)
            for (int at = member + step; at >= 0 && at < joining->song->n && word[at] == word[member]; at += step)
                if (joining->class_of[at] == group)
                    return 1;
    return 0;
}

static double answer(const Joining *joining, int one, int other)
{
    if (joining->song->word_id[one] == joining->song->word_id[other])
        return joining->limits->repeated;
    return joining->scores[one < other ? (size_t)one * WINDOW + other - one - 1 : (size_t)other * WINDOW + one - other - 1];
}

/* Sum of the log-odds of all pairs within earshot of a class and another, and their number. */
static double between_classes(const Joining *joining, int group, int other, int *count)
{
    double total = 0;
    *count = 0;
    for (int s = joining->first[other]; s >= 0; s = joining->next[s]) {
        if (joining->size[group] <= WINDOW) {
            for (int near = joining->first[group]; near >= 0; near = joining->next[near])
                if (abs(near - s) <= WINDOW) {
                    total += answer(joining, near, s);
                    ++*count;
                }
        } else {
            const int stop = least(joining->song->n, s + WINDOW + 1);
            for (int near = s > WINDOW ? s - WINDOW : 0; near < stop; near++)
                if (joining->class_of[near] == group) {
                    total += answer(joining, near, s);
                    ++*count;
                }
        }
    }
    return total;
}

/* Mean log-odds that two classes, of which the first is no single syllable, need to become one. */
static double needed(const Joining *joining, int one, int other)
{
    const Limits *limits = joining->limits;
    const double inside = joining->totals[one] / joining->counts[one];
    double least_odds = inside - limits->newcomer;
    if (joining->counts[other]) {
        const double others = joining->totals[other] / joining->counts[other];
        least_odds = (inside < others ? inside : others) - joining->apart[one];
    }
    return least_odds > limits->holds ? least_odds : limits->holds;
}

static void join_if_alike(Joining *joining, int one, int other)
{
    if (joining->size[one] < joining->size[other]) {
        const int smaller = one;
        one = other;
        other = smaller;
    }
    if (meet_in_a_word(joining, one, other))
        return;
    int count;
    const double total = between_classes(joining, one, other, &count);
    if (joining->size[one] > 1 && total < count * needed(joining, one, other))
        return;
    joining->totals[one] = total + joining->totals[one] + joining->totals[other];
    joining->counts[one] += count + joining->counts[other];
    for (int moved = joining->first[other]; moved >= 0; moved = joining->next[moved])
        joining->class_of[moved] = one;
    joining->next[joining->last[one]] = joining->first[other];
    joining->last[one] = joining->last[other];
    joining->size[one] += joining->size[other];
    joining->size[other] = 0;
}

/* The likeliest first, then in order of their cells. */
static int by_likelihood(const void *one, const void *other)
{
    const Likely *a = one, *b = other;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return (a->cell > b->cell) - (a->cell < b->cell);
}

static void join_likely(Room *room, Joining *joining)
{
    const int cells = joining->song->n * WINDOW;
    /* What was not heard is no pair, and a cell may be beyond the last syllable. */
    const double joins = joining->limits->joins, unheard = joining->limits->unheard, from = joins > unheard ? joins : unheard;
    int count = 0, k = 0;
    for (int cell = 0; cell < cells; cell++)
        count += joining->scores[cell] > from;
    Likely *likely = take(room, (size_t)count + 1, sizeof(Likely));
    for (int cell = 0; cell < cells; cell++)
        if (joining->scores[cell] > from)
            likely[k++] = (Likely){joining->scores[cell], cell};
    qsort(likely, count, sizeof(Likely), by_likelihood);
    for (k = 0; k < count; k++) {
        const int earlier = likely[k].cell / WINDOW, later = earlier + likely[k].cell % WINDOW + 1;
        if (joining->class_of[earlier] != joining->class_of[later])
            join_if_alike(joining, joining->class_of[earlier], joining->class_of[later]);
    }
}

/* Each member's mean probability with those of other words; the class's mean for one that has none near. */
static void chances_of(const Song *song, const float *odds, const Limits *limits, const int64_t *members, int size,
                       double *chances, int *counts)
{
    double total = 0;
    int all = 0;
    for (int k = 0; k < size; k++) {
        chances[k] = 0;
        counts[k] = 0;
    }
    for (int later = 0; later < size; later++)
        for (int earlier = later - 1; earlier >= 0 && members[later] - members[earlier] <= WINDOW; earlier--) {
            const int one = (int)members[earlier], other = (int)members[later];
            if (song->word_id[one] == song->word_id[other])
                continue;
            const double heard = odds[(size_t)one * WINDOW + other - one - 1];
            const double chance = between(heard, limits->heard_at, limits->held_true, HEARD_POINTS);
            chances[earlier] += chance;
            chances[later] += chance;
            counts[earlier]++;
            counts[later]++;
        }
    for (int k = 0; k < size; k++) {
        total += chances[k];
        all += counts[k];
    }
    for (int k = 0; k < size; k++)
        chances[k] = counts[k] ? chances[k] / counts[k] : total / (all > 1 ? all : 1);
}

/* Writes out the classes of two and more, in order of their first members. */
static int write_classes(Room *room, const Joining *joining, int64_t *members, int64_t *ends)
{
    const int n = joining->song->n;
    int *place = take(room, n, sizeof(int)), classes = 0;
    int64_t size = 0;
    for (int i = 0; i < n; i++)
        place[i] = -1;
    for (int i = 0; i < n; i++) {
        const int of = joining->class_of[i];
        if (joining->size[of] < 2)
            continue;
        if (place[of] < 0) {
            place[of] = (int)size;
            size += joining->size[of];
            ends[classes++] = size;
        }
        members[place[of]++] = i;
    }
    return classes;
}

int join(Room *room, const Limits *limits, const Song *song, const Pair *pairs, int count, int64_t *members,
         double *chances, int64_t *ends)
{
    const int n = song->n;
    const size_t cells = (size_t)n * WINDOW;
    float *odds = take(room, cells, sizeof(float));
    int *lists = take(room, 6 * (size_t)n, sizeof(int));
    Joining joining = {song, limits, take(room, cells, sizeof(float)), take(room, n, sizeof(double)),
                       take_blank(room, n, sizeof(double)), lists, lists + n, lists + 2 * n, lists + 3 * n,
                       lists + 4 * n, lists + 5 * n};
    for (size_t cell = 0; cell < cells; cell++)
        odds[cell] = joining.scores[cell] = (float)limits->unheard;
    for (int p = 0; p < count; p++)
        if (pairs[p].odds > limits->unheard) {
            const size_t cell = (size_t)pairs[p].earlier * WINDOW + pairs[p].later - pairs[p].earlier - 1;
            odds[cell] = joining.scores[cell] = pairs[p].odds;
        }
    for (int i = 0; i < n; i++) {
        joining.class_of[i] = joining.first[i] = joining.last[i] = i;
        joining.next[i] = -1;
        joining.size[i] = 1;
        joining.counts[i] = 0;
    }
    hear_endings(room, &joining);
    join_likely(room, &joining);
    const int classes = write_classes(room, &joining, members, ends);
    for (int k = 0; k < classes; k++) {
        const int64_t begin = k ? ends[k - 1] : 0;
        chances_of(song, odds, limits, members + begin, (int)(ends[k] - begin), chances + begin, joining.counts);
    }
    return classes;
}
