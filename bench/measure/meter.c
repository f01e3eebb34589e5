/* SPDX-License-Identifier: Apache-2.0 */
/* From readings of a counter to joules per launch. */
#include "config.h"

#include <math.h>

#include "measure/meter.h"

void meter_begin(struct meter *meter, double s, double joules)
{
    *meter = (struct meter){
        .start = {s, joules, 0}, .seen_joules = joules, .counts = !isnan(joules)};
}

/* A step of the counter: the first one that is seen begins the measurement. */
static void add_step(struct meter *meter, const struct meter_point *now)
{
    if (!(now->joules > meter->seen_joules))
        return;
    meter->seen_joules = now->joules;
    if (meter->steps++ == 0)
        meter->first = *now;
    meter->last = *now;
}

static void add_watts(struct meter *meter, const struct meter_point *now, double watts)
{
    if (isnan(watts) || now->s - meter->start.s < METER_DROPPED_S)
        return;
    meter->watts_sum += watts;
    if (meter->readings++ == 0)
        meter->first = *now;
    meter->last = *now;
}

bool meter_add(struct meter *meter, double s, double launches, double joules, double watts)
{
    const struct meter_point now = {s, joules, launches};
    if (meter->counts)
        add_step(meter, &now);
    else
        add_watts(meter, &now, watts);
    const double covered = meter->last.s - meter->first.s;
    const unsigned seen = meter->counts ? meter->steps : meter->readings;
    const double least_s = meter->counts ? METER_LEAST_S : METER_DROPPED_S;
    const bool enough = seen > METER_STEPS && covered >= least_s;
    return enough || covered >= METER_MOST_S || s - meter->start.s >= METER_END_S;
}

bool meter_end(const struct meter *meter, double *joules, double *watts)
{
    const double seconds = meter->last.s - meter->first.s,
                 launches = meter->last.launches - meter->first.launches;
    if (!(seconds > 0) || !(launches > 0))
        return false;
    *watts = meter->counts ? (meter->last.joules - meter->first.joules) / seconds
                           : meter->watts_sum / meter->readings;
    *joules = *watts * seconds / launches;
    return *watts > 0;
}
