/* SPDX-License-Identifier: Apache-2.0 */
/* The side of each point, the changes of side, and a line through the points next
 * to a change. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "breakeven/crossing.h"

/* In logarithms of sizes. */
static const double NEIGHBOURHOOD = 0.25; /* points within it make the line */
static const double ONE_PLACE = 0.405;    /* log(1.5): changes within it are one */
static const double NARROW = 0.3;         /* a bracket that needs no more bisection */

enum { LINE_POINTS_MIN = 4, LINE_POINTS_MAX = 16 };

/* ------------------------------------------------------------------- the curve */

bool curve_has(const struct curve *curve, uint64_t n)
{
    for (size_t i = 0; i < curve->count; i++)
        if (curve->points[i].n == n)
            return true;
    return false;
}

bool curve_add(struct curve *curve, uint64_t n, struct hcb_ratio ratio)
{
    struct curve_point *larger = realloc(curve->points, (curve->count + 1) * sizeof *larger);
    if (larger == NULL)
        return false;
    curve->points = larger;
    size_t at = curve->count++;
    for (; at > 0 && larger[at - 1].n > n; at--)
        larger[at] = larger[at - 1];
    larger[at] = (struct curve_point){n, ratio};
    return true;
}

void curve_clear(struct curve *curve)
{
    free(curve->points);
    *curve = (struct curve){0};
}

const char *answer_name(unsigned answer)
{
    static const char *const names[] = {
        [ANSWER_UNCLEAR] = "unclear", [ANSWER_CROSSES] = "crosses", [ANSWER_NEVER] = "never",
        [ANSWER_ALWAYS] = "always",   [ANSWER_UNTIL] = "until",     [ANSWER_SEVERAL] = "several"};
    return answer < sizeof names / sizeof *names ? names[answer] : NULL;
}

/* ------------------------------------------------------------------- the points */

static double x_of(const struct curve_point *point)
{
    return log((double)point->n);
}

static double y_of(const struct curve_point *point)
{
    return log(point->ratio.ratio);
}

/* Standard error of y: the 95 % interval is 3.92 of them wide, or it was widened for
 * few rounds and this is too.  HUGE_VAL without an interval. */
static double error_of(const struct curve_point *point)
{
    const struct hcb_ratio *ratio = &point->ratio;
    const double resolution = 1e-3; /* of clocks and windows */
    if (!(ratio->ci95_low > 0) || !isfinite(ratio->ci95_high))
        return HUGE_VAL;
    return fmax(log(ratio->ci95_high / ratio->ci95_low) / 3.92, resolution);
}

/* 1: faster, -1: slower, each with 99 % confidence; 0: neither. */
static int side_of(const struct curve_point *point)
{
    const double z99 = 2.576, y = y_of(point);
    if (!(fabs(y) > z99 * error_of(point)))
        return 0;
    return y > 0 ? 1 : -1;
}

/* --------------------------------------------------------------------- the line */

/* y = mean_y + slope (x - mean_x), by least squares with weights 1 / error^2. */
struct line {
    size_t count;
    double weight; /* sum of weights */
    double mean_x, mean_y, slope;
    double spread; /* weighted sum of (x - mean_x)^2 */
    double misfit; /* chi^2 per degree of freedom, at least 1 */
};

/* The 0.975 quantile of Student's t. */
static double t_quantile(size_t degrees)
{
    static const double table[] = {12.706, 4.303, 3.182, 2.776, 2.571,
                                   2.447,  2.365, 2.306, 2.262, 2.228};
    const size_t known = sizeof table / sizeof *table;
    if (degrees == 0)
        return HUGE_VAL;
    return degrees <= known ? table[degrees - 1] : 1.96 + 2.65 / (double)degrees;
}

/* The median of the points' errors. */
static double usual_error(const struct curve_point *const *points, size_t count)
{
    double errors[LINE_POINTS_MAX] = {0};
    for (size_t i = 0; i < count; i++)
        errors[i] = error_of(points[i]);
    return hcb_summarize(errors, count).median;
}

/* Errors of single points are rough.  Each is drawn half-way to the usual one, so
 * that no point counts for much because its error came out small. */
static double pooled_weight(const struct curve_point *point, double usual)
{
    const double own = error_of(point);
    return 2 / (own * own + usual * usual);
}

