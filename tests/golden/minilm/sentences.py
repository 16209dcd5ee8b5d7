"""Over two hundred texts that a text encoder must read exactly as its makers' library does."""

PLAIN = """A cat sleeps on the warm windowsill.
The furnace feeds itself while the master is away.
Two dogs chase a red ball across the wet grass.
She poured the tea without looking up from her book.
Nobody on the platform noticed that the clock had stopped.
An unexpected error occurred while reading the configuration file.
How do I change the learning rate during training?
The committee postponed its decision until next spring.
Gold is denser than lead, and lead is denser than iron.
I would rather walk than wait another hour for the bus.
Please close the door behind you.
The recipe calls for three eggs, a pinch of salt and patience.
Rain is expected in the north, with sunny spells in the afternoon.
He whispered something that only the parrot understood.
Photosynthesis turns light, water and carbon dioxide into sugar.
Our train leaves at a quarter past seven.
The painting was sold for more than anyone had dared to hope.
A stitch in time saves nine.
What is the capital of Mongolia?
Where did you put the keys to the garden shed?
The orchestra tuned while the audience found its seats.
Mountains look smaller once you have climbed one.
This product broke after two days; I want my money back.
Absolutely wonderful service, we will certainly come again!
The defendant pleaded not guilty to all charges.
Insulin regulates the amount of glucose in the blood.
A black hole bends light so strongly that none escapes.
Children learn languages faster than adults do.
The river froze twice that winter.
Turn left at the lighthouse and follow the coast.
Somebody has eaten all the strawberries again.
The server could not be reached within the deadline.
Gradient descent follows the steepest slope downhill.
An astronaut repairs the antenna of the space station.
The violin maker chose spruce for the top and maple for the back.
Farmers protested against the new regulations in the capital.
The more I practise, the luckier I get.
Her grandmother knitted a scarf as long as the corridor.
Bread rises because yeast gives off gas.
Do not feed the pigeons.
The museum is closed on Mondays.
They married in June and moved to the islands in August.
A lemon, a lime and a grapefruit walk into a bar.
Owls hunt at night and rest during the day.
The bridge was rebuilt stone by stone after the war.
Interest rates rose for the third time this year.
My phone keeps disconnecting from the network.
The glacier has retreated two kilometres in fifty years.
Wash at thirty degrees, do not tumble dry.
It was the best of summers, it was the shortest of summers.
A sailing boat drifts past the harbour wall at dusk.
Octopuses have three hearts and blue blood.
The third act drags, but the ending is magnificent.
Every even number greater than two may be the sum of two primes.
Please confirm your appointment by replying to this message.
The tailor measured twice and cut once.
Volcanic ash grounded all flights for a week.
He collects stamps, coins and grudges.
The compiler warned about an unused variable.
Fresh snow muffles every sound in the valley.""".split("\n")

ODD_FORMS = """
hello
Hello
HELLO
hElLo WoRlD
"double" 'single' “curly” ‘curly’ «guillemets» „low“
a,b;c:d!e?f.g
(parentheses) [brackets] {braces} <angles>
1234567890
3.14159 2,718 1e-9 0x1F 1_000_000
$100 €50 £20 ¥3000 ₹75 ₿1
50% off & free shipping @ home #sale
user.name+tag@example.co.uk
https://example.org/path/to?query=1&other=2#fragment
C:\\Users\\name\\file.txt and /usr/local/lib
snake_case camelCase kebab-case PascalCase
x = y ** 2 + sqrt(z) / 4;
for (int i = 0; i < n; ++i) sum += a[i];
E = mc² and H₂O and x⁻¹ and ½ cup
ﬁne ﬂow ligatures ﬀ
Ⅷ ⅸ roman numerals and ① ② circled
Ｆｕｌｌ　ｗｉｄｔｈ　ｔｅｘｔ１２３
𝓢𝓬𝓻𝓲𝓹𝓽 𝐛𝐨𝐥𝐝 𝕕𝕠𝕦𝕓𝕝𝕖 letters
... … --- – — ― ‒
~!@#$%^&*()_+`-={}|[]\\:";'<>?,./
don't won't it's o'clock rock'n'roll
well-known state-of-the-art mother-in-law
U.S.A. e.g. i.e. Ph.D. a.m. p.m.
[CLS] is written out [SEP] here
a [MASK] in the middle and [UNK] and [PAD] too
[cls] [Mask] [MASK][MASK]
[SEP]
""".strip("\n").split("\n")

