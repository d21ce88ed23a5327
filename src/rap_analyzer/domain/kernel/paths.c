/* Classes put in line: see rhyme_paths.py. Sums are in the same order as there. */
#include <stdlib.h>

#include "chaining.h"

/* What follows what, and how often. */
typedef struct {
    int from, vowel, to, order, times;
} Step;

static int by_step(const void *one, const void *other)
{
    const Step *a = one, *b = other;
    const int from = ordered(a->from, b->from), vowel = ordered(a->vowel, b->vowel), to = ordered(a->to, b->to);
    return from ? from : vowel ? vowel : to ? to : ordered(a->order, b->order);
}

static int by_times(const void *one, const void *other)
{
    const Step *a = one, *b = other;
    return a->times != b->times ? ordered(b->times, a->times) : ordered(a->order, b->order);
}

/* Keeps what is found more than once, the commonest first, else what is found first; how many. */
static int often(Step *steps, int count)
{
    int kept = 0;
    qsort(steps, count, sizeof(Step), by_step);
    for (int begin = 0, end; begin < count; begin = end) {
        const Step step = steps[begin];
        for (end = begin + 1; end < count && steps[end].from == step.from && steps[end].vowel == step.vowel &&
                              steps[end].to == step.to;)
            end++;
        if (end - begin > 1) {
            steps[kept] = step;
            steps[kept++].times = end - begin;
        }
    }
    qsort(steps, kept, sizeof(Step), by_times);
    return kept;
}

void number_classes(Room *room, Lines *s)
{
    int *number = take(room, (size_t)s->n + 1, sizeof(int)), *size = take_blank(room, (size_t)s->n + 1, sizeof(int));
    int classes = 0, place = 0;
    for (int i = 0; i < s->n; i++)
        if (s->class_of[i] >= 0 && !size[s->class_of[i]]++)
            number[s->class_of[i]] = classes++;
    s->classes = classes;
    for (int i = 0; i < s->n; i++)
        if (s->class_of[i] >= 0) {
            const int old = s->class_of[i], own = number[old];
            if (size[old] > 0) {
                s->first[own] = place;
                s->count[own] = 0;
                place += size[old];
                size[old] = 0;
            }
            s->class_of[i] = own;
            s->member[s->first[own] + s->count[own]++] = i;
        }
}

void join_one_ending(Room *room, Lines *s)
{
    Step *steps = take(room, (size_t)s->n + 1, sizeof(Step));
    int found = 0, joined = 0;
    for (int k = 0; k < s->classes; k++)
        for (int m = 0; m < s->count[k]; m++) {
            const int i = s->member[s->first[k] + m];
            if (s->left[i] > 0 && i + 1 < s->n && s->class_of[i + 1] >= 0) {
                steps[found] = (Step){k, (int)s->nucleus[i + 1], s->class_of[i + 1], found, 0};
                found++;
            }
        }
    found = often(steps, found);
    int *into = take(room, (size_t)s->classes + 1, sizeof(int));
    int *target = take_blank(room, (size_t)s->classes + 1, sizeof(int));
    int *latest = take(room, (size_t)s->classes + 1, sizeof(int)), *former = take(room, (size_t)found + 1, sizeof(int));
    for (int k = 0; k < s->classes; k++)
        into[k] = latest[k] = -1;
    for (int k = 0; k < found; k++) {
        const int before = steps[k].from, following = steps[k].to;
        int kept = latest[before];
        while (kept >= 0 && steps[kept].vowel != steps[k].vowel)
            kept = former[kept];
        if (kept < 0) {
            former[k] = latest[before];
            latest[before] = k;
            continue;
        }
        const int first = steps[kept].to;
        if (into[first] < 0 && into[following] < 0 && !target[following] && before != first && before != following &&
            first != following) {
            into[following] = first;
            target[first] = joined = 1;
        }
    }
    if (!joined)
        return;
    for (int i = 0; i < s->n; i++)
        if (s->class_of[i] >= 0 && into[s->class_of[i]] >= 0)
            s->class_of[i] = into[s->class_of[i]];
    number_classes(room, s);
}

int by_word(const void *one, const void *other)
{
    const Follower *a = one, *b = other;
    const int word = ordered(a->word, b->word), size = ordered(a->size, b->size);
    return word ? word : size ? size : ordered(a->order, b->order);
}

