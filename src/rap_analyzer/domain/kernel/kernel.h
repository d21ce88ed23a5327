/* The rhyme engine's loops over pairs of syllables in C: what rhyme_hearing.py and rhyme_classes.py do, with the same
 * answers, several times as fast. Those modules say what is done and why; names here are theirs. Numbers that were
 * learned or chosen come from there too; what is fixed here is checked when the library is loaded.
 *
 * Plain C99 without Python's headers, so that one library serves every version of Python. Nothing is kept between
 * calls: threads may call at once. */
#ifndef KERNEL_H
#define KERNEL_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define VISIBLE __declspec(dllexport)
#elif defined(__GNUC__)
#define VISIBLE __attribute__((visibility("default")))
#else
#define VISIBLE
#endif

enum { WINDOW = 48, REACH = 3, FRAME = WINDOW, FAR = 20, AROUND = 24, BEYOND = 1000, ENDINGS = 4 };
enum { BARS = 6, WORDS = 3, ALIGNED_TAIL = 5, PLACES = BARS * WORDS * 4, ROLES = 128, NO_KIND = 8 };
enum { STRESSED = 1, FUNCTION = 2, WORD_FINAL = 4, MONOSYLLABLE = 8, LAST_WORD = 16, BAR_FINAL = 32, MIDDLE_WORD = 64 };
enum { LEANING_BIT = 1, PRONOUN_BIT = 2, JOINER_BIT = 4, FORWARD_BIT = 8 };
enum { BARS_AROUND = 3, NEAR_BARS = 5, EYE_LETTERS = 3, HEARD_POINTS = 7 };
enum { ROW = WINDOW + 2, NEAR = WINDOW + 1, SPAN = 2 * WINDOW + 1 };
enum { PHRASE_NUMBERS = 20, OWN = 16, LATE_OWN = 11, OF_PAIR = 33, LATE_OF_PAIR = 19 };
#define FLOOR (-6.0f)
#define CEILING 8.0f

/* A network; matrices lie row by row. */
typedef struct {
    int64_t own, numbers, units, hidden;   /* numbers of a syllable and of a pair; units of both layers */
    const float *own_weights;              /* own rows; the units as an earlier syllable, then as a later one */
    const float *voices, *stands;          /* the same by a syllable's codes */
    const float *weights, *meetings;       /* a pair's numbers, and by its code with the first bias in it */
    const float *second, *second_bias, *out, *out_bias;
} Net;

typedef struct {
    double unlikely, doubtful, ends;
    double joins, holds, newcomer, strict[2], apart[2], by_eye, unheard, repeated;
    double heard_at[HEARD_POINTS], held_true[HEARD_POINTS];
} Limits;

typedef struct {
    int64_t vowel_rows;
    const float *vowels, *clusters, *roles, *places, *distances;
    Net phrases, second, third;
    Limits limits;
} Model;

/* A stream's columns and, by nucleus and by cluster, what the model and the comparison of clusters call them. */
typedef struct {
    const int64_t *nucleus, *follow, *onset, *role, *stress, *left, *size, *letters, *traits;
    const int64_t *section, *bar, *word, *word_id, *to_end, *spelling, *ending[ENDINGS];
    const int64_t *vowel_row, *kind_row, *cluster_length;
    int64_t clusters, kinds_width;
    const int8_t *kinds;
} Stream;

/* Classes one after another, in order of their first members: these, a chance for each, and where each class ends. */
typedef struct {
    int64_t count;
    const int64_t *members, *ends;
    const double *chances;
} Classed;

/* What chains are written to: by syllable; by span, chain after chain; by chain, song after song; by song. */
typedef struct {
    int64_t *chain_of, *position;
    int64_t *begin, *length, *place;
    double *confidence;
    int64_t *span_ends, *sizes, *kinds;
    double *sure;
    int64_t *chain_ends;
} Found;

/* Memory that is given back as a whole; where there is none left, control goes back to the start of the call. */
typedef struct Room Room;
void *take(Room *room, size_t count, size_t each);
void *take_blank(Room *room, size_t count, size_t each);

/* The syllables that are heard at once, with their ground. */
typedef struct {
    int n, width;
    int *nucleus, *follow, *onset, *role, *stress, *left, *size, *letters, *traits;
    int *section, *bar, *word, *word_id, *to_end, *ending[ENDINGS];
    int *start, *stop, *end, *bars, *column, *at;   /* at: the word that stands in each column, or a number below 0 */
    float logs[WINDOW];                             /* of one more than a number */
} Song;

typedef struct {
    float *odds, *after, *before;
    float *best_after, *best_before, *best;
} Band;

typedef struct {
    float *chance, *before;
    int *end;
} Phrasing;

typedef struct {
    int earlier, later;
    float vowels, sound, score, odds, shared;
    uint8_t kind, place;
} Pair;

/* hearing.c: the pairs that are left after the third hearing, with their log-odds; how many. */
int hear(Room *room, const Model *model, const Stream *stream, const Song *song, Pair **left);
/* features.c */
void band_of(Room *room, const Song *song, float *odds, Band *band);
float *blank_odds(Room *room, const Song *song);
float *company(Room *room, const Song *song, Pair *pairs, int count, int by_odds);
void phrase_numbers(Room *room, const Song *song, const Band *band, const int *words, int count, float *x);
void own_numbers(Room *room, const Song *song, const Band *band, const float *degree, const Phrasing *phrases, float *x);
void late_own_numbers(
    Room *room, const Song *song, const Band *band, const float *degree, const Phrasing *phrases, float *x);
void pair_numbers(
    const Song *song, const Pair *pair, const Band *band, const float *degree, const Phrasing *phrases, float *x);
void late_pair_numbers(const Song *song, const Pair *pair, const Band *band, const float *degree,
                       const Phrasing *phrases, const float *of_words, float *x);
float chance_of(float odds);
/* network.c */
void dense(const float *restrict x, int rows, int width, const float *restrict weights, int units, float *restrict y);
void rest(const Net *net, float *units, int rows, float *hidden, float *odds);
/* joining.c: the classes' members, their chances, and where each class ends; how many classes. */
int join(Room *room, const Limits *limits, const Song *song, const Pair *pairs, int count, int64_t *members,
         double *chances, int64_t *ends);
/* chaining.c: the chains of songs, which begin and end at the edges; how many spans they have. */
int64_t chain(Room *room, const Stream *stream, int64_t n, const int64_t *edges, int64_t songs, const Classed *classed,
              const Found *found);
/* schemes.c: the letters of a section's bars. */
void scheme(Room *room, const int64_t *places, const int64_t *begins, const int64_t *ends, int64_t bars, int64_t *letters);

#endif