static struct line fit_line(const struct curve_point *const *points, size_t count)
{
    struct line line = {.count = count, .misfit = 1};
    const double usual = usual_error(points, count);
    double product = 0, chi2 = 0;
    for (size_t i = 0; i < count; i++) {
        const double w = pooled_weight(points[i], usual);
        line.weight += w;
        line.mean_x += w * x_of(points[i]);
        line.mean_y += w * y_of(points[i]);
    }
    line.mean_x /= line.weight;
    line.mean_y /= line.weight;
    for (size_t i = 0; i < count; i++) {
        const double w = pooled_weight(points[i], usual), dx = x_of(points[i]) - line.mean_x;
        line.spread += w * dx * dx;
        product += w * dx * (y_of(points[i]) - line.mean_y);
    }
    line.slope = line.spread > 0 ? product / line.spread : 0;
    for (size_t i = 0; i < count; i++) {
        const double residual =
            y_of(points[i]) - line.mean_y - line.slope * (x_of(points[i]) - line.mean_x);
        chi2 += pooled_weight(points[i], usual) * residual * residual;
    }
    if (count > 2)
        line.misfit = fmax(1, chi2 / (double)(count - 2));
    return line;
}

static double root_of(const struct line *line)
{
    return line->mean_x - line->mean_y / line->slope;
}

/* All x at which the line may be 0 (Fieller, "Some problems in interval estimation",
 * J. R. Statist. Soc. B 16(2), 1954).  False when they have no bounds. */
static bool root_interval(const struct line *line, double *low, double *high)
{
    /* The errors of the points come from that many rounds each, or more. */
    const size_t degrees =
        line->misfit > 1 ? line->count - 2 : (HCB_RATIO_ROUNDS_MIN - 1) * line->count;
    const double t = t_quantile(degrees), b = line->slope, y = line->mean_y;
    const double scale = t * t * line->misfit;
    const double a = b * b - scale / line->spread;
    const double inner = y * y * b * b - a * (y * y - scale / line->weight);
    if (!(a > 0) || !(inner >= 0))
        return false;
    *low = line->mean_x + (-y * b - sqrt(inner)) / a;
    *high = line->mean_x + (-y * b + sqrt(inner)) / a;
    return true;
}

/* The points with an interval within `distance` of x, at most the nearest
 * LINE_POINTS_MAX. */
static size_t gather(const struct curve *curve, double x, double distance,
                     const struct curve_point *points[LINE_POINTS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < curve->count; i++) {
        const struct curve_point *point = &curve->points[i];
        if (fabs(x_of(point) - x) > distance || !isfinite(error_of(point)))
            continue;
        if (count < LINE_POINTS_MAX) {
            points[count++] = point;
        } else if (fabs(x_of(points[0]) - x) > fabs(x_of(point) - x)) {
            /* From left to right: the first is the farthest on its side. */
            memmove(points, points + 1, (LINE_POINTS_MAX - 1) * sizeof *points);
            points[LINE_POINTS_MAX - 1] = point;
        }
    }
    return count;
}

/* ----------------------------------------------------------------- one crossing */

static double clamp(double x, double low, double high)
{
    return fmin(fmax(x, low), high);
}

/* Where a straight line through the points from a to b is 0. */
static double between(const struct curve_point *a, const struct curve_point *b)
{
    const struct curve_point *points[LINE_POINTS_MAX] = {a};
    size_t count = 1;
    for (const struct curve_point *point = a + 1; point < b && count + 1 < LINE_POINTS_MAX; point++)
        if (isfinite(error_of(point)))
            points[count++] = point;
    points[count++] = b;
    const struct line line = fit_line(points, count);
    const double x = root_of(&line);
    return isfinite(x) ? clamp(x, x_of(a), x_of(b)) : (x_of(a) + x_of(b)) / 2;
}

/* A line through the points around x that crosses between `from` and `to`.  False
 * when there are too few of them, or when they do not lie along such a line. */
static bool line_near(const struct curve *curve, double x, const struct crossing *crossing,
                      double from, double to, struct line *line)
{
    const struct curve_point *points[LINE_POINTS_MAX];
    const size_t count = gather(curve, x, NEIGHBOURHOOD, points);
    if (count < LINE_POINTS_MIN)
        return false;
    *line = fit_line(points, count);
    const double root = root_of(line);
    return line->spread > 0 && (line->slope > 0) == crossing->upward && root >= from && root <= to;
}