int by_rank(const void *one, const void *other)
{
    return ordered(((const Group *)one)->rank, ((const Group *)other)->rank);
}

/* Makes a class of each word that follows several members of a class, which are not all the same. */
static void add_tails_of(Lines *s, int k, Follower *followers, int count, Group *groups, int *place)
{
    int found = 0;
    double sum = 0;
    qsort(followers, count, sizeof(Follower), by_word);
    for (int begin = 0, end; begin < count; begin = end) {
        int different = 0;
        for (end = begin; end < count && followers[end].word == followers[begin].word; end++)
            different |= s->spelling[followers[end].syllable - 1] != s->spelling[followers[begin].syllable - 1];
        if (different)
            groups[found++] = (Group){begin, end - begin, followers[begin].order};
    }
    qsort(groups, found, sizeof(Group), by_rank);
    for (int m = 0; found && m < s->count[k]; m++)
        sum += s->chance[s->member[s->first[k] + m]];
    for (int g = 0; g < found; g++) {
        s->first[s->classes] = *place;
        s->count[s->classes] = groups[g].count;
        for (int m = 0; m < groups[g].count; m++) {
            const int i = followers[groups[g].begin + m].syllable;
            s->class_of[i] = s->classes;
            s->chance[i] = sum / s->count[k];
            s->member[(*place)++] = i;
        }
        s->classes++;
    }
}

void add_tails(Room *room, Lines *s)
{
    const int classes = s->classes;
    Follower *followers = take(room, (size_t)s->n + 1, sizeof(Follower));
    Group *groups = take(room, (size_t)s->n + 1, sizeof(Group));
    int place = classes ? s->first[classes - 1] + s->count[classes - 1] : 0;
    for (int k = 0; k < classes; k++) {
        int count = 0;
        for (int m = 0; m < s->count[k]; m++) {
            const int i = s->member[s->first[k] + m], next = i + 1;
            if (next < s->n && s->class_of[next] < 0 && s->bar[i] == s->bar[next] &&
                !(s->traits[next] & FORWARD_BIT)) {
                followers[count] = (Follower){(int)s->word_id[next], 0, count, next};
                count++;
            }
        }
        if (count > 1)
            add_tails_of(s, k, followers, count, groups, &place);
    }
}

static int leads_to(const int *after, int at, int goal)
{
    while (at >= 0 && at != goal)
        at = after[at];
    return at == goal;
}

/* For each class the one that follows it, or -1; which ones follow none is told by `reached`. */
static int *links(Room *room, const Lines *s, int *reached)
{
    Step *steps = take(room, (size_t)s->n + 1, sizeof(Step));
    int *after = take(room, (size_t)s->classes + 1, sizeof(int)), found = 0;
    for (int k = 0; k < s->classes; k++) {
        after[k] = -1;
        for (int m = 0; m < s->count[k]; m++) {
            const int i = s->member[s->first[k] + m];
            if (i + 1 < s->n && s->class_of[i + 1] >= 0 && s->class_of[i + 1] != k && s->bar[i] == s->bar[i + 1]) {
                steps[found] = (Step){k, 0, s->class_of[i + 1], found, 0};
                found++;
            }
        }
    }
    found = often(steps, found);
    for (int k = 0; k < found; k++) {
        const int one = steps[k].from, other = steps[k].to;
        const int smaller = s->count[one] < s->count[other] ? s->count[one] : s->count[other];
        if (2 * steps[k].times >= smaller && after[one] < 0 && !reached[other] && !leads_to(after, other, one)) {
            after[one] = other;
            reached[other] = 1;
        }
    }
    return after;
}

int place(Room *room, const Lines *s, int64_t *chain_of, int64_t *position, int64_t *sizes)
{
    int *reached = take_blank(room, (size_t)s->classes + 1, sizeof(int)), chains = 0;
    const int *after = links(room, s, reached);
    for (int i = 0; i < s->n; i++)
        chain_of[i] = position[i] = -1;
    for (int i = 0; i < s->n; i++) {
        const int start = s->class_of[i];
        if (start < 0 || reached[start] || s->member[s->first[start]] != i)
            continue;
        int at = 0;
        for (int k = start; k >= 0; k = after[k], at++)
            for (int m = 0; m < s->count[k]; m++) {
                chain_of[s->member[s->first[k] + m]] = chains;
                position[s->member[s->first[k] + m]] = at;
            }
        sizes[chains++] = at;
    }
    return chains;
}
