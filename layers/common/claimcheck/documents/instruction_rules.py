"""The patterns of `instructions`: what each match begins with, the match, and what it tells."""

from __future__ import annotations

from typing import NamedTuple

ASIDE = "tells a model to set its instructions aside"
ADDRESS = "speaks to a language model"
MARKUP = "imitates the markup of a conversation with a model"
STEERING = "says what a model must answer or keep quiet"


class Rule(NamedTuple):
    """`begins`: literals in lower case, with one of which every match of `pattern` begins."""

    begins: tuple[str, ...]
    pattern: str
    tells: str


_MODEL = (
    r"(?:a\.?i\.?|llm|(?:large )?language model|chat ?bot|chatgpt|gpt-?\d|claude|gemini|copilot"
    r"|(?:ai|virtual) assistant|ai (?:model|system|agent|reviewer|evaluator|summari[sz]er))"
)
_OLDER = r"(?:previous|prior|above|earlier|preceding|foregoing|former|initial|original|existing|system|other)"
_ORDERS = r"(?:instructions?|prompts?|directions|directives|commands?|guidelines|rules|context|messages?)"
_SET_ASIDE = ("ignore", "disregard", "forget", "override", "bypass", "discard")
_WORDS = r"(?:all|any|every|each|of|the|your|my|these|those|and|everything|in)"

_ENGLISH = (
    Rule(
        _SET_ASIDE,
        rf"\w+\s+(?:{_WORDS}\s+){{0,5}}{_OLDER}\s+(?:(?:system|user|and|or|your|the)\s+){{0,3}}{_ORDERS}\b",
        ASIDE,
    ),
    Rule(_SET_ASIDE, rf"\w+\s+(?:(?:all|everything)\s+)?(?:of\s+)?your\s+(?:\w+\s+)?{_ORDERS}\b", ASIDE),
    Rule(
        ("ignore", "disregard", "forget"),
        r"\w+\s+(?:everything|all)\s+(?:that\s+)?(?:you\s+(?:were|have\s+been)\s+told|(?:(?:written|said|stated)"
        r"\s+)?(?:above|before\s+this))\b",
        ASIDE,
    ),
    Rule(
        ("new", "updated", "real", "actual", "hidden"),
        r"\w+\s+(?:system\s+)?(?:prompt|instructions?)\s*:",
        ASIDE,
    ),
    Rule(("you",), rf"you\s+are\s+(?:now\s+)?(?:an?\s+|the\s+)?(?:\w+\s+){{0,2}}{_MODEL}(?!\w)", ADDRESS),
    Rule(
        ("note", "message", "instruction", "attention", "notice", "memo"),
        rf"\w+\s*(?:to|for|,|:)\s*(?:any\s+|the\s+|all\s+)?{_MODEL}s?(?!\w)",
        ADDRESS,
    ),
    Rule(("dear", "hey", "hello"), rf"\w+\s+{_MODEL}(?!\w)", ADDRESS),
    Rule(("if you",), rf"if\s+you\s+are\s+(?:an?\s+|the\s+)?(?:\w+\s+){{0,2}}{_MODEL}(?!\w)", ADDRESS),
    Rule(("as an ai",), r"as\s+an\s+ai\s+(?:language\s+)?(?:model|assistant|system)\b", ADDRESS),
    Rule(
        ("reveal", "print", "repeat", "show", "output", "leak"),
        r"\w+\s+(?:me\s+)?(?:your|the)\s+(?:\w+\s+)?(?:system\s+prompt|hidden\s+instructions|initial\s+prompt)",
        ADDRESS,
    ),
    Rule(
        ("dan", "developer", "god", "jailbreak"),
        r"\w+\s+mode\s+(?:is\s+)?(?:now\s+)?(?:on|enabled|activated)\b",
        ADDRESS,
    ),
    Rule(
        ("mark", "rate", "grade", "score", "evaluate", "answer", "judge", "report", "return", "set", "treat"),
        r"\w+\s+(?:every|all|each)\s+(?:of\s+)?(?:the\s+|these\s+)?(?:\w+\s+)?(?:criteri(?:a|on)|verdicts?"
        r"|questions?|checks?|fields?)\s+(?:(?:as|with|to|is|are)\s+)?[\"'“‘]?(?:a\s+)?(?:pass|passed|passing"
        r"|true|yes|met|satisfied|approved|null)\b",
        STEERING,
    ),
    Rule(
        ("your", "the"),
        r"\w+\s+(?:only\s+)?(?:answer|response|output|reply|summary|verdict)\s+(?:must|should|shall|has\s+to)\s+"
        r"(?:only\s+|always\s+|simply\s+)?(?:be|say|state|read)\s*[:\"'“‘]",
        STEERING,
    ),
    Rule(
        ("respond", "reply", "answer"),
        r"\w+\s+(?:only\s+|simply\s+|always\s+)?with\s+(?:only\s+)?(?:the\s+(?:words?|text|phrase)\s+)?[\"'“‘]",
        STEERING,
    ),
    Rule(
        ("do not", "don't", "don’t", "never"),
        r"(?:do\s+not|don['’]t|never)\s+(?:mention|reveal|report|disclose|flag|quote|tell\s+\w+(?:\s+\w+)?\s+about)"
        r"\s+(?:the\s+existence\s+of\s+)?(?:this|these|that)\s+(?:instructions?|prompts?|hidden\s+\w+|message\s+to"
        r"\s+\w+)",
        STEERING,
    ),
    Rule(
        ("say", "state", "conclude", "report", "claim", "recommend", "confirm"),
        r"\w+\s+that\s+(?:the|this)\s+(?:document|contract|loan|applicant|application|claim|agreement)\s+(?:is"
        r"|has\s+been|passes|meets|satisfies)\b[^.\n]{0,60}\b(?:regardless|no\s+matter|whatever|in\s+every\s+case)\b",
        STEERING,
    ),
)

