/* The three hearings: see rhyme_first.py and rhyme_hearing.py. */
#include <string.h>

#include "kernel.h"

enum { AT_ONCE = 32 };

static int least(int a, int b) { return a < b ? a : b; }

/* The roles' log-odds of every two that occur, and which of them each syllable has: few fit into the cache. */
static float *role_odds(Room *room, const Model *model, const Song *song, int *role, int *roles)
{
    int number[ROLES], found[ROLES], count = 0;
    memset(number, -1, sizeof number);
    for (int i = 0; i < song->n; i++) {
        int *own = number + song->role[i];
        if (*own < 0) {
            found[count] = song->role[i];
            *own = count++;
        }
        role[i] = *own;
    }
    float *odds = take(room, (size_t)count * count, sizeof(float));
    for (int a = 0; a < count; a++)
        for (int b = 0; b < count; b++)
            odds[a * count + b] = model->roles[found[a] * ROLES + found[b]];
    *roles = count;
    return odds;
}

/* For every two clusters of the stream how they compare, and the log-odds of it. */
static uint8_t *cluster_kinds(Room *room, const Model *model, const Stream *stream, float **odds)
{
    const int64_t count = stream->clusters;
    uint8_t *kinds = take(room, (size_t)(count * count), 1);
    *odds = take(room, (size_t)(count * count), sizeof(float));
    for (int64_t a = 0; a < count; a++) {
        const int8_t *row = stream->kinds + stream->kind_row[a] * stream->kinds_width;
        for (int64_t b = 0; b < count; b++) {
            kinds[a * count + b] = (uint8_t)row[stream->kind_row[b]];
            (*odds)[a * count + b] = model->clusters[kinds[a * count + b]];
        }
    }
    return kinds;
}

/* The rows of `places` for a syllable with so many after it. */
static void places_after(const Song *song, int i, int count, int *restrict place)
{
    const int *bar = song->bar + i + 1, *word = song->word + i + 1, *onset = song->onset + i + 1;
    const int *to_end = song->to_end + i + 1;
    const int own_end = song->to_end[i] < ALIGNED_TAIL ? song->to_end[i] : -1;
    const int own_bar = song->bar[i], own_word = song->word[i], own_onset = song->onset[i];
    for (int d = 0; d < count; d++)
        place[d] = least(bar[d] - own_bar, BARS - 1) + BARS * least(word[d] - own_word, WORDS - 1) +
                   BARS * WORDS * (onset[d] == own_onset) + BARS * WORDS * 2 * (to_end[d] == own_end);
}

/* The band of all pairs, and those worth a second hearing. */
static int first_hearing(Room *room, const Model *model, const Stream *stream, const Song *song, Band *band, Pair **found)
{
    const int n = song->n, vowels = (int)model->vowel_rows, clusters = (int)stream->clusters;
    int *role = take(room, n, sizeof(int)), *vowel = take(room, n, sizeof(int)), roles, count = 0, place[WINDOW];
    const float *of_roles = role_odds(room, model, song, role, &roles), unlikely = (float)model->limits.unlikely;
    float *of_clusters, *odds = blank_odds(room, song);
    const uint8_t *kinds = cluster_kinds(room, model, stream, &of_clusters);
    int room_for = 8 * n + WINDOW;
    Pair *pairs = take(room, room_for, sizeof(Pair));
    for (int i = 0; i < n; i++)
        vowel[i] = (int)stream->vowel_row[song->nucleus[i]];
    for (int i = 0; i < n; i++) {
        const int after = least(song->stop[i] - i - 1, WINDOW), row = song->follow[i] * clusters;
        const float *by_vowels = model->vowels + vowel[i] * vowels, *by_role = of_roles + role[i] * roles;
        const float *by_clusters = of_clusters + row;
        float *here = odds + (size_t)song->column[i] * ROW + 1;
        if (count + WINDOW > room_for) {
            pairs = memcpy(take(room, 2 * (size_t)room_for, sizeof(Pair)), pairs, count * sizeof(Pair));
            room_for *= 2;
        }
        places_after(song, i, after, place);
        for (int d = 0; d < after; d++) {
            const int j = i + 1 + d;
            const float score = model->places[place[d]] + model->distances[d] + by_vowels[vowel[j]] +
                                by_clusters[song->follow[j]] + by_role[role[j]];
            here[d] = score < CEILING ? score : CEILING;
        }
        for (int d = 0; d < after; d++) {
            const int j = i + 1 + d;
            if (here[d] > unlikely && song->word_id[i] != song->word_id[j]) {
                const float sound = by_vowels[vowel[j]] + by_clusters[song->follow[j]];
                pairs[count++] = (Pair){i, j, by_vowels[vowel[j]], sound, here[d], 0, 0,
                                        kinds[row + song->follow[j]], (uint8_t)place[d]};
            }
            here[d] = here[d] > FLOOR ? here[d] : FLOOR;
        }
    }
    band_of(room, song, odds, band);
    *found = pairs;
    return count;
}

