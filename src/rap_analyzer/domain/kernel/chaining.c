/* Lines of classes as chains: see rhyme_chains.py. Sums are in the same order as there. */
#include <math.h>
#include <stdlib.h>

#include "chaining.h"

enum { ECHO_BARS = 4, DECIMALS = 10000 };
enum { END = 1, INTERNAL = 2, PERFECT = 4, SLANT = 8, MULTISYLLABIC = 16, MOSAIC = 32 };

typedef struct {
    int begin, length, position, words;
    const int *said, *sound;
    double sum;
} Span;

/* Rounds as Python does: what lies half-way goes to the even one, and no product's error decides. */
static double rounded(double x)
{
    double whole = floor(x * DECIMALS);
    const double beyond = fma(x, DECIMALS, -(whole + 0.5));
    if (beyond > 0 || (beyond == 0 && fmod(whole, 2) != 0))
        whole += 1;
    return whole / DECIMALS;
}

static int by_sound(const void *one, const void *other)
{
    const Span *a = *(Span *const *)one, *b = *(Span *const *)other;
    if (a->position != b->position)
        return ordered(a->position, b->position);
    if (a->length != b->length)
        return ordered(a->length, b->length);
    for (int k = 0; k < a->length; k++)
        if (a->sound[k] != b->sound[k])
            return ordered(a->sound[k], b->sound[k]);
    return 0;
}

static int sounds_differ(const Span *one, const Span *other) { return by_sound(&one, &other) != 0; }

static int words_differ(const Span *one, const Span *other)
{
    if (one->words != other->words)
        return 1;
    for (int k = 0; k < one->words; k++)
        if (one->said[k] != other->said[k])
            return 1;
    return 0;
}

/* Whether two spans sound alike and are not the same words. */
static int some_perfect(const Span *spans, int count, const Span **sorted)
{
    for (int k = 0; k < count; k++)
        sorted[k] = spans + k;
    qsort(sorted, count, sizeof *sorted, by_sound);
    for (int k = 1; k < count; k++)
        if (!sounds_differ(sorted[k - 1], sorted[k]) && words_differ(sorted[k - 1], sorted[k]))
            return 1;
    return 0;
}

static int ends_bar(const Lines *s, const Span *span)
{
    return (s->role[span->begin + span->length - 1] & LAST_WORD) > 0;
}

static int64_t kinds_of(const Lines *s, const Span *spans, int count, const Span **sorted)
{
    int different = 0, slant = 0, ending = 0, bars = 0, multis = 0, of_multis = 0, mosaic = 0;
    const Span *first_multi = NULL;
    int64_t bar = -1;
    for (int k = 0; k < count; k++) {
        const Span *span = spans + k;
        different |= words_differ(spans, span);
        slant |= sounds_differ(spans, span);
        if (ends_bar(s, span)) {
            bars |= ending && s->bar[span->begin] != bar;
            bar = s->bar[span->begin];
            ending++;
        }
        if (span->length > 1) {
            first_multi = first_multi ? first_multi : span;
            of_multis |= words_differ(first_multi, span);
            multis++;
        }
        mosaic |= s->word[span->begin] != s->word[span->begin + span->length - 1];
    }
    if (!different)
        return 0;
    return END * bars | INTERNAL * (ending < count) | PERFECT * some_perfect(spans, count, sorted) | SLANT * slant |
           MULTISYLLABIC * of_multis | MOSAIC * (multis > 1 && mosaic);
}

/* Whether a syllable stands at the next position of the chain that the one before it is in, in the same bar. */
static int goes_on(const Lines *s, const int64_t *chain_of, const int64_t *position, int i)
{
    return i > 0 && i < s->n && chain_of[i] == chain_of[i - 1] && s->bar[i] == s->bar[i - 1] &&
           position[i] == position[i - 1] + 1;
}

/* Finds the runs of syllables at consecutive positions of one chain within a bar, in order of their chains; `ends` is
 * where those of each chain end. */