LANGUAGES = """Die Würde des Menschen ist unantastbar.
Fünf Bäume und zwölf Boxkämpfer jagen Viktor quer über den großen Deich.
Straße STRASSE straße ẞ
L’été à la plage, où le cœur bat plus fort.
Ça alors, un garçon naïf mange des pêches à Noël.
El pingüino comió piñas en la montaña.
¿Dónde está la biblioteca? ¡Qué sorpresa!
A rápida raposa marrom não pulou sobre o cão.
Però è già così, perché no?
Příliš žluťoučký kůň úpěl ďábelské ódy.
Zażółć gęślą jaźń.
Árvíztűrő tükörfúrógép
İstanbul'da ılık bir gün, IĞDIR ve İZMİR
Ţară, și oraș; româna are diacritice.
Þetta er íslenskur texti með ð og æ.
Blåbærsyltetøy på brødskive
Съешь ещё этих мягких французских булок.
Її ґанок та їжак, Київ
Ѐ Ѓ Ѝ ѐ ђ ћ
Ταχίστη αλώπηξ βαφής ψημένη γη
Ὦ ἄνδρες Ἀθηναῖοι
שלום עולם, מה שלומך?
שָׁלוֹם עִם נִקּוּד
مرحبا بالعالم، كيف الحال؟
السَّلَامُ عَلَيْكُمْ
سلام دنیا، خوبی؟
नमस्ते दुनिया, आप कैसे हैं?
বাংলা ভাষা সুন্দর
தமிழ் மொழி
ไทยเป็นภาษาที่มีวรรณยุกต์
ភាសាខ្មែរ
မြန်မာဘာသာ
አማርኛ ቋንቋ
ქართული ენა
Հայերեն լեզու
你好，世界！
我喜欢在下雨天看书。
猫坐在垫子上。
龍馬精神 vs 龙马精神
中文English混合text测试
こんにちは世界。
東京タワーは高いです。
ｶﾀｶﾅ カタカナ ガギグゲゴ がぎぐげご
吾輩は猫である。名前はまだ無い。
안녕하세요 세계
한국어 자모 ㄱㄴㄷ 분해
Xin chào thế giới, tiếng Việt có dấu
Tiếng Việt đã được tổ hợp
Cafe with a combining acute: é ñ ü
Å Å Å are three ways to write one letter
Ṩ Ṩ Ṩ
Kǒngzǐ yuē: xué ér shí xí zhī
𠀀𠀁 and 𪛖 are rare ideographs, 𫠠 too
𐌰𐌱𐌲 gothic 𐐀𐐨 deseret
ᚠᚢᚦᚨᚱᚲ runes
ⴰⵎⴰⵣⵉⵖ tifinagh""".split("\n")

EMOJI = """😀
😀 😃😄
I ❤️ NY
thumbs up 👍🏽 and 👍
family 👨‍👩‍👧‍👦 and flag 🇩🇪🇫🇷
pizza 🍕 time!!!🍕🍕
rainbow 🏳️‍🌈 pirate 🏴‍☠️
keycap 1️⃣ 2️⃣ #️⃣
☀️☁️☂️☃️ weather
♠♥♦♣ and ♔♕♖
★ ☆ ✓ ✗ ✂ ✈
→ ← ↑ ↓ ⇒ ∀x∃y ∈ ℝ
∑ ∫ √ ∞ ≈ ≠ ≤ ≥
🫠🫡🥹 newer faces
smile:) sad:( wink;) ^_^ ¯\\_(ツ)_/¯
a😀b without blanks
🧑🏿‍🚀🚀🌕""".split("\n")


INVISIBLE = [
    " leading and trailing blanks ",
    "tabs\tand\nnewlines\r\nand\x0bothers\x0c.",
    "no-break\u00a0space and narrow\u202fone",
    "em\u2003space\u3000ideographic\u1680ogham",
    "zero\u200bwidth\u200dspaces and soft\u00adhyphen",
    "word\u2060joiner\ufeffand byte order mark",
    "control\x00 char\x07acters\x1b are\x7f dropped\x85 here",
    "replacement \ufffd character and private \ue000 use",
    "right\u202eto left override\u202c ends",
    "line\u2028separator and paragraph\u2029separator",
]


def long_ones():
    return [
        "a" * 99,
        "a" * 100,
        "a" * 101,
        "supercalifragilisticexpialidocious antidisestablishmentarianism",
        "é" * 100,
        "é" * 101,
        "word " + "x" * 150 + " word",
        "the quick brown fox jumps over the lazy dog " * 8,
        "the quick brown fox jumps over the lazy dog " * 40,
        "one, two; three. " * 100,
        "猫" * 300,
        "😀" * 260,
        ("A sentence of moderate length that is repeated until nothing more fits. " * 30).strip(),
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
        " ".join(str(number) for number in range(400)),
        "!" * 300,
        "e" + "\u0301" * 120 + " tail",
        "\u0627" * 100 + " " + "\u0627" * 101,
    ]


def all_sentences():
    texts = ["", " "] + PLAIN + ODD_FORMS + INVISIBLE + LANGUAGES + EMOJI + long_ones()
    extra = [
        "The cat sleeps on the warm windowsill",
        "A kitten is napping by the window.",
        "Ein Kater schläft auf dem Fensterbrett.",
        "nan inf -inf NULL None true",
        "\u1885\u1734 letters that changed their kind \u166d",
        "\u2e52 newer punctuation \u061d and marks a\u0898",
    ]
    texts += extra
    return texts


SENTENCES = all_sentences()
