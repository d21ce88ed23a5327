/* What paths.c and chaining.c share. */
#ifndef CHAINING_H
#define CHAINING_H

#include "kernel.h"

/* A song: its columns begin where it does, so that its syllables count from 0. The classes' members, class by class. */
typedef struct {
    int n, classes, clusters;
    const int64_t *nucleus, *follow, *role, *left, *size, *bar, *word, *word_id, *spelling, *traits;
    int *class_of, *member, *first, *count;   /* of a class its first member's place in `member`, and how many */
    double *chance;                           /* by syllable */
    int *sound;
    int *latest, *stamp;                      /* by spelling where it was met last, and the number of the latest place */
} Lines;

/* A word that follows a class, or ends a bar: there with its syllables, since a spelling may have more here than there. */
typedef struct {
    int word, size, order, syllable;
} Follower;

/* Some in order of their words; then one of them, or a run of them, in order of the song. */
typedef struct {
    int begin, count;
    int64_t rank;
} Group;

static inline int ordered(int64_t a, int64_t b) { return (a > b) - (a < b); }

/* Comparisons for qsort: of followers by word, size and order; of groups by rank. */
int by_word(const void *one, const void *other);
int by_rank(const void *one, const void *other);
/* Sets the classes' members by the syllables' classes; classes are numbered anew, in order of their first members. */
void number_classes(Room *room, Lines *s);
/* Joins classes of one vowel that follow the same class within words. */
void join_one_ending(Room *room, Lines *s);
/* Adds the repeated words right after rhyming syllables. */
void add_tails(Room *room, Lines *s);
/* Sets the chains and positions of syllables, and each chain's positions; how many chains. */
int place(Room *room, const Lines *s, int64_t *chain_of, int64_t *position, int64_t *sizes);

#endif