static Span *find_spans(Room *room, const Lines *s, const int64_t *chain_of, const int64_t *position, int chains,
                        int *ends)
{
    int *places = take_blank(room, (size_t)chains + 1, sizeof(int)), count = 0;
    int *begins = take(room, (size_t)s->n + 1, sizeof(int));
    for (int i = 0; i < s->n; i++) {
        if (chain_of[i] >= 0 && !goes_on(s, chain_of, position, i)) {
            begins[count++] = i;
            places[chain_of[i] + 1]++;
        }
    }
    for (int k = 0; k < chains; k++)
        ends[k] = places[k + 1] += places[k];
    Span *spans = take(room, (size_t)count + 1, sizeof(Span));
    int *said = take(room, (size_t)s->n + 1, sizeof(int));
    for (int k = 0; k < count; k++) {
        const int begin = begins[k];
        Span span = {begin, 0, (int)position[begin], 0, said, s->sound + begin, 0};
        int i = begin;
        ++*s->stamp;
        do {
            span.sum += s->chance[i];
            if (s->latest[s->spelling[i]] != *s->stamp) {
                s->latest[s->spelling[i]] = *s->stamp;
                said[span.words++] = (int)s->spelling[i];
            }
            i++;
        } while (goes_on(s, chain_of, position, i));
        span.length = i - begin;
        said += span.words;
        spans[places[chain_of[begin]]++] = span;
    }
    return spans;
}

static void write_span(const Span *span, double confidence, int64_t at, const Found *found)
{
    found->begin[at] = span->begin;
    found->length[at] = span->length;
    found->place[at] = span->position;
    found->confidence[at] = confidence;
}

/* Writes the chains of the classes. */
static void write_chains(Room *room, const Lines *s, int64_t begin, const Found *found, int64_t *chains, int64_t *spans)
{
    int64_t *chain_of = found->chain_of + begin, *position = found->position + begin;
    const int count = place(room, s, chain_of, position, found->sizes + *chains);
    int *ends = take(room, (size_t)count + 1, sizeof(int));
    const Span *all = find_spans(room, s, chain_of, position, count, ends);
    const Span **sorted = take(room, (size_t)s->n + 1, sizeof *sorted);
    for (int k = 0, first = 0; k < count; first = ends[k++]) {
        double sum = 0;
        int syllables = 0;
        for (int m = first; m < ends[k]; m++) {
            write_span(all + m, rounded(all[m].sum / all[m].length), (*spans)++, found);
            for (int i = all[m].begin; i < all[m].begin + all[m].length; i++)
                sum += s->chance[i];
            syllables += all[m].length;
        }
        found->kinds[*chains] = kinds_of(s, all + first, ends[k] - first, sorted);
        found->sure[*chains] = rounded(sum / syllables);
        found->span_ends[(*chains)++] = *spans;
    }
}

/* The last words of bars that nothing rhymes with, with their first syllables. */
static int free_words(const Lines *s, const int64_t *chain_of, Follower *words)
{
    int count = 0;
    for (int i = 0; i < s->n; i++)
        if (s->role[i] & LAST_WORD && !s->left[i]) {
            int begin = i + 1 - (int)s->size[i], free = 1;
            for (int k = begin; k <= i; k++)
                free &= chain_of[k] < 0;
            if (free) {
                words[count] = (Follower){(int)s->spelling[begin], (int)s->size[i], count, begin};
                count++;
            }
        }
    return count;
}

static int same_word(const Follower *one, const Follower *other)
{
    return one->word == other->word && one->size == other->size;
}

/* Gathers runs of bars that end in the same word; how many. A run that a later bar of the word ends stands where that
 * bar does, any other after all of these, where its word is first said. */
static int find_echoes(const Lines *s, Follower *words, int count, Group *groups)
{
    int found = 0;
    qsort(words, count, sizeof(Follower), by_word);
    for (int begin = 0, end; begin < count; begin = end) {
        int first = begin;
        for (end = begin; end < count && same_word(words + begin, words + end); end++)
            if (end > first && s->bar[words[end].syllable] - s->bar[words[end - 1].syllable] > ECHO_BARS) {
                if (end - first > 1)
                    groups[found++] = (Group){first, end - first, words[end].order};
                first = end;
            }
        if (end - first > 1)
            groups[found++] = (Group){first, end - first, (int64_t)count + words[begin].order};
    }
    qsort(groups, found, sizeof(Group), by_rank);
    return found;
}