/* Where phrases end, from the chance at the last syllable of each word that one does. */
static void phrasing_of(Room *room, const Song *song, const float *chance, float ends, Phrasing *phrases)
{
    const int n = song->n;
    *phrases = (Phrasing){take(room, n, sizeof(float)), take(room, n, sizeof(float)), take(room, n, sizeof(int))};
    for (int i = n - 1, end = n - 1; i >= 0; i--) {
        end = chance[i] > ends ? i : end;
        phrases->end[i] = least(end, song->stop[i] - 1);
        phrases->chance[i] = chance[least(i + song->left[i], n - 1)];
    }
    phrases->before[0] = 0;
    for (int i = 1; i < n; i++)
        phrases->before[i] = phrases->before[i - 1] + chance[i - 1];
}

static void phrasing(Room *room, const Model *model, const Song *song, const Band *band, Phrasing *phrases)
{
    const Net *net = &model->phrases;
    const int n = song->n, units = (int)net->units;
    float *chance = take_blank(room, n, sizeof(float));
    int *words = take(room, n, sizeof(int)), count = 0;
    for (int i = 0; i + 1 < n; i++)
        if (!song->left[i] && song->to_end[i] > 0 && song->to_end[i] < BEYOND)
            words[count++] = i;
    float *x = take(room, (size_t)count * PHRASE_NUMBERS, sizeof(float));
    float *sums = take(room, (size_t)AT_ONCE * units, sizeof(float)), odds[AT_ONCE];
    float *hidden = take(room, (size_t)AT_ONCE * net->hidden, sizeof(float));
    phrase_numbers(room, song, band, words, count, x);
    for (int k = 0; k < count; k += AT_ONCE) {
        const int some = least(AT_ONCE, count - k);
        for (int r = 0; r < some; r++)
            memcpy(sums + r * units, net->meetings, units * sizeof(float));
        dense(x + (size_t)k * PHRASE_NUMBERS, some, PHRASE_NUMBERS, net->weights, units, sums);
        rest(net, sums, some, hidden, odds);
        for (int r = 0; r < some; r++)
            chance[words[k + r]] = chance_of(odds[r]);
    }
    for (int i = 0; i < n; i++)
        if (song->role[i] & BAR_FINAL)
            chance[i] = 1;
    phrasing_of(room, song, chance, (float)model->limits.ends, phrases);
}

/* What each syllable adds to the first layer: as a pair's earlier one, then as its later one. */
static float *syllable_layer(Room *room, const Net *net, const Stream *stream, const Song *song, const float *x)
{
    const int n = song->n, wide = 2 * (int)net->units;
    float *both = take(room, (size_t)n * wide, sizeof(float));
    for (int i = 0; i < n; i++) {
        const int follow = least((int)stream->cluster_length[song->follow[i]], 2), role = song->role[i];
        const int voice = ((int)stream->vowel_row[song->nucleus[i]] * 3 + song->stress[i]) * 3 + follow;
        const int word = 4 * !!(role & FUNCTION) + 2 * !!(role & LAST_WORD) + !!(role & MIDDLE_WORD);
        const int inside = least(song->left[i], 2) * 3 + least(song->size[i], 3) - 1;
        const int stand = (inside * 5 + least(song->to_end[i], 4)) * 8 + word;
        for (int u = 0; u < wide; u++)
            both[(size_t)i * wide + u] = net->voices[voice * wide + u] + net->stands[stand * wide + u];
    }
    dense(x, n, (int)net->own, net->own_weights, wide, both);
    return both;
}

/* Sums of a pair's units before its own numbers. */
static void begin_units(const Net *net, const float *both, const Pair *pair, float *sums)
{
    const int units = (int)net->units;
    const float *meeting = net->meetings + (size_t)(pair->kind * PLACES + pair->place) * units;
    const float *earlier = both + (size_t)pair->earlier * 2 * units, *later = both + (size_t)pair->later * 2 * units + units;
    for (int u = 0; u < units; u++)
        sums[u] = meeting[u] + earlier[u] + later[u];
}

