/*
 * Schedules as POSIX cron has them: minute hour day month weekday, with lists, ranges, steps and the
 * names of months and days.
 */
#ifndef LINT_CRON_H
#define LINT_CRON_H

#include "base/base.h"

bool cron_is_valid(const char *text);

#endif