/* Narrows the interval from the bracket to what the line says, where there is one. */
static void locate(const struct curve *curve, const struct curve_point *a,
                   const struct curve_point *b, struct crossing *crossing)
{
    const double from = x_of(a), to = x_of(b);
    double x = between(a, b), low = from, high = to, line_low, line_high;
    struct line line;
    for (int i = 0; i < 4 && line_near(curve, x, crossing, from, to, &line); i++) {
        x = root_of(&line);
        low = from;
        high = to;
        if (root_interval(&line, &line_low, &line_high)) {
            low = fmax(from, line_low);
            high = fmin(to, line_high);
        }
    }
    crossing->size = exp(x);
    crossing->ci95_low = exp(crossing->repeated ? from : low);
    crossing->ci95_high = exp(crossing->repeated ? to : high);
}

/* ------------------------------------------------------------------- the changes */

/* Two neighbours among the points of which the side is certain, on different sides;
 * or the first and last of several such changes in one place. */
struct change {
    const struct curve_point *from, *to;
    bool repeated;
};

static size_t find_changes(const struct curve *curve, struct change changes[CROSSINGS_MAX])
{
    const struct curve_point *last = NULL;
    size_t count = 0;
    for (size_t i = 0; i < curve->count; i++) {
        const struct curve_point *point = &curve->points[i];
        if (side_of(point) == 0)
            continue;
        if (last != NULL && side_of(last) != side_of(point)) {
            struct change *above = count > 0 ? &changes[count - 1] : NULL;
            if (above != NULL &&
                (count == CROSSINGS_MAX || x_of(point) - x_of(above->from) <= ONE_PLACE))
                *above = (struct change){above->from, point, true};
            else
                changes[count++] = (struct change){last, point, false};
        }
        last = point;
    }
    return count;
}

/* A change there and back again in one place is a dent, not a crossing. */
static bool is_dent(const struct change *change)
{
    return side_of(change->from) == side_of(change->to);
}

/* -------------------------------------------------------------------- the answer */

/* Sides of all points: how many, and which unsure ones lie at the ends. */
struct sides {
    size_t faster, slower;
    const struct curve_point *first_sure, *last_sure;
};

static struct sides survey(const struct curve *curve)
{
    struct sides sides = {0};
    for (size_t i = 0; i < curve->count; i++) {
        const int side = side_of(&curve->points[i]);
        sides.faster += side > 0;
        sides.slower += side < 0;
        if (side == 0)
            continue;
        if (sides.first_sure == NULL)
            sides.first_sure = &curve->points[i];
        sides.last_sure = &curve->points[i];
    }
    return sides;
}

static const char *side_word(const struct curve_point *point)
{
    return side_of(point) > 0 ? "faster" : "slower";
}

/* Points at an end of the range that may be on either side. */
static void note_unsure_ends(const struct sides *sides, struct finding *finding)
{
    const uint64_t first = sides->first_sure->n, last = sides->last_sure->n;
    char sure[80] = "", below[40] = "", above[40] = "";
    if (first == finding->low && last == finding->high)
        return;
    if (finding->count == 0)
        snprintf(sure, sizeof sure, "%s from %" PRIu64 " to %" PRIu64 ", ",
                 side_word(sides->first_sure), first, last);
    if (first != finding->low)
        snprintf(below, sizeof below, " up to %" PRIu64, sides->first_sure[-1].n);
    if (last != finding->high)
        snprintf(above, sizeof above, " from %" PRIu64 " on", sides->last_sure[1].n);
    snprintf(finding->reason, sizeof finding->reason, "%sno difference seen%s%s%s", sure, below,
             below[0] != '\0' && above[0] != '\0' ? " and" : "", above);
}

static enum answer answer_of(const struct finding *finding, const struct sides *sides)
{
    if (finding->count > 1)
        return ANSWER_SEVERAL;
    if (finding->count == 1)
        return finding->crossings[0].upward ? ANSWER_CROSSES : ANSWER_UNTIL;
    if (finding->reason[0] != '\0')
        return ANSWER_UNCLEAR;
    return side_of(sides->first_sure) > 0 ? ANSWER_ALWAYS : ANSWER_NEVER;
}

static void note_dent(const struct change *change, struct finding *finding)
{
    snprintf(finding->reason, sizeof finding->reason,
             "but %s at some sizes between %" PRIu64 " and %" PRIu64,
             side_of(change->from) > 0 ? "slower" : "faster", change->from->n, change->to->n);
}

