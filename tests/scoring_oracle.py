"""A second scorer, for tests only: slow loops over Python numbers, and nothing of ganbench.

It is written from the definitions, not from ganbench's code, so that a mistake has to be made twice
to pass. A run's value is None if it failed; a value that is not finite is a failure as well.
"""

import math
import statistics
from fractions import Fraction
from functools import lru_cache

SIMPSON_STEPS = 800


def is_failure(value):
    return value is None or value != value or value in (math.inf, -math.inf)


def is_better(one, other, direction):
    """Whether one value beats the other; failures beat nothing and lose to every number."""
    if is_failure(one):
        return False
    if is_failure(other):
        return True
    return one < other if direction == "lower" else one > other


def mean(numbers):
    total = Fraction(0)
    for number in numbers:
        total += Fraction(number)
    return float(total / len(numbers))


def interquartile_mean(numbers):
    """Sort, leave out a quarter (rounded down) at either end, and take the mean of the rest."""
    ordered = sorted(numbers)
    out = math.floor(len(ordered) / 4)
    return mean(
        [number for place, number in enumerate(ordered) if out <= place < len(ordered) - out]
    )


def worst(column, direction):
    """The completed value that beats no other one; None without completed values."""
    found = None
    for value in column:
        if not is_failure(value) and (found is None or is_better(found, value, direction)):
            found = value
    return found


def with_failures(row, worst_value):
    """A row with the column's worst value for each failure; nothing if every run failed."""
    if all(is_failure(value) for value in row.values()):
        return {}
    return {seed: worst_value if is_failure(v) else v for seed, v in row.items()}


def summary(row, direction):
    """Median with failures behind any value; mean, deviation and trimmed mean without them."""
    numbers = [value for value in row.values() if not is_failure(value)]
    failed = len(row) - len(numbers)
    found = {"failed": failed, "median": None, "mean": None, "sd": None, "iqm": None}
    if row:
        ordered = sorted(numbers, reverse=direction == "higher")
        never = math.inf if direction == "lower" else -math.inf
        ordered += [never] * failed
        middle = len(ordered) // 2
        found["median"] = (
            ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
        )
    if numbers:
        found["mean"], found["iqm"] = mean(numbers), interquartile_mean(numbers)
    if len(numbers) > 1:
        found["sd"] = statistics.stdev(numbers)
    return found


def ranks(column, direction):
    found = []
    for value in column:
        rank = 1
        for other in column:
            if is_better(other, value, direction):
                rank += 1
        found.append(rank)
    return found


def probability_of_improvement(ours, theirs, direction):
    points = Fraction(0)
    for one in ours:
        for other in theirs:
            if is_better(one, other, direction):
                points += 1
            elif not is_better(other, one, direction):
                points += Fraction(1, 2)
    return float(points / (len(ours) * len(theirs)))


def student_p(t, freedom):
    """Two-sided p: the integral of the density beyond |t|, with x = sqrt(freedom) tan(angle).

    The density becomes cos(angle)^(freedom - 1), which Simpson's rule integrates well.
    """
    start = math.atan(abs(t) / math.sqrt(freedom))
    step = (math.pi / 2 - start) / SIMPSON_STEPS
    total = 0.0
    for place in range(SIMPSON_STEPS + 1):
        weight = 1 if place in (0, SIMPSON_STEPS) else 4 if place % 2 else 2
        total += weight * max(0.0, math.cos(start + place * step)) ** (freedom - 1)
    log_whole = math.lgamma(freedom / 2) - math.lgamma((freedom + 1) / 2)
    return total * step / 3 / (math.sqrt(math.pi) / 2 * math.exp(log_whole))


@lru_cache(maxsize=100)
def student_quantile(freedom):
    """The t beyond which 5 % lie on both sides together, by bisection."""
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        if student_p(middle, freedom) > 0.05:
            low = middle
        else:
            high = middle
    return low


def paired(ours, theirs):
    """Number of shared seeds, mean difference, its interval and p; the last need 5 seeds."""
    differences = []
    for seed in ours:
        if seed in theirs:
            differences.append(ours[seed] - theirs[seed])
    count = len(differences)
    if count == 0:
        return 0, None, None, None, None
    middle = mean(differences)
    if count < 5:
        return count, middle, None, None, None
    error = math.sqrt(statistics.variance(differences) / count)
    if error == 0:
        return count, middle, middle, middle, 1.0 if middle == 0 else 0.0
    half = student_quantile(count - 1) * error
    p = student_p(middle / error, count - 1)
    return count, middle, middle - half, middle + half, p


def welch(ours, theirs):
    """Mean difference and p of Welch's test, which needs 5 runs on both sides."""
    middle = float(mean(ours) - mean(theirs))
    if len(ours) < 5 or len(theirs) < 5:
        return middle, None
    one = statistics.variance(ours) / len(ours)
    other = statistics.variance(theirs) / len(theirs)
    if one + other == 0:
        return middle, 1.0 if ours[0] == theirs[0] else 0.0
    freedom = (one + other) ** 2 / (one**2 / (len(ours) - 1) + other**2 / (len(theirs) - 1))
    return middle, student_p(middle / math.sqrt(one + other), freedom)


def holm(p_values):
    """Of every p: the largest, over those not above it, of p times the number not below it."""
    adjusted = []
    for place, p in enumerate(p_values):
        if p is None:
            adjusted.append(None)
            continue
        candidates = []
        for at, other in enumerate(p_values):
            if other is None or (other, at) > (p, place):
                continue
            left = sum(1 for k, q in enumerate(p_values) if q is not None and (q, k) >= (other, at))
            candidates.append(left * other)
        adjusted.append(min(1.0, max(candidates)))
    return adjusted


def area(positions, values):
    if any(is_failure(value) for value in values):
        return None
    total = Fraction(0)
    for place in range(1, len(values)):
        width = Fraction(positions[place]) - Fraction(positions[place - 1])
        total += width * (Fraction(values[place]) + Fraction(values[place - 1])) / 2
    return float(total / (Fraction(positions[-1]) - Fraction(positions[0])))


def first_reach(positions, values, target, direction):
    for place, value in enumerate(values):
        if is_failure(value) or is_better(target, value, direction):
            continue
        if place == 0 or is_failure(values[place - 1]):
            return float(positions[place])
        start, before = Fraction(positions[place - 1]), Fraction(values[place - 1])
        slope = (Fraction(value) - before) / (Fraction(positions[place]) - start)
        return float(start + (Fraction(target) - before) / slope)
    return None


def profile(tasks, threshold, direction):
    runs = [value for task in tasks for value in task]
    reached = 0
    for value in runs:
        if not is_failure(value) and not is_better(threshold, value, direction):
            reached += 1
    return reached / len(runs)
