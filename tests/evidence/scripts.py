# ruff: noqa: E501 (sentences of other languages are kept whole)
"""Quotes in other scripts and languages: harmless differences, and changes of a character, a digit, a word."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from tests.evidence.edits import edited

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

Span = tuple[int, int]
Made = tuple[str, str, "Span | None"]

# Sentences written for these tests, in the manner of contracts.
TEXTS = {
    "Chinese": "本合同自双方签字盖章之日起生效，有效期为三年。甲方应于每月15日前向乙方支付服务费人民币1,200,000元。未经甲方事先书面同意，乙方不得将本合同项下的权利义务转让给第三方。任何一方违反保密义务的，应当赔偿对方因此遭受的全部损失，但法律另有规定的除外。本合同适用中华人民共和国法律，争议提交北京仲裁委员会仲裁。",
    "Japanese": "本契約は、締結日から5年間有効とする。甲は乙に対し、毎月末日までに委託料として金３，５００，０００円を支払うものとする。乙は、甲の書面による承諾を得ることなく、本契約上の地位を第三者に譲渡してはならない。秘密情報を受領した当事者は、これを本目的以外に使用しないものとする。ガイドラインおよびプログラムの著作権は甲に帰属する。",
    "Korean": "본 계약은 체결일로부터 3년간 유효하다. 갑은 을에게 매월 말일까지 용역비 1,500,000원을 지급하여야 한다. 을은 갑의 사전 서면 동의 없이 본 계약상의 권리를 제3자에게 양도할 수 없다. 비밀유지 의무를 위반한 당사자는 상대방의 손해를 배상하여야 한다.",
    "Arabic": "تسري هذه الاتفاقية لمدة ثلاث سنوات من تاريخ التوقيع عليها. يلتزم الطرف الأول بدفع مبلغ ٢٥٠٬٠٠٠ ريال إلى الطرف الثاني خلال 30 يوماً. لا يجوز للطرف الثاني التنازل عن حقوقه إلى الغير دون موافقة كتابية مسبقة. يُدفَع الإيجار مُقَدَّماً في أول كل شهر، وتخضع هذه الاتفاقية لأحكام القانون المعمول به.",
    "Hebrew": "הסכם זה ייכנס לתוקף ביום חתימתו ויעמוד בתוקפו למשך 24 חודשים. המזמין ישלם לספק סך של 1,250,000 ש״ח בתוך 30 יום. הספק לא יהיה רשאי להעביר את זכויותיו לצד שלישי ללא הסכמה בכתב ומראש. שָׁלוֹם וּבְרָכָה לכל הצדדים, והסכם זה כפוף לדיני מדינת ישראל.",
    "Swahili": "Mkataba huu utaanza kutumika tarehe ya kutiwa saini na utadumu kwa miaka mitatu. Mpangaji atalipa kodi ya shilingi 450,000 kila mwezi kabla ya tarehe 5. Mpangaji hataruhusiwa kuhamisha haki zake kwa mtu mwingine bila idhini ya maandishi ya mwenye nyumba. Mgogoro wowote utatatuliwa na mahakama ya Dodoma.",
    "Turkish": "İşbu sözleşme imza tarihinden itibaren 3 yıl süreyle geçerlidir. Kiracı, aylık 12.500,50 TL tutarındaki kira bedelini her ayın ilk beş günü içinde ödeyecektir. Kiracı, kiralayanın yazılı izni olmaksızın kiralananı başkasına devredemez. ISPARTA ılıcası ve İzmir kıyısı bu sözleşmenin kapsamı dışındadır.",
    "German": "Dieser Vertrag läuft auf unbestimmte Zeit und kann mit einer Frist von 6 Monaten gekündigt werden. Der Mieter zahlt eine Miete von 1.250,00 € monatlich in der Größe der Maßeinheit gemäß Straße 5½. Der Auftragnehmer darf Unterlagen nicht ohne schriftliche Zustimmung weitergeben. Für die Übergabe haftet außer bei Vorsatz niemand.",
    "Hindi": "यह अनुबंध हस्ताक्षर की तिथि से तीन वर्ष तक प्रभावी रहेगा। किरायेदार प्रत्येक माह की ५ तारीख तक ₹१५,००० किराया देगा। किरायेदार मकान मालिक की लिखित अनुमति के बिना अपने अधिकार किसी अन्य को हस्तांतरित नहीं करेगा। यह अनुबंध भारत के क़ानून के अधीन होगा।",
    "Thai": "สัญญานี้มีผลใช้บังคับตั้งแต่วันที่ลงนามเป็นระยะเวลา 3 ปี ผู้เช่าตกลงชำระค่าเช่าเดือนละ 25,000 บาท ภายในวันที่ 5 ของทุกเดือน ผู้เช่าจะไม่โอนสิทธิตามสัญญานี้ให้แก่บุคคลอื่นโดยมิได้รับความยินยอมเป็นหนังสือจากผู้ให้เช่า สัญญานี้อยู่ภายใต้กฎหมายไทย",
    "Greek": "Η παρούσα σύμβαση ισχύει για τρία έτη από την υπογραφή της. Ο μισθωτής υποχρεούται να καταβάλλει μίσθωμα 1.200,50 € κάθε μήνα. Ο μισθωτής δεν επιτρέπεται να εκχωρήσει τα δικαιώματά του χωρίς έγγραφη συναίνεση. ΟΔΟΣ ΣΤΑΔΙΟΥ 15, Αθήνα.",
    "Russian": "Настоящий договор вступает в силу с момента подписания и действует в течение трёх лет. Арендатор обязан уплачивать арендную плату в размере 45 000 рублей ежемесячно. Арендатор не вправе передавать свои права третьим лицам без письменного согласия арендодателя.",
    "Vietnamese": "Hợp đồng này có hiệu lực kể từ ngày ký và có thời hạn ba năm. Bên thuê phải thanh toán tiền thuê 15.000.000 đồng trước ngày 5 hằng tháng. Bên thuê không được chuyển nhượng quyền của mình cho bên thứ ba nếu không có sự đồng ý bằng văn bản.",
    "Emoji": "Team 👩‍👩‍👧 approved item 4 ✅ on 3 May. The family 👨‍👩‍👧‍👦 plan costs 25 € a month 💶 and ends ❤️ in 12 months. Status 👍🏽 means agreed, 👎🏽 means refused 🚫 by the board of 7 members. Flags 🇩🇪 and 🇫🇷 mark the 2 regions.",
}  # fmt: skip
NEGATIONS = {
    "Chinese": ("不", "未"), "Japanese": ("不", "非"), "Korean": (" 안 ",), "Arabic": (" لا ", " غير "), "Hebrew": (" לא ",),
    "Swahili": (" si ",), "Turkish": (" değil ",), "German": (" nicht ", " kein "), "Hindi": (" नहीं ",), "Thai": ("ไม่",),
    "Greek": (" δεν ",), "Russian": (" не ",), "Vietnamese": (" không ",), "Emoji": (" not ", "🚫"),
}  # fmt: skip
_UNSPACED = {"Chinese", "Japanese", "Thai"}


def document(language: str, rng: Random) -> str:
    """The text among others, in lines."""
    others = [text for name, text in TEXTS.items() if name != language]
    paragraphs = [*rng.sample(others, 3), TEXTS[language], *rng.sample(others, 2)]
    return "\n\n".join(paragraphs)


def span(language: str, text: str, rng: Random) -> Span:
    """Words of the language's text, or characters where it has no spaces between words."""
    start = text.index(TEXTS[language])
    body = TEXTS[language]
    places = [match.span() for match in re.finditer(r"\S+", body)]
    if language in _UNSPACED:
        places = [
            match.span() for match in re.finditer(r"[\d,.０-９，]+|[^\W\d]\W*?(?=[^\W\d]|[\d,.])|\S", body)
        ]
        places = [(low, high) for low, high in places if not _divides(body, low, high)]
    first = rng.randrange(max(1, len(places) - 8))
    last = min(len(places) - 1, first + rng.randint(5, 30))
    return start + places[first][0], start + places[last][1]