/* Sets the pairs' log-odds; x has a row of numbers for each pair. */
static void judge(Room *room, const Net *net, const float *both, const float *x, Pair *pairs, int count)
{
    const int width = (int)net->numbers, units = (int)net->units;
    float *sums = take(room, (size_t)AT_ONCE * units, sizeof(float)), odds[AT_ONCE];
    float *hidden = take(room, (size_t)AT_ONCE * net->hidden, sizeof(float));
    for (int k = 0; k < count; k += AT_ONCE) {
        const int some = least(AT_ONCE, count - k);
        for (int r = 0; r < some; r++)
            begin_units(net, both, pairs + k + r, sums + r * units);
        dense(x + (size_t)k * width, some, width, net->weights, units, sums);
        rest(net, sums, some, hidden, odds);
        for (int r = 0; r < some; r++)
            pairs[k + r].odds = odds[r];
    }
}

/* The best log-odds between any syllables of two words, for the pairs' words. */
static float *best_of_words(Room *room, const Song *song, const Pair *pairs, int count)
{
    const size_t cells = (size_t)(song->word[song->n - 1] + 1) * NEAR;
    float *best = take(room, cells, sizeof(float));
    for (size_t k = 0; k < cells; k++)
        best[k] = FLOOR;
    for (int p = 0; p < count; p++) {
        const int word = song->word[pairs[p].earlier];
        float *of_words = best + (size_t)word * NEAR + (song->word[pairs[p].later] - word);
        *of_words = *of_words > pairs[p].odds ? *of_words : pairs[p].odds;
    }
    return best;
}

/* What is known of each syllable before the third hearing, row by row. */
static float *more_own_numbers(Room *room, const Song *song, const Band *band, const float *degree,
                               const Phrasing *phrases, const float *own)
{
    float *late = take(room, (size_t)song->n * LATE_OWN, sizeof(float)), *x = take(room, (size_t)song->n * (OWN + LATE_OWN), sizeof(float));
    late_own_numbers(room, song, band, degree, phrases, late);
    for (int i = 0; i < song->n; i++) {
        memcpy(x + (size_t)i * (OWN + LATE_OWN), own + (size_t)i * OWN, OWN * sizeof(float));
        memcpy(x + (size_t)i * (OWN + LATE_OWN) + OWN, late + (size_t)i * LATE_OWN, LATE_OWN * sizeof(float));
    }
    return x;
}

/* The third hearing, of pairs whose numbers in the second are the first ones of their rows. */
static void third_hearing(Room *room, const Model *model, const Stream *stream, const Song *song,
                          const Phrasing *phrases, const float *own, float *x, Pair *pairs, int count)
{
    const int width = OF_PAIR + LATE_OF_PAIR;
    Band band;
    float *odds = blank_odds(room, song);
    for (int p = 0; p < count; p++) {
        const float held = pairs[p].odds < CEILING ? pairs[p].odds : CEILING;
        const int i = pairs[p].earlier;
        odds[(size_t)song->column[i] * ROW + pairs[p].later - i] = held > FLOOR ? held : FLOOR;
    }
    band_of(room, song, odds, &band);
    const float *degree = company(room, song, pairs, count, 1), *words = best_of_words(room, song, pairs, count);
    const float *all_own = more_own_numbers(room, song, &band, degree, phrases, own);
    for (int p = 0; p < count; p++)
        late_pair_numbers(song, pairs + p, &band, degree, phrases, words, x + (size_t)p * width + OF_PAIR);
    judge(room, &model->third, syllable_layer(room, &model->third, stream, song, all_own), x, pairs, count);
}

int hear(Room *room, const Model *model, const Stream *stream, const Song *song, Pair **left)
{
    Pair *pairs;
    Band band;
    Phrasing phrases;
    const int count = first_hearing(room, model, stream, song, &band, &pairs);
    phrasing(room, model, song, &band, &phrases);
    const float *degree = company(room, song, pairs, count, 0), doubtful = (float)model->limits.doubtful;
    float *own = take(room, (size_t)song->n * OWN, sizeof(float));
    float *x = take(room, (size_t)count * OF_PAIR, sizeof(float));
    own_numbers(room, song, &band, degree, &phrases, own);
    for (int p = 0; p < count; p++)
        pair_numbers(song, pairs + p, &band, degree, &phrases, x + (size_t)p * OF_PAIR);
    judge(room, &model->second, syllable_layer(room, &model->second, stream, song, own), x, pairs, count);
    int kept = 0;
    for (int p = 0; p < count; p++)
        kept += pairs[p].odds > doubtful;
    float *more = take(room, (size_t)kept * (OF_PAIR + LATE_OF_PAIR), sizeof(float));
    for (int p = 0, k = 0; p < count; p++)
        if (pairs[p].odds > doubtful) {
            memcpy(more + (size_t)k * (OF_PAIR + LATE_OF_PAIR), x + (size_t)p * OF_PAIR, OF_PAIR * sizeof(float));
            pairs[k++] = pairs[p];
        }
    third_hearing(room, model, stream, song, &phrases, own, more, pairs, kept);
    *left = pairs;
    return kept;
}
