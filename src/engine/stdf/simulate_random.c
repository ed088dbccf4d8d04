/* simulate_random.c: normal variates of the simulator, computed by exact arithmetic alone. */
#include <math.h>

#include "engine/stdf/simulate_model.h"

/* e^-x for 0 <= x < 64: a Taylor series near 0, then squaring. Not libm's, whose last bit differs between machines. */
static double decay(double x)
{
    double small = x / 4096, term = 1, sum = 1;
    for (int i = 1; i < 12; i++) {
        term *= -small / i;
        sum += term;
    }
    for (int i = 0; i < 12; i++)
        sum *= sum;
    return sum;
}

static double density(double z)
{
    return 0.3989422804014327 * decay(z * z / 2);
}

/* P(N > z). Marsaglia's series (2004): Phi(z) = 1/2 + phi(z) (z + z^3/3 + z^5/15 + ...), exact to about 1e-15. */
double normal_tail(double z)
{
    if (z > 8)
        return 0;
    if (z < -8)
        return 1;
    double term = z, sum = z;
    for (int i = 3; i < 400; i += 2) {
        term *= z * z / i;
        sum += term;
    }
    return 0.5 - density(z) * sum;
}

void normals_make(struct normals *normals)
{
    double quantile[NORMALS / 2], z = 0, squares = 0;
    for (int i = 0; i < NORMALS / 2; i++) {
        double tail = 0.5 - (i + 0.5) / NORMALS;
        for (int step = 0; step < 8; step++) /* Newton, from the neighbour */
            z += (normal_tail(z) - tail) / density(z);
        quantile[i] = z;
        squares += z * z;
    }
    double scale = sqrt(0.5 / (squares / (NORMALS / 2)));
    for (int i = 0; i < NORMALS / 2; i++) {
        normals->at[NORMALS / 2 + i] = (float)(quantile[i] * scale);
        normals->at[NORMALS / 2 - 1 - i] = (float)(-quantile[i] * scale);
    }
}
