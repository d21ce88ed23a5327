/* The layers of a network, for several pairs at once. */
#include "kernel.h"

enum { FEATURES = 4, ABREAST = 4 };

/* y += x @ weights. Several features at once, so that y is read and written seldom. */
static void dense_anywhere(const float *restrict x, int rows, int width, const float *restrict weights, int units,
                           float *restrict y)
{
    for (int r = 0; r < rows; r++, x += width, y += units) {
        int f = 0;
        for (; f + FEATURES <= width; f += FEATURES) {
            const float *restrict w = weights + (size_t)f * units;
            const float one = x[f], two = x[f + 1], three = x[f + 2], four = x[f + 3];
            for (int u = 0; u < units; u++)
                y[u] += one * w[u] + two * w[u + units] + three * w[u + 2 * units] + four * w[u + 3 * units];
        }
        for (; f < width; f++)
            for (int u = 0; u < units; u++)
                y[u] += x[f] * weights[(size_t)f * units + u];
    }
}

#if defined(__GNUC__) && defined(__x86_64__)
/* The same for processors with wide registers, which hold four rows of sixteen units. Chosen when it runs, so that the
 * library serves other processors too. */
enum { ROWS = 4, UNITS = 16, HALF = 8 };
typedef float Lanes __attribute__((vector_size(HALF * sizeof(float)), aligned(sizeof(float)), may_alias));

__attribute__((target("avx2"))) static void dense_wide(const float *x, int rows, int width, const float *weights,
                                                       int units, float *y)
{
    for (int r = 0; r < rows; r += ROWS, x += ROWS * width, y += ROWS * units)
        for (int u = 0; u < units; u += UNITS) {
            Lanes *one = (Lanes *)(y + u), *two = (Lanes *)(y + u + units);
            Lanes *three = (Lanes *)(y + u + 2 * units), *four = (Lanes *)(y + u + 3 * units);
            Lanes a = one[0], b = two[0], c = three[0], d = four[0];
            Lanes a_more = one[1], b_more = two[1], c_more = three[1], d_more = four[1];
            const float *w = weights + u;
            for (int f = 0; f < width; f++, w += units) {
                const Lanes here = *(const Lanes *)w, more = *(const Lanes *)(w + HALF);
                a += x[f] * here;
                a_more += x[f] * more;
                b += x[f + width] * here;
                b_more += x[f + width] * more;
                c += x[f + 2 * width] * here;
                c_more += x[f + 2 * width] * more;
                d += x[f + 3 * width] * here;
                d_more += x[f + 3 * width] * more;
            }
            one[0] = a, two[0] = b, three[0] = c, four[0] = d;
            one[1] = a_more, two[1] = b_more, three[1] = c_more, four[1] = d_more;
        }
}

void dense(const float *restrict x, int rows, int width, const float *restrict weights, int units, float *restrict y)
{
    const int quick = units % UNITS == 0 && __builtin_cpu_supports("avx2") ? rows - rows % ROWS : 0;
    dense_wide(x, quick, width, weights, units, y);
    dense_anywhere(x + (size_t)quick * width, rows - quick, width, weights, units, y + (size_t)quick * units);
}
#else
void dense(const float *restrict x, int rows, int width, const float *restrict weights, int units, float *restrict y)
{
    dense_anywhere(x, rows, width, weights, units, y);
}
#endif

static void rectify(float *units, size_t count)
{
    for (size_t k = 0; k < count; k++)
        units[k] = units[k] > 0 ? units[k] : 0;
}

/* Log-odds from the sums of the first layer, which are spent. */
void rest(const Net *net, float *units, int rows, float *hidden, float *odds)
{
    const int wide = (int)net->hidden;
    rectify(units, (size_t)rows * net->units);
    for (int r = 0; r < rows; r++)
        for (int h = 0; h < wide; h++)
            hidden[r * wide + h] = net->second_bias[h];
    dense(units, rows, (int)net->units, net->second, wide, hidden);
    rectify(hidden, (size_t)rows * wide);
    /* Row by row each sum would wait for itself. */
    int r = 0;
    for (; r + ABREAST <= rows; r += ABREAST) {
        const float *row = hidden + (size_t)r * wide;
        float sums[ABREAST] = {0};
        for (int h = 0; h < wide; h++)
            for (int k = 0; k < ABREAST; k++)
                sums[k] += row[k * wide + h] * net->out[h];
        for (int k = 0; k < ABREAST; k++)
            odds[r + k] = sums[k];
    }
    for (; r < rows; r++) {
        odds[r] = 0;
        for (int h = 0; h < wide; h++)
            odds[r] += hidden[r * wide + h] * net->out[h];
    }
    for (r = 0; r < rows; r++)
        odds[r] += *net->out_bias;
}