struct finding curve_judge(const struct curve *curve)
{
    struct finding finding = {.answer = ANSWER_UNCLEAR};
    struct change changes[CROSSINGS_MAX];
    const struct sides sides = survey(curve);
    if (curve->count > 0) {
        finding.low = curve->points[0].n;
        finding.high = curve->points[curve->count - 1].n;
    }
    if (sides.first_sure == NULL) {
        snprintf(finding.reason, sizeof finding.reason,
                 curve->count == 0 ? "no size could be measured"
                                   : "no difference seen at any size");
        return finding;
    }
    const size_t count = find_changes(curve, changes);
    for (size_t i = 0; i < count; i++)
        if (!is_dent(&changes[i])) {
            struct crossing *crossing = &finding.crossings[finding.count++];
            *crossing = (struct crossing){.upward = side_of(changes[i].to) > 0,
                                          .repeated = changes[i].repeated,
                                          .from = changes[i].from->n,
                                          .to = changes[i].to->n};
            locate(curve, changes[i].from, changes[i].to, crossing);
        }
    note_unsure_ends(&sides, &finding);
    finding.answer = answer_of(&finding, &sides);
    for (size_t i = 0; i < count; i++)
        if (is_dent(&changes[i]) && finding.answer != ANSWER_UNCLEAR)
            note_dent(&changes[i], &finding);
    return finding;
}

/* ------------------------------------------------------------------ the next size */

uint64_t grid_snap(const struct size_grid *grid, double size)
{
    uint64_t step = 1;
    while (2 * step <= grid->step && (double)(16 * step) <= size)
        step *= 2;
    const uint64_t n = (uint64_t)(size / (double)step + 0.5) * step;
    return n < grid->low ? grid->low : n > grid->high ? grid->high : n;
}

static bool unsure_between(const struct curve *curve, uint64_t from, uint64_t to)
{
    for (size_t i = 0; i < curve->count; i++)
        if (curve->points[i].n > from && curve->points[i].n < to && side_of(&curve->points[i]) == 0)
            return true;
    return false;
}

static size_t count_near(const struct curve *curve, double x)
{
    size_t count = 0;
    for (size_t i = 0; i < curve->count; i++)
        count += fabs(x_of(&curve->points[i]) - x) <= NEIGHBOURHOOD;
    return count;
}

/* Bisection, drawn to where the crossing is likely. */
static uint64_t halve(const struct curve *curve, const struct crossing *crossing,
                      const struct size_grid *grid)
{
    const double from = log((double)crossing->from), to = log((double)crossing->to);
    const double margin = (to - from) / 5;
    const uint64_t n = grid_snap(grid, exp(clamp(log(crossing->size), from + margin, to - margin)));
    return curve_has(curve, n) ? 0 : n;
}

static double distance_to_points(const struct curve *curve, double x)
{
    double distance = HUGE_VAL;
    for (size_t i = 0; i < curve->count; i++)
        distance = fmin(distance, fabs(x_of(&curve->points[i]) - x));
    return distance;
}

/* A new size next to the crossing, where the widest gap between points is.  A steep
 * curve, whose interval is narrow, is looked at more closely, for it bends as well. */
static uint64_t approach(const struct curve *curve, const struct crossing *crossing,
                         const struct size_grid *grid)
{
    const double x = log(crossing->size), half = log(crossing->ci95_high / crossing->ci95_low) / 2;
    const double reach = clamp(4 * half, 0.08, 0.2);
    double widest = 0;
    uint64_t best = 0;
    for (int i = -10; i <= 10; i++) {
        const uint64_t n = grid_snap(grid, exp(x + reach * i / 10));
        const double gap = distance_to_points(curve, log((double)n));
        if (fabs(log((double)n) - x) > NEIGHBOURHOOD || gap <= widest)
            continue;
        widest = gap;
        best = n;
    }
    return best;
}

uint64_t curve_wish(const struct curve *curve, const struct finding *finding,
                    const struct size_grid *grid, const struct crossing_rules *rules)
{
    for (size_t i = 0; i < finding->count; i++) {
        const struct crossing *crossing = &finding->crossings[i];
        const size_t near = count_near(curve, log(crossing->size));
        uint64_t n = 0;
        if (log((double)crossing->to / (double)crossing->from) > NARROW &&
            !unsure_between(curve, crossing->from, crossing->to))
            n = halve(curve, crossing, grid);
        if (n == 0 &&
            (near < rules->fewest ||
             (near < rules->most && crossing->ci95_high > rules->width * crossing->ci95_low)))
            n = approach(curve, crossing, grid);
        if (n != 0)
            return n;
    }
    return 0;
}
