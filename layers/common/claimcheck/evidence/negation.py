"""Words that a reader must not lose: negations and exceptions, in the languages that are listed.

An ellipsis may not hide one, and a line that holds one is no header. A text in a script that is not
listed counts as holding one: what cannot be judged is refused.
"""

from __future__ import annotations

import re
from functools import cache

from claimcheck.evidence.characters import forms

_ENGLISH = r"""
not|no(?!\.\s*\d)|never|none|nor|neither|nobody|nothing|nowhere|cannot|\w+n't|without|
except(?:ed|ing|ions?)?|unless|exclud\w+|exclusions?|other\s+than|otherwise\s+than|rather\s+than|
instead\s+of|apart\s+from|aside\s+from|barring|save\s+(?:for|as|that|to|where|in)|but|however|notwithstanding|
subject\s+to|provided(?=\s*,?\s*(?:that|however|further|always|in\s+each\s+case)\b)|prohibit\w*|forbid\w*|forbidden
"""
_OTHER_LATIN = r"""
nicht|kein\w*|ohne|außer|ausser|nie|niemals|weder|ausgenommen|ausnahmen?|sondern|
ne|n'\w+|pas|sans|sauf|aucune?|jamais|ni|excepté|hormis|
sin|salvo|excepto|nunca|ningun[oa]?|ningún|jamás|tampoco|a\s+menos|
non(?!-|\s+(?:disclos|compet|solicit|circumv|exclus|use\b))|senza|eccetto|tranne|mai|nessun\w*|né|
não|nao|sem|exceto|nenhum\w*|nem|
niet|geen|zonder|behalve|nooit|tenzij|
değil\w*|hariç|olmadan|olmaksızın|dışında|yok\w*|\w+m[ae]z(?:l[ae]r|d[ıi]r)?|\w+m[ae]y[ae]c[ae]\w+|\w+m[ae]d[ae]n|
si|sio|siyo|hapana|bila|isipokuwa|wala|kamwe|hakuna|ha(?:ta|wata|tuta|ita|uta|zita|kuta)\w{3,}|
hawezi\w*|haruhusiwi\w*|hapaswi\w*|bukan|tidak|tanpa|kecuali|không|trừ|nie|bez|oprócz|inte|utan|ikke|uden
"""
_CYRILLIC_GREEK = r"не\w*|ни\w*|нет|без|кроме|исключением|ні|крім|δεν|μη|μην|χωρίς|εκτός|ούτε|ουδέν\w*"
_ARABIC_HEBREW = r"""
[وفب]?(?:لا|لم|لن|ليس|ليست|غير|إلا|الا|دون|بدون|عدا|باستثناء|سوى|عدم|لكن|يحظر|شريطة)|
ו?ש?(?:לא|אין|אינו|אינה|אינם|בלי|ללא|אלא|למעט|מבלי|בלתי|אסור|אך|זולת)
"""
_INDIC = r"नहीं|नही|ना|न|मत|बिना|सिवाय|अलावा|छोड़कर|परंतु|परन्तु|लेकिन|किन्तु|किंतु"
_INSIDE_WORDS = r"""
[不未无無非没沒勿莫否除禁但]|例外|ない|なく|なかっ|なけれ|ません|ざる|ず[、。にる]|ただし|以外|않|아니|없|못|제외|금지|다만|
ไม่|มิได้|มิให้|เว้น|ห้าม|เว้นแต่|नहीं
"""

_ABBREVIATION = r"[A-Z]{2,3}(?![^\W_])"  # NE 33rd Place, PAS 2: no French
_WORDS = f"{_ENGLISH}|(?!(?-i:{_ABBREVIATION}))(?:{_OTHER_LATIN})|{_CYRILLIC_GREEK}|{_ARABIC_HEBREW}"
_HIDDEN = (
    rf"(?<![^\W_])(?:{_WORDS})(?![^\W_])"
    rf"|(?<![\w\u0900-\u097f])(?:{_INDIC})(?![\w\u0900-\u097f])"
    rf"|{_INSIDE_WORDS.strip()}".replace("\n", "")
)
# Letters of other scripts than Latin, Greek, Cyrillic, Hebrew, Arabic, Devanagari, Thai, Hangul, kana, Han.
_UNJUDGED = (
    r"[^\W\d_\u0000-\u052f\u0590-\u06ff\u0750-\u077f\u0900-\u097f\u0e00-\u0e7f\u1100-\u11ff\u1e00-\u1fff"
    r"\u2100-\u218f\u2c60-\u2c7f\u3005-\u318f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua720-\ua7ff\uac00-\ud7af"
    r"\uf900-\ufaff\U00020000-\U0003ffff]"
)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Compiled when first needed: it takes longer than all other imports of this package."""
    return re.compile(_HIDDEN, re.IGNORECASE), re.compile(_UNJUDGED)


def hides(text: str) -> bool:
    """Whether `text` holds a negation or an exception, or cannot be judged."""
    formed = forms(text)
    return any(pattern.search(formed) for pattern in _patterns())
