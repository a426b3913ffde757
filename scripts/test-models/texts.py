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

# Texts that break tokenizers. What our tokens differ in is listed in docs/tokens.md.
NASTY_TEXTS = [
    # Emoji: skin tones, families, flags, keycaps, variation selectors, tags.
    "👍🏽 👩🏿‍🚀 🏳️‍🌈 🇩🇪🇫🇷 1️⃣ #️⃣ ☎︎ ☎️",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "🎧🎧🎧headphones🎧",
    "😀" * 50,
    # Combining marks: stacked, leading, precomposed and not, Hangul jamo, Indic vowels.
    "e\u0301 é E\u0301 É",
    "\u0301leading",
    "a" + "\u0301" * 300,
    "Z̷̡͔a̸l̴g̷o̸",
    "\u1112\u1161\u11ab 한",
    "क्षत्रिय नमस्ते বাংলা தமிழ்",
    "\u0e19\u0e49\u0e33 ไทย ພາສາລາວ ភាសាខ្មែរ",
    "ệ ế ữ Việt Nam",
    # CJK: wide forms, beyond 16 bits, compatibility, half-width kana.
    "无线鼠标 無線滑鼠 ワイヤレスマウス ﾜｲﾔﾚｽ",
    "𠮷野家 𪚥 𫝀 豈更車",
    "ＦＵＬＬ　ＷＩＤＴＨ １２３",
    "ㄅㄆㄇ ㅏㅑ ゛゜ヽヾ 々〆〇",
    # Right to left, with marks of direction.
    "עכבר אלחוטי שָׁלוֹם",
    "\u200fفأرة لاسلكية\u200e 2.4 GHz",
    "\u2067abc\u2069 \u202bdef\u202c",
    "ﷺ ﷽ لا",
    # Control and format characters, white space of all kinds.
    "a\u0000b\u0001c\u0008d\u000be\u000cf\u001bg\u007fh\u0080i\u0085j\u009fk",
    "a\u00adb\u034fc\u061cd\u115fe\u17b4f\u180eg\u200bh\u200ci\u200dj\u2060k\ufeffl",
    "a\u00a0b\u1680c\u2000d\u2009e\u2028f\u2029g\u202fh\u205fi\u3000j",
    "\ufeffbyte order mark",
    "\ufffd\ufffe\uffff\ufff9\ufffc",
    "\ue000\uf8ff\U000f0000\U0010ffff",
    "tab\tnewline\nreturn\r\nend",
    "  many   spaces  ",
    " ",
    "\u200b",
    # Case: final sigma, dotted and dotless i, ligatures, sharp s, title case, long s, Kelvin sign.
    "ΣΊΣΥΦΟΣ ΟΔΟΣ Σ ΑΣ. ΑΣΑ",
    "İSTANBUL Iı İi DİYARBAKIR",
    "STRASSE ẞ ß ﬁﬂﬃ ĳ Ĳ",
    "ǅ ǆ Ǆ ǈ ſ K Å Ω",
    "Ⓐ ⓐ Ⅷ ⅷ",
    "𝓕𝓪𝓷𝓬𝔂 𝔽𝕣𝕒𝕜𝕥𝕦𝕣 ᴀʙᴄ",
    "ꓐꓰ ᏣᎳᎩ ꭰꭱ 𐐀𐐨 𞤀𞤢",
    "Ⴀⴀ ა Ა",
    # Contractions and apostrophes.
    "don't DON'T don’t it's 'tis rock'n'roll l'été O'Neill's they'd've",
    "'s 't 're 've 'm 'll 'd",
    "''''s ''ll",
    # Digits and punctuation.
    "12345 1,234.56 3½ 2² x² ① ٣٤ ৫ ௧ ㊿",
    "2.4GHz 1080p 4K USB-C 3.5mm 1/4\" 5' 10€ £5 ¥ ₹ ₿",
    "!!!??? ... … -- — – ‐ ‑ _ __ ~~ ^^ `` « » „ “ ” ‚",
    "$$$ +++ === <<<>>> ||| ¦ ¬ ± × ÷ ≠ ∞ √",
    "a.b,c;d:e/f\\g|h@i#j%k&l*m(n)o[p]q{r}s",
    "http://example.com/a?b=c&d=%20 user@example.com",
    "<b>bold</b> &amp; <!-- --> <|x|>",
    # Special tokens that someone types.
    "<|endoftext|>",
    "<|startoftext|>",
    "red <|endoftext|> mouse",
    "red<|endoftext|>mouse",
    "<|STARTOFTEXT|> mouse",
    "< |endoftext| >",
    "[CLS] [SEP] [PAD] [UNK] [MASK]",
    "red [SEP] mouse",
    "red[MASK]mouse",
    "[sep] [ SEP ]",
    "##ing ##s",
    "mouse</w> Ġmouse ▁mouse",
    "x" * 99 + " " + "x" * 100 + " " + "x" * 101,
]

# Long ones: a piece and how often it is repeated.
LONG_TEXTS = [("x", 10_000), ("wireless mouse ", 700), ("日", 10_000), ("🎧", 5_000), ("e\u0301", 5_000), ("א", 10_000), ("\0", 10_000), ("'", 10_000), ("1", 10_000)]