def _divides(text: str, low: int, high: int) -> bool:
    """Whether a cut here would part a mark from its base, or a negation from its verb."""
    around = text[max(0, low - 3) : low]
    marked = any(at < len(text) and unicodedata.category(text[at])[0] == "M" for at in (low, high))
    return (
        marked
        or around[-1:] in "不未非没无"
        or around.endswith("ไม่")
        or text[high:].startswith(("ない", "なく", "なら"))
    )


def line_break(text: str, place: Span, rng: Random, language: str) -> Made:
    """Line breaks in the document, where the script has no spaces also between characters."""
    edits = []
    for at in range(place[0] + 1, place[1]):
        inside = language in _UNSPACED and all(
            unicodedata.category(char)[0] == "L" for char in text[at - 1 : at + 1]
        )
        if inside and rng.random() < 0.08:
            edits.append((at, at, "\n"))
        elif text[at] == " " and rng.random() < 0.4:
            edits.append((at, at + 1, "\n"))
    made = edited(text, edits)
    return made.text, text[slice(*place)], made.span(place)


def other_composition(text: str, place: Span, rng: Random, language: str) -> Made:
    return text, unicodedata.normalize(rng.choice(("NFD", "NFC")), text[slice(*place)]), place


def decomposed_document(text: str, place: Span, rng: Random, language: str) -> Made:
    low, high = (len(unicodedata.normalize("NFD", text[:at])) for at in place)
    return unicodedata.normalize("NFD", text), text[slice(*place)], (low, high)


