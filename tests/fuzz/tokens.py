"""What a hostile or careless person writes into a cell, a field or a name."""

from __future__ import annotations

import random

NUMBERS = (
    "0 -0 -1 1 2 3 7 1.5 -2,5 1e308 1e309 -1e999 1e-400 nan NaN NA inf -inf Infinity 1_000 0x1F "
    "1,234,567.8 1.234.567,8 01 +5 --5 5- .5 5. 1e 4294967296 9223372036854775808 1e3 1E+05 "
    "18446744073709551616 340282366920938463463374607431768211456 0.1e 10% £5 1/2 99999999999"
).split()
DATES = (
    "2024-02-30 0000-00-00 9999-12-31 10000-01-01 1900-02-29 2024-13-01 31/12/99999 12/31/2024 "
    "1.1.1 2024-1-1 -2024-01-01 2024-01-01T25:61:61 2024-01-01T00:00:00+99:99 60 44927.5 "
    "1677-01-01 2262-04-12 2024-W53-7 20240101 ２０２４-０１-０１"
).split()
WORDS = [
    "",
    " ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    '"',
    '""',
    "'",
    ",",
    ";",
    "|",
    ":",
    "=",
    "-",
    "–",
    "−1",
    "x",
    "yes",
    "no",
    "true",
    "null",
    "None",
    "?",
    ".",
    "..",
    "/",
    "\\",
    "[]",
    "{}",
    "[[",
    "{{",
    "<a>",
    "]]>",
    "&amp;",
    "&#0;",
    "%s%n",
    "{0}",
    "$(id)",
    "`id`",
    "=1+1",
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "../../../../etc/passwd",
    "/dev/zero",
    "/etc/passwd",
    "C:\\con",
    "file:///etc/passwd",
    "internal://../x",
    "٣",
    "１２",
    "²",
    "½",
    "Ⅷ",
    "①",
    "᠐",
    "𝟘",
    "\u200f",
    "\u202e",
    "\u200b",
    "\ufeff",
    "\u0000",
    "\u0001",
    "\u001b[31m",
    "\u0085",
    "\u2028",
    "\u00a0",
    "\ufffe",
    "\U0001f600",
    "e\u0301",
    "ß",
    "İ",
    "ı",
    "ﬀ",
    "C01",
    "R1",
    "S1",
    "s1",
    "1",
    "constructor",
    "__proto__",
    "id",
    "name",
    "count",
]
#: Bytes that are no UTF-8, or that begin another encoding.
RAW = [
    b"\xff",
    b"\x80",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\x00",
    b"\x00\x00\x00\x00",
    b"\x1a",
    b"\x1b",
    b"\x7f",
    b"PK\x03\x04",
    b"SQLite format 3\x00",
    b"PAR1",
    b"%PDF",
    b"\x1f\x8b",
]
SPECIALS = [*NUMBERS, *DATES, *WORDS]


def token(rng: random.Random) -> str:
    """A hostile piece of text; a very long one now and then."""
    pick = rng.random()
    if pick < 0.003:
        return rng.choice(["a", "9", " ", '"', ",", "[", "\u202e", "é"]) * 10**6
    if pick < 0.01:
        return rng.choice(["9", "a b ", "(", "x,", "1e", "../", "\n"]) * rng.choice([300, 5000])
    if pick < 0.05:
        return rng.choice(SPECIALS) + rng.choice(SPECIALS)
    return rng.choice(SPECIALS)


def piece(rng: random.Random) -> bytes:
    """The same as bytes, not always UTF-8."""
    if rng.random() < 0.15:
        return rng.choice(RAW)
    return token(rng).encode("utf-8", "surrogatepass")
