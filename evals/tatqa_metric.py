"""TAT-QA's exact match and F1, after its official evaluator.

Source of every rule: github.com/NExTplusplus/TAT-QA, tatqa_metric.py and tatqa_utils.py (MIT); written anew
here without its dependencies and compared with it (docs/evals.md). Its habits are kept, odd ones too: a
number is rounded to two places before its scale is applied, "(1,212)" with a comma is not read as negative,
and an answer of a question that wants a calculation or a count is worth its exact match, nothing in between.
"""

from __future__ import annotations

import math
import re
import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.examples import Json

_MARKS = "'\"\\$€£¥%(),[]"
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "percent": 0.01}
_NUMBER = re.compile(r"([+-]?\d+(\.\d+)?)|([+-]?\.\d+)")
_WITH_SCALE = re.compile(
    r"(?P<figure>.*\d[\d.,]*\)?)\s*(?P<scale>thousand|million|billion|percent)s?", re.IGNORECASE
)


def score(answer: str, question: Json) -> tuple[float, float]:
    """Exact match and F1 of an answer in plain text to a question of the set; no answer is worth 0.

    Several answers in one text are parted by semicolons, and a scale stands behind its figure.
    """
    if not answer.strip():
        return 0.0, 0.0
    gold = question["answer"]
    wanted = [str(each) for each in gold] if isinstance(gold, list) else [str(gold)]
    if question["answer_type"] == "count":
        wanted = [str(int(float(gold)))]
    target = normalised(written(wanted, question["scale"]))
    exact, f1 = max(_compared(normalised(given), target) for given in readings(answer))
    return (exact, exact) if question["answer_type"] in ("arithmetic", "count") else (exact, f1)


def readings(answer: str) -> list[str]:
    """The ways to read an answer: as it stands, and as several figures of one scale."""
    found = [written([answer], "")]
    parts = [part.strip() for part in answer.split(";") if part.strip()]
    matches = [_WITH_SCALE.fullmatch(part) for part in parts]
    scales = {match["scale"].lower() if match else "" for match in matches}
    if len(scales) == 1 and (scale := scales.pop()):
        return [*found, written([match["figure"] for match in matches if match], scale)]
    found.append(written(parts, ""))
    value = number(answer) if len(parts) == 1 and "%" not in answer and is_number(answer) else None
    return found if value is None else [*found, f"{value:.4f}"]  # 0.2342 for 23.42 percent


def written(answers: Sequence[str], scale: str) -> str:
    """Answers and their scale as one text, numbers in full with four places."""
    return " ".join(_written(each, scale) for each in sorted(answers))


def _written(answer: str, scale: str) -> str:
    value = number(answer) if is_number(answer) else None
    if value is None:
        return f"{answer} {scale}" if scale else answer
    if "%" in answer:
        return f"{value:.4f}"
    return f"{round(value, 2) * factor(scale):.4f}"


def factor(word: str) -> float:
    """What a scale word multiplies by; 1 for any other word."""
    return next((value for scale, value in _SCALES.items() if scale in word.lower()), 1)


def is_number(text: str) -> bool:
    """Whether a text is a number, alone or before a scale word: "1,023", "$1 million"."""
    words = " ".join(_unmarked(word) for word in text.split()).split()
    if not words:
        return False
    try:
        value = float(words[0])
    except ValueError:
        return False
    return not math.isnan(value) and (len(words) < 2 or factor(words[1]) != 1)


def number(text: str) -> float | None:
    """The first number of a text, its scale word, percent sign and brackets of a negative one applied."""
    match = _NUMBER.search(_unmarked(text))
    if match is None or not match[1]:
        return None
    value = float(match[1]) if "." in match[1] else int(match[1])
    word = re.search(r"[\d.]+\s?[a-zA-Z]+", text)
    scale = factor(word[0]) if word else 1
    sign = -1 if re.search(r"\([\d.\s%]+\)", text) else 1
    percent = 0.01 if re.search(r"[\d.\s]+%", text) else 1
    return round(value * scale * sign * percent, 4)


def normalised(text: str) -> str:
    """Lower case, no articles, no punctuation but that of numbers, numbers as Python writes them."""
    return " ".join(part for token in text.split(" ") for part in [_normalised(token.lower())] if part)


def _normalised(token: str) -> str:
    if not is_number(token):
        token = "".join(char for char in token if char not in string.punctuation)
    if is_number(token):
        token = str(number(token))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", token).split())


def _compared(given: str, wanted: str) -> tuple[float, float]:
    """Exact match, and the F1 of the two sets of words, rounded to two places."""
    said, gold = set(given.split()), set(wanted.split())
    shared = len(said & gold)
    precision = shared / len(said) if said else 1.0
    recall = shared / len(gold) if gold else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return float(given == wanted), round(f1, 2)


def _unmarked(text: str) -> str:
    return "".join(char for char in text if char not in _MARKS)