_MARKS = (
    Rule(
        ("<",),
        r"</?\s*(?:documents?|document_content|instructions?|system|assistant|human|user|request|prompt"
        r"|system_prompt|tool_result|function_calls|antml:\w+|thinking|answer)\s*>",
        MARKUP,
    ),
    Rule(
        ("<",),
        r"<\|?(?:im_start|im_end|system|user|assistant|endoftext|end_of_turn|start_header_id|eot_id)\|>"
        r"|<</?SYS>>|<(?:start|end)_of_turn>",
        MARKUP,
    ),
    Rule(("[inst]", "[/inst]"), r"\[/?INST\]", MARKUP),
    Rule(("{",), r"\{\s*\"role\"\s*:\s*\"(?:system|assistant|user)\"", MARKUP),
    Rule(("human", "assistant"), r"(?:(?<=\n\n)|(?<=\n\r\n))(?:human|assistant)[ \t]*:[ \t]", MARKUP),
    Rule(
        ("system", "assistant", "human", "user", "instruction"),
        r"(?:(?<=#\ )|(?<=\*\*))(?:system|assistant|human|user|instruction)[ \t]*:?(?:\*\*)?[ \t]*:?[ \t]*\n",
        MARKUP,
    ),
    Rule(("system",), r"system\s+(?:prompt|override|message|instruction|note)\s*:", MARKUP),
)