def invisible(text: str, place: Span, rng: Random, language: str) -> Made:
    quote = text[slice(*place)]
    return (
        text,
        re.sub(
            r"(?<=\w)(?=\w)",
            lambda _: rng.choice(("", "", "", "\u200b", "\u2060", "\ufeff", "\u200f")),
            quote,
        ),
        place,
    )


def white_space(text: str, place: Span, rng: Random, language: str) -> Made:
    return (
        text,
        re.sub(r"\s+", lambda _: rng.choice((" ", "\u00a0", "\n", "\u3000", "  ")), text[slice(*place)]),
        place,
    )


def case(text: str, place: Span, rng: Random, language: str) -> Made:
    return text, rng.choice((str.upper, str.lower))(text[slice(*place)]), place


def width(text: str, place: Span, rng: Random, language: str) -> Made:
    quote = text[slice(*place)]
    to_wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
    to_narrow = {wide: code for code, wide in to_wide.items()}
    return text, quote.translate(rng.choice((to_wide, to_narrow))), place


def ellipsis(text: str, place: Span, rng: Random, language: str) -> Made:
    quote = text[slice(*place)]
    return text, rng.choice(("…", "...", "[...] ")) + quote + rng.choice(("", "…", " ...")), place


HARMLESS: dict[str, Callable[[str, Span, Random, str], Made]] = {
    "line breaks": line_break,
    "composition, quote": other_composition,
    "composition, document": decomposed_document,
    "invisible characters": invisible,
    "white space": white_space,
    "case": case,
    "width": width,
    "ellipsis outside": ellipsis,
}


def _folded(char: str) -> str:
    return char.lower().replace("ς", "σ")


def one_letter(quote: str, rng: Random, language: str) -> str | None:
    places = [
        at
        for at, char in enumerate(quote)
        if char.isalpha() or unicodedata.category(char) in {"So", "Mn", "Mc"}
    ]
    if not places:
        return None
    at = rng.choice(places)
    kind = unicodedata.category(quote[at])
    pool = [
        char
        for text in (TEXTS[language],)
        for char in text
        if unicodedata.category(char) == kind and _folded(char) != _folded(quote[at])
    ]
    return quote[:at] + rng.choice(pool) + quote[at + 1 :] if pool else None


def one_digit(quote: str, rng: Random, language: str) -> str | None:
    places = [at for at, char in enumerate(quote) if char.isdecimal()]
    if not places:
        return None
    at = rng.choice(places)
    zero = ord(quote[at]) - unicodedata.decimal(quote[at])
    return (
        quote[:at] + chr(zero + (unicodedata.decimal(quote[at]) + rng.randint(1, 9)) % 10) + quote[at + 1 :]
    )


def letter_lost(quote: str, rng: Random, language: str) -> str | None:
    places = [
        at
        for at, char in enumerate(quote[1:-1], 1)
        if char.isalpha() or (unicodedata.category(char)[0] == "M" and char != "\ufe0f")
    ]
    if not places:
        return None
    at = rng.choice(places)
    return quote[:at] + quote[at + 1 :]


def negation(quote: str, rng: Random, language: str) -> str | None:
    word = rng.choice(NEGATIONS[language])
    if word.strip() in quote and rng.random() < 0.5:
        return quote.replace(word.strip(), "", 1)
    if language in _UNSPACED:
        at = rng.randrange(1, len(quote))
        return quote[:at] + word + quote[at:]
    return re.sub(r" ", f" {word.strip()} ", quote, count=1) if " " in quote else None


def look_alike(quote: str, rng: Random, language: str) -> str | None:
    """Pairs that a careless folding takes for the same."""
    pairs = (("ı", "i"), ("ß", "ss"), ("½", "1/2"), ("ё", "е"), ("ü", "u"), ("ş", "s"), ("ة", "ه"), ("أ", "ا"), ("ガ", "カ"),
             ("プ", "フ"), ("क़", "क"), ("đ", "d"), ("ợ", "ơ"), ("三", "二"), ("甲", "乙"), ("ُ", ""), ("ّ", ""), ("₹", ""), ("€", "$"), ("שׁ", "ש"))  # fmt: skip
    found = [pair for pair in pairs if pair[0] in quote]
    return quote.replace(*rng.choice(found), 1) if found else None


ALTERED: dict[str, Callable[[str, Random, str], str | None]] = {
    "one letter": one_letter,
    "one digit": one_digit,
    "a letter lost": letter_lost,
    "negation": negation,
    "look-alike": look_alike,
}
