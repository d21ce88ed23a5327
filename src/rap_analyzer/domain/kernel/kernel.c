/* The call from Python: a part of a stream's columns to rhyme classes. */
#include "kernel.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* Blocks of memory; each begins with the one before it. */
struct Room {
    void **latest;
    jmp_buf full;
};

enum { HEADER = 64 };

void *take(Room *room, size_t count, size_t each)
{
    void **block = malloc(HEADER + count * each);
    if (!block)
        longjmp(room->full, 1);
    *block = room->latest;
    room->latest = block;
    return (char *)block + HEADER;
}

void *take_blank(Room *room, size_t count, size_t each)
{
    return memset(take(room, count, each), 0, count * each);
}

static void give_back(Room *room)
{
    while (room->latest) {
        void **before = *room->latest;
        free(room->latest);
        room->latest = before;
    }
}

static int *column(Room *room, const int64_t *values, int64_t begin, int n, int64_t less)
{
    int *own = take(room, n, sizeof(int));
    for (int i = 0; i < n; i++)
        own[i] = (int)(uint32_t)(values[begin + i] - less);
    return own;
}

static void copy_columns(Room *room, const Stream *s, int64_t begin, int n, Song *song)
{
    song->n = n;
    song->nucleus = column(room, s->nucleus, begin, n, 0);
    song->follow = column(room, s->follow, begin, n, 0);
    song->onset = column(room, s->onset, begin, n, 0);
    song->role = column(room, s->role, begin, n, 0);
    song->stress = column(room, s->stress, begin, n, 0);
    song->left = column(room, s->left, begin, n, 0);
    song->size = column(room, s->size, begin, n, 0);
    song->letters = column(room, s->letters, begin, n, 0);
    song->traits = column(room, s->traits, begin, n, 0);
    song->section = column(room, s->section, begin, n, s->section[begin]);
    song->bar = column(room, s->bar, begin, n, s->bar[begin]);
    song->word = column(room, s->word, begin, n, s->word[begin]);
    song->word_id = column(room, s->word_id, begin, n, 0);
    song->to_end = column(room, s->to_end, begin, n, 0);
    for (int k = 0; k < ENDINGS; k++)
        song->ending[k] = column(room, s->ending[k], begin, n, 0);
}

/* Where the syllables stand: see rhyme_ground.py. */
static void stand(Room *room, Song *song)
{
    const int n = song->n;
    int *ground = take(room, 5 * (size_t)n, sizeof(int)), rank = 0;
    song->start = ground;
    song->stop = ground + n;
    song->end = ground + 2 * n;
    song->bars = ground + 3 * n;
    song->column = ground + 4 * n;
    for (int begin = 0, stop; begin < n; begin = stop, rank++)
        for (stop = begin + 1; stop <= n; stop++)
            if (stop == n || song->section[stop] != song->section[begin]) {
                for (int i = begin; i < stop; i++) {
                    song->start[i] = begin;
                    song->stop[i] = stop;
                    song->column[i] = FRAME + i + REACH * rank;
                }
                break;
            }
    for (int begin = 0, stop; begin < n; begin = stop) {
        int final = -1;
        for (stop = begin; stop < n && song->bar[stop] == song->bar[begin]; stop++)
            final = song->role[stop] & BAR_FINAL ? stop : final;
        for (int i = begin; i < stop; i++) {
            song->end[i] = final < 0 ? i : final;
            song->bars[i] = stop - begin;
        }
    }
    for (int count = 0; count < WINDOW; count++)
        song->logs[count] = log1pf((float)count);
    song->width = n + REACH * (rank - 1) + 2 * FRAME;
    song->at = take(room, song->width, sizeof(int));
    for (int c = 0; c < song->width; c++)
        song->at[c] = -1 - c;
    for (int i = 0; i < n; i++)
        song->at[song->column[i]] = song->word_id[i];
}

/* What must be the same in Python, for a look before the first call. */
VISIBLE const int64_t rhyme_kernel_shape[] = {
    3, sizeof(Model), sizeof(Stream), sizeof(Found), WINDOW, REACH, FAR, AROUND, BEYOND, ENDINGS, BARS, WORDS, ALIGNED_TAIL, ROLES,
};

static int64_t classes_in(Room *room, const Model *model, const Stream *stream, int64_t begin, int n,
                          int64_t *members, double *chances, int64_t *ends)
{
    Song song;
    Pair *pairs;
    if (setjmp(room->full))
        return -1;
    copy_columns(room, stream, begin, n, &song);
    stand(room, &song);
    const int count = hear(room, model, stream, &song, &pairs);
    return join(room, &model->limits, &song, pairs, count, members, chances, ends);
}

/* Classes among n syllables from `begin` on, n > 0; their members count from there. Gives how many there are, in order
 * of their first members, or -1 when memory is short. `members`, `chances` and `ends` have room for n. */
VISIBLE int64_t rhyme_kernel_classes(const Model *model, const Stream *stream, int64_t begin, int64_t n,
                                     int64_t *members, double *chances, int64_t *ends)
{
    Room room;
    room.latest = NULL;
    const int64_t classes = classes_in(&room, model, stream, begin, (int)n, members, chances, ends);
    give_back(&room);
    return classes;
}

static int64_t chains_in(Room *room, const Stream *stream, int64_t n, const int64_t *edges, int64_t songs,
                         const Classed *classed, const Found *found)
{
    return setjmp(room->full) ? -1 : chain(room, stream, n, edges, songs, classed, found);
}

/* Chains from the classes of a stream of n syllables and of so many songs, which lie between the edges. Gives how many
 * spans they have, or -1 when memory is short. What is written by song has room for as many, all other for n. */
VISIBLE int64_t rhyme_kernel_chains(const Stream *stream, int64_t n, const int64_t *edges, int64_t songs,
                                    const Classed *classed, const Found *found)
{
    Room room;
    room.latest = NULL;
    const int64_t spans = chains_in(&room, stream, n, edges, songs, classed, found);
    give_back(&room);
    return spans;
}

static int64_t schemes_in(Room *room, const int64_t *places, const int64_t *begins, const int64_t *ends,
                          const int64_t *section_ends, int64_t sections, int64_t *letters)
{
    if (setjmp(room->full))
        return -1;
    for (int64_t section = 0; section < sections; section++) {
        const int64_t first = section ? section_ends[section - 1] : 0;
        const int64_t bars = section_ends[section] - first;
        scheme(room, places, begins + first, ends + first, bars, letters + first);
    }
    return 0;
}

/* The letter of each bar as a number, or -1, from the places of chains that the syllables between its begin and its end
 * have. Gives -1 when memory is short. */
VISIBLE int64_t rhyme_kernel_schemes(const int64_t *places, const int64_t *begins, const int64_t *ends,
                                     const int64_t *section_ends, int64_t sections, int64_t *letters)
{
    Room room;
    room.latest = NULL;
    const int64_t failed = schemes_in(&room, places, begins, ends, section_ends, sections, letters);
    give_back(&room);
    return failed;
}