_GERMAN = (
    Rule(
        ("ignorier", "vergiss", "vergessen sie", "missacht", "übergeh"),
        r"(?:ignorier(?:e|en\s+sie|t)?|vergiss|vergessen\s+sie|missachten?(?:\s+sie)?|übergehen?(?:\s+sie)?)\s+"
        r"(?:\w+\s+){0,4}(?:anweisung(?:en)?|instruktionen|vorgaben|systemprompt|prompts?)\b",
        ASIDE,
    ),
    Rule(
        ("du bist", "sie sind"),
        r"(?:du\s+bist|sie\s+sind)\s+(?:jetzt\s+|nun\s+)?(?:eine?\s+)?(?:\w+\s+)?(?:ki|sprachmodell)\b",
        ADDRESS,
    ),
    Rule(
        ("hinweis", "anweisung", "nachricht"),
        r"\w+\s+(?:an|für)\s+(?:die\s+|das\s+|alle\s+)?(?:ki|sprachmodelle?)\b",
        ADDRESS,
    ),
    Rule(
        ("bewerte", "markiere", "beantworte"),
        r"\w+\s+(?:sie\s+)?(?:alle|jedes)\s+(?:kriterien|kriterium|fragen)\s+(?:als|mit)\b",
        STEERING,
    ),
)
_ROMANCE = (
    Rule(
        ("ignore", "oublie", "ne tiens pas", "ne tenez pas"),
        r"(?:ignore[zr]?|oublie[zr]?|ne\s+(?:tiens|tenez)\s+pas\s+compte\s+de)\s+(?:\w+\s+){0,3}(?:instructions"
        r"|consignes|directives|prompts?)\s+(?:précédentes|antérieures|ci-dessus|initiales|système)\b",
        ASIDE,
    ),
    Rule(
        ("tu es", "vous êtes"),
        r"(?:tu\s+es|vous\s+êtes)\s+(?:maintenant\s+|désormais\s+)?(?:une?\s+)?(?:ia|intelligence\s+artificielle"
        r"|modèle\s+de\s+langage|assistant\s+ia)\b",
        ADDRESS,
    ),
    Rule(
        ("ignor", "olvid", "descart", "haz caso omiso", "esqueça", "desconsidere", "dimentica", "trascura"),
        r"(?:ignor[ae]n?|ignorate|olvid[ae]n?|descart[ae]n?|haz\s+caso\s+omiso\s+de|esqueça|desconsidere|dimentica"
        r"|trascura)\s+(?:\w+\s+){0,4}(?:instrucciones|indicaciones|órdenes|instruções|orientações|istruzioni"
        r"|indicazioni)\b",
        ASIDE,
    ),
    Rule(
        ("eres", "você é", "sei "),
        r"(?:eres|você\s+é|sei)\s+(?:ahora\s+|agora\s+|ora\s+)?(?:una?\s+|um\s+|un['’])?(?:ia|inteligencia"
        r"\s+artificial|modelo\s+de\s+(?:lenguaje|linguagem)|modello\s+linguistico)\b",
        ADDRESS,
    ),
)
_OTHERS = (
    Rule(
        ("negeer", "vergeet"),
        r"\w+\s+(?:\w+\s+){0,4}(?:instructies|aanwijzingen|opdrachten)\b",
        ASIDE,
    ),
    Rule(
        ("zignoruj", "ignoruj", "pomiń", "zapomnij"),
        r"\w+\s+(?:\w+\s+){0,4}(?:instrukcj\w+|polece\w+|wytyczn\w+)",
        ASIDE,
    ),
    Rule(
        ("önceki", "yukarıdaki", "tüm"),
        r"\w+\s+(?:\w+\s+){0,3}(?:talimat\w*|yönerge\w*)\s+(?:\w+\s+){0,2}(?:yok\s+say|görmezden\s+gel|unut)",
        ASIDE,
    ),
    Rule(
        ("игнорируй", "проигнорируй", "забудь", "ігноруй", "проігноруй"),
        r"\w+\s+(?:\w+\s+){0,4}(?:инструкци|указани|інструкці|вказівк)\w*",
        ASIDE,
    ),
    Rule(
        ("忽略", "无视", "無視", "忘记", "忘記", "不要理会"),
        r".{2,4}.{0,12}(?:指令|指示|提示词|提示詞|系统提示|系統提示)",
        ASIDE,
    ),
    Rule(("指示", "命令", "プロンプト"), r"(?:指示|命令|プロンプト)(?:を|は).{0,12}(?:無視|忘れ)", ASIDE),
    Rule(("지시", "지침", "명령", "프롬프트"), r"\w{2,4}.{0,10}(?:무시|잊어)", ASIDE),
    Rule(("تجاهل", "انس"), r"\w+\s+(?:\w+\s+){0,3}(?:التعليمات|تعليمات|الأوامر)", ASIDE),
    Rule(("התעלמ", "התעלם", "שכח"), r"\w+\s+(?:\S+\s+){0,3}(?:ההוראות|מההוראות|הוראות)", ASIDE),
    Rule(("निर्देश", "आदेश"), r"\S+.{0,30}(?:अनदेखा|नज़रअंदाज़|भूल)", ASIDE),
)

RULES = (*_ENGLISH, *_MARKS, *_GERMAN, *_ROMANCE, *_OTHERS)
