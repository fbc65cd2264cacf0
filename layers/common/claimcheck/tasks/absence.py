"""Whether a criterion asks that something be absent, told from its own words."""

from __future__ import annotations

import re
import unicodedata

# Words with which a criterion asks that something be absent: English, German, French, Spanish.
# (?-i:…) keeps abbreviations out: a person may have a NIE or a SIN.
_ABSENCE = re.compile(
    r"""
      \b(?: no(?!-) | not(?!-) | never | none | nobody | nothing | nowhere | neither | nor | without | cannot
          | absent | absence | lack(?:s|ed|ing)? | devoid | free\ (?:of|from) | exclud(?:e|es|ed|ing) )\b
    | n['’]t\b
    | \b(?: kein(?:e[mnrs]?|erlei)? | nichts? | (?-i:[Nn]ie) | niemals | niemand(?:em|en)? | ohne | weder
          | fehl(?:t|en) | frei\ von | ausgeschlossen )\b
    | \b(?:ne\b|n['’]).{0,80}?\b(?: pas | plus | point | rien | personne | ni )\b
    | \b(?: pas\ de | pas\ d['’] | aucune?s? | jamais | sans | exclu(?:t|e|s|es)? )\b
    | \b(?: ning(?:ún|una|uno)s? | (?-i:[Ss]in) | nunca | jamás | nada | nadie | tampoco | carecen?
          | ausencia | excluyen? )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
# Phrases that hold such a word and ask for no absence: bounds, set phrases, "No. 5".
_NO_ABSENCE = re.compile(
    r"""
      \bnot?\ (?: later | earlier | less | more | fewer | longer | sooner | greater | lower | higher )\ than\b
    | (?: \bnot | \bcannot | n['’]t )\ (?:to\ |be\ )?exceed\w*
    | \bnot\ (?: only | (?:be\ )?limited\ to )\b | \bor\ not\b | \bnos?\.\s*\d
    | \bwithout\ (?: limit(?:ation|ing)? | prejudice | (?:undue|unreasonable)\ delay )\b
    | \bfree\ of\ charge\b | \bin\ the\ absence\ of\b
    | \bnicht\ (?: nur | (?:mehr|weniger|später|früher|länger|höher)\ als )\b | \boder\ nicht\b
    | \bne\ d[ée]pass\w*\ pas\b | \bsans\ (?:préjudice|limitation|délai)\b | \bou\ pas\b
    | \bno\ (?: más | menos | solo | sólo | superior | inferior )\b | \bsin\ (?:perjuicio|demora)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


# A prohibition asks that something be stated: a document that does not mention subletting does not forbid it.
_PROHIBITION = re.compile(
    r"""
      \b(?: shall | must | may | will | would | should | can | could | need )\s+(?:\w+\s+)?(?: not | never )\b
    | \bcannot\b | \b(?: ca | sha | must | wo | could | should | would | need )n['’]t\b
    | \b(?: not | never | n['’]t )\s+(?:be\s+)?
      (?: permitted | allowed | entitled | authori[sz]ed | assignable | transferable )\b
    | \b(?: agree[sd]? | covenant(?:s|ed)? | undertake[sn]? | promise[sd]? | oblig\w+ | bound )
      \s+(?:\w+\s+)?not\s+to\b
    | \bwithout\ (?: cause | (?:any\ |prior\ |written\ )*(?: notice | consent | approval | permission ))\b
    | \b(?: darf | dürfen | kann | können | muss | müssen | soll(?:en)? )\b.{0,60}?
      \b(?: nicht | kein(?:e[mnrs]?)? | nie | niemals )\b
    | \bnicht\s+(?: erlaubt | gestattet | zulässig | übertragbar | berechtigt )\b
    | \b(?:ne\b|n['’])\s*(?: peut | peuvent | doit | doivent | pourra | pourront | devra | devront )\b
      .{0,40}?\b(?: pas | jamais )\b
    | \bno\ (?: podrán? | puede[n]? | debe[n]? | deberán? )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def asks_for_absence(criterion: str) -> bool:
    """Whether a criterion's own words ask that something not be there, as "no penalty is agreed" does.

    "The tenant may not sublet" does not: it asks for a prohibition, which has to be stated.

    A test of words, not of meaning, in English, German, French and Spanish. It is necessary for a pass
    that rests on the document's silence, and takes a negation of another kind for one of this now and then.
    """
    plain = " ".join(unicodedata.normalize("NFC", criterion).split())
    return _ABSENCE.search(_PROHIBITION.sub(" ", _NO_ABSENCE.sub(" ", plain))) is not None
