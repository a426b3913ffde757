"""Texts whose tokens and vectors are kept as a reference: plain, long and nasty."""

WORDS = "wireless black large compact waterproof classic folding soft portable professional mouse keyboard".split()

REFERENCE_TEXTS = [
    "",
    "a",
    "wireless mouse",
    "Wireless   MOUSE",
    "large black waterproof backpack for travel, with 2.4 GHz cable and case (set of 3)",
    " ".join(WORDS * 20),
    "x" * 300,
    "don't, it's; we'll",
    "café crème für Küche",
    "cafe\u0301 cre\u0300me",
    "🎧 headphones 👨‍👩‍👧 ❤️",
    "日本語のカメラ 相机 카메라",
    "كاميرا لاسلكية עכבר אלחוטי",
    "zero\u0000width\u200bjoiner\u200d and\u00a0spaces\u3000here\ttab\nline\r\n",
    "\u202eright to left override\u202c",
    "a\u0300\u0301\u0302\u0303\u0304 stacked marks",
    "ΟΔΥΣΣΕΥΣ Σίσυφος",
    "İstanbul ıslak ŞEKER straße ﬁne",
    "½ ² Ⅷ ① ٣ 1,234.56 €",
    "<b>bold</b> & entity &amp; C:\\path\\file",
    "\ufeffbyte order mark",
    "word\u00adwith\u00adsoft\u00adhyphens non-breaking‑hyphen em—dash",
    "!!!???...,,,;;;:::'''\"\"\"",
]