/* Writes a chain for each run of repeated words that end bars where nothing else rhymes. */
static void write_echoes(Room *room, const Lines *s, int64_t begin, const Found *found, int64_t from, int64_t *chains,
                         int64_t *spans)
{
    int64_t *chain_of = found->chain_of + begin, *position = found->position + begin;
    Follower *words = take(room, (size_t)s->n + 1, sizeof(Follower));
    Group *groups = take(room, (size_t)s->n + 1, sizeof(Group));
    const int count = find_echoes(s, words, free_words(s, chain_of, words), groups);
    for (int g = 0; g < count; g++) {
        const int size = words[groups[g].begin].size;
        for (int m = 0; m < groups[g].count; m++) {
            const Span span = {words[groups[g].begin + m].syllable, size, 0, 0, NULL, NULL, 0};
            write_span(&span, 1, (*spans)++, found);
            for (int k = 0; k < size; k++) {
                chain_of[span.begin + k] = *chains - from;
                position[span.begin + k] = k;
            }
        }
        found->sizes[*chains] = size;
        found->kinds[*chains] = 0;
        found->sure[*chains] = 1;
        found->span_ends[(*chains)++] = *spans;
    }
}

static Lines lines_of(Room *room, const Stream *stream, int64_t begin, int n)
{
    Lines s = {.n = n, .clusters = (int)stream->clusters};
    s.nucleus = stream->nucleus + begin;
    s.follow = stream->follow + begin;
    s.role = stream->role + begin;
    s.left = stream->left + begin;
    s.size = stream->size + begin;
    s.bar = stream->bar + begin;
    s.word = stream->word + begin;
    s.word_id = stream->word_id + begin;
    s.spelling = stream->spelling + begin;
    s.traits = stream->traits + begin;
    s.class_of = take(room, 5 * (size_t)n, sizeof(int));
    s.member = s.class_of + n;
    s.first = s.class_of + 2 * n;
    s.count = s.class_of + 3 * n;
    s.sound = s.class_of + 4 * n;
    s.chance = take_blank(room, n, sizeof(double));
    for (int i = 0; i < n; i++) {
        s.class_of[i] = -1;
        s.sound[i] = (int)(s.nucleus[i] * s.clusters + s.follow[i]);
    }
    return s;
}

/* The classes of a song; those of earlier songs stand before them. */
static void take_classes(Room *room, Lines *s, const Classed *classed, int64_t begin, int64_t *at)
{
    int64_t k = *at ? classed->ends[*at - 1] : 0;
    for (; *at < classed->count && classed->members[k] < begin + s->n; ++*at, s->classes++)
        for (; k < classed->ends[*at]; k++) {
            s->class_of[classed->members[k] - begin] = s->classes;
            s->chance[classed->members[k] - begin] = classed->chances[k];
        }
    number_classes(room, s);
}

int64_t chain(Room *room, const Stream *stream, int64_t n, const int64_t *edges, int64_t songs, const Classed *classed,
              const Found *found)
{
    int64_t chains = 0, spans = 0, at = 0, most = 0;
    int stamp = 0;
    for (int64_t i = 0; i < n; i++)
        most = stream->spelling[i] > most ? stream->spelling[i] : most;
    int *latest = take_blank(room, (size_t)most + 1, sizeof(int));
    for (int64_t song = 0; song < songs; song++) {
        const int64_t begin = edges[song], from = chains, first = spans;
        Lines s = lines_of(room, stream, begin, (int)(edges[song + 1] - begin));
        s.latest = latest;
        s.stamp = &stamp;
        take_classes(room, &s, classed, begin, &at);
        join_one_ending(room, &s);
        add_tails(room, &s);
        write_chains(room, &s, begin, found, &chains, &spans);
        write_echoes(room, &s, begin, found, from, &chains, &spans);
        for (int64_t k = first; k < spans; k++)
            found->begin[k] += begin;
        found->chain_ends[song] = chains;
    }
    return spans;
}
