"""Changes to files that know what the file is: bytes, words, tables, trees, members, databases.

A change takes the bytes of one file and a source of chance, and gives other bytes. What
the file is follows from its first bytes and its ending. Every change is a function of
its inputs alone, so that a number stands for it.
"""

# ruff: noqa: E501  (tables are read by row)
from __future__ import annotations

import codecs
import csv
import io
import json
import random
import re
from collections.abc import Callable

from .containers import database, parquet, zipped
from .tokens import RAW, SPECIALS, piece, token

Change = Callable[[bytes, random.Random], bytes]
#: No input is made larger than this, but by a packed member.
LARGEST = 4_000_000


def kind_of(name: str, data: bytes) -> str:
    """What a file is: by its first bytes, else by its ending."""
    if data.startswith(b"PK\x03\x04"):
        return "zip"
    if data.startswith(b"SQLite format 3"):
        return "database"
    if data.startswith(b"PAR1"):
        return "parquet"
    ending = name.rpartition(".")[2].lower()
    return {
        "csv": "table",
        "tsv": "table",
        "json": "tree",
        "ipynb": "tree",
        "xml": "marked",
        "qde": "marked",
        "qdc": "marked",
        "rels": "marked",
        "html": "marked",
    }.get(ending, "text")


def mutate(name: str, data: bytes, rng: random.Random) -> bytes:
    """One change of a file, after its kind."""
    kind = kind_of(name, data)
    if rng.random() < (0.15 if kind in CHANGES else 0.4):
        return on_bytes(data, rng)
    return CHANGES.get(kind, on_text)(data, rng)[: 20 * LARGEST]


# --- bytes and words ----------------------------------------------------------------------


def on_bytes(data: bytes, rng: random.Random) -> bytes:
    """A change that knows nothing of the format."""
    n = len(data)
    a, b = sorted((rng.randrange(n + 1), rng.randrange(n + 1)))
    what = rng.randrange(12)
    if what == 0:
        return data[:a]
    if what == 1:
        return data[a:]
    if what == 2:
        return data[:a] + piece(rng) + data[a:]
    if what == 3:
        return data[:a] + piece(rng) + data[min(b, a + rng.randint(1, 40)) :]
    if what == 4:
        return data[:a] + data[min(n, a + rng.choice([1, 2, 4, 16, 64, n])) :]
    if what == 5:
        return (data[:a] + data[a:b] * rng.choice([2, 2, 3, 9]) + data[b:])[:LARGEST]
    if what == 6:
        return recoded(data, rng)
    if what == 7:
        ends = rng.choice([b"\r\n", b"\r", b"\n\n", b"\x85", b"\xe2\x80\xa8", b"\n\r", b"\n\x00"])
        lines = data.split(b"\n")
        mixed = rng.random() < 0.5
        return b"".join(x + (ends if not mixed or rng.random() < 0.5 else b"\n") for x in lines)
    if what == 8:
        return rng.choice([b"", b" ", b"\n" * 9, b"\x00" * 64, rng.choice(RAW), piece(rng)])
    if what == 9:
        return rng.choice(RAW) + data
    changed = bytearray(data or b"0")
    for _ in range(rng.choice([1, 1, 2, 8])):
        at = rng.randrange(len(changed))
        changed[at] = rng.choice([0, 255, 127, changed[at] ^ (1 << rng.randrange(8)), at & 255])
    return bytes(changed)


def recoded(data: bytes, rng: random.Random) -> bytes:
    """The text in another encoding, with or without its mark."""
    text = data.decode("utf-8", "replace")
    name = rng.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp1252", "utf-7", "cp037"])
    with_mark = codecs.BOM_UTF16_BE if rng.random() < 0.1 else b""
    return with_mark + text.encode(name, "replace")


WORD = re.compile(r"\w+|\s+|[^\w\s]")


def on_text(data: bytes, rng: random.Random) -> bytes:
    """Words swapped, doubled or replaced by hostile ones; lines moved."""
    text = data.decode("utf-8", "surrogateescape")
    if rng.random() < 0.35:
        lines = text.split("\n")
        at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
        what = rng.randrange(5)
        if what == 0:
            del lines[at]
        elif what == 1:
            lines.insert(to, lines[at])
        elif what == 2:
            lines[at], lines[to] = lines[to], lines[at]
        elif what == 3:
            lines[at] = token(rng)
        else:
            lines[at] = " " * rng.randint(0, 9) + lines[at] + " " * rng.randint(0, 9)
        return "\n".join(lines).encode("utf-8", "surrogateescape")
    words = WORD.findall(text) or [""]
    at = rng.randrange(len(words))
    what = rng.randrange(5)
    if what == 0:
        del words[at]
    elif what == 1:
        words[at] = rng.choice(words)
    elif what == 2:
        words.insert(at, words[at])
    else:
        words[at] = token(rng)
    return "".join(words).encode("utf-8", "surrogateescape")


# --- tables -------------------------------------------------------------------------------


def on_table(data: bytes, rng: random.Random) -> bytes:
    """Cells, rows and columns changed, or the way they are written."""
    text = data.decode("utf-8-sig", "surrogateescape")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        return on_text(data, rng)
    rows = [row for row in rows if row] or [[""]]
    for _ in range(rng.choice([1, 1, 2])):
        _change_rows(rows, rng)
    return _written(rows, delimiter, rng)


def _change_rows(rows: list[list[str]], rng: random.Random) -> None:
    at = rng.randrange(len(rows)) if rows else 0
    if not rows or not rows[at]:
        rows.append([token(rng)])
        return
    column = rng.randrange(len(rows[at]))
    other = rng.choice(rows)
    what = rng.randrange(17)
    if what <= 4:
        rows[at][column] = token(rng)
    elif what == 5:
        rows[at][column] = rng.choice(other) if other else ""
    elif what == 6:
        if rows[0]:
            rows[0][column % len(rows[0])] = rng.choice([*rows[0], token(rng)])
    elif what == 7:
        for row in rows:
            row.insert(column, row[column] if column < len(row) else "")
    elif what == 8:
        for row in rows:
            del row[column : column + 1]
    elif what == 9:
        rows.insert(rng.randrange(len(rows) + 1), list(other))
    elif what == 10:
        del rows[at]
    elif what == 11:
        rng.shuffle(rows)
    elif what == 12:
        rows[at] = rows[at][:column] if rng.random() < 0.5 else rows[at] + ["x"] * column
    elif what == 13:
        for row in rows[1:]:
            if column < len(row):
                row[column] = rng.choice(["", token(rng)])
    elif what == 14:
        rows[0] = [rng.choice([str.upper, str.title, str.strip])(name) for name in rows[0]]
    elif what == 15:
        fresh = rng.choice(SPECIALS)
        for number, row in enumerate(rows):
            row.append(fresh if number == 0 else token(rng)[:50])
    else:
        rows[:] = [list(column) for column in zip(*rows, strict=False)] or [[""]]
    if rng.random() < 0.004:
        rows[:] = (rows * 3000)[:3000] if rng.random() < 0.5 else [row * 300 for row in rows]


def _written(rows: list[list[str]], delimiter: str, rng: random.Random) -> bytes:
    out = io.StringIO()
    usual = rng.random() < 0.7
    style = {
        "delimiter": delimiter if usual else rng.choice(",;\t|: "),
        "lineterminator": "\n" if usual else rng.choice(["\n", "\r\n", "\r"]),
        "quoting": csv.QUOTE_MINIMAL if usual else rng.choice([csv.QUOTE_ALL, csv.QUOTE_NONE]),
        "escapechar": "\\",
    }
    try:
        csv.writer(out, **style).writerows(rows)
    except csv.Error:  # what cannot be written without quotation marks
        csv.writer(out, **{**style, "quoting": csv.QUOTE_ALL}).writerows(rows)
    return out.getvalue().encode("utf-8", "surrogateescape")[:LARGEST]


# --- trees --------------------------------------------------------------------------------

VALUES: list[object] = [
    None, True, False, 0, -1, 1, 2, 1.5, -0.0, 1e308, 10**30, float("nan"), float("inf"),
    "", " ", "1", [], {}, [[]], [None], {"": None}, [1, "a"], {"a": {"a": {}}},
]  # fmt: skip


def on_tree(data: bytes, rng: random.Random) -> bytes:
    """A node of JSON replaced, dropped, doubled, wrapped, renamed or deeply nested."""
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        return on_text(data, rng)
    deep = rng.random()
    if deep < 0.02:
        n = rng.choice([200, 1500, 100_000])
        nest = rng.choice(["[" * n + "]" * n, "[" * n, '{"a":' * n + "1" + "}" * n])
        return replaced_leaf(data, nest, rng)
    if deep < 0.05:
        return replaced_leaf(
            data, rng.choice(["9" * 5000, "1e400", "-" * 9, "NaN", "01", "'a'"]), rng
        )
    tree = change_tree(tree, rng)
    try:
        text = json.dumps(tree, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1]))
    except (ValueError, RecursionError):
        return on_text(data, rng)
    if rng.random() < 0.05:  # a key twice
        text = re.sub(r'("\w+": [^\[{,]+),', r"\1, \1,", text, count=1)
    return text.encode("utf-8", "surrogatepass")


def replaced_leaf(data: bytes, by: str, rng: random.Random) -> bytes:
    """A number or string of JSON text replaced by other text as it is."""
    text = data.decode("utf-8", "replace")
    leaves = list(re.finditer(r'(?<=: )(?:"[^"\\]*"|-?\d[\d.]*)', text))
    if not leaves:
        return by.encode()
    leaf = rng.choice(leaves)
    return (text[: leaf.start()] + by + text[leaf.end() :]).encode()


def change_tree(tree: object, rng: random.Random) -> object:
    """One node of a tree changed; a new tree, or the old one changed in place."""
    places: list[tuple[object, object]] = []
    stack = [tree]
    while stack and len(places) < 20_000:
        node = stack.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()  # fmt: skip
        for key, value in items:
            places.append((node, key))
            stack.append(value)
    if not places or rng.random() < 0.01:
        return rng.choice(VALUES)
    holder, key = rng.choice(places)
    value = holder[key]  # type: ignore[index]
    what = rng.randrange(9)
    if what <= 1:
        holder[key] = rng.choice(VALUES)  # type: ignore[index]
    elif what <= 3:
        holder[key] = token(rng)  # type: ignore[index]
    elif what == 4:
        del holder[key]  # type: ignore[attr-defined]
    elif what == 5:
        holder[key] = [value] if rng.random() < 0.5 else {str(key): value}  # type: ignore[index]
    elif what == 6 and isinstance(holder, dict):
        holder[token(rng)[:2000]] = holder.pop(key)
    elif what == 7 and isinstance(holder, list):
        holder.extend(holder[:50])
    else:
        other, place = rng.choice(places)
        there = other[place]  # type: ignore[index]
        holder[key] = json.loads(json.dumps(there))  # type: ignore[index]
    return tree


# --- marked-up text -----------------------------------------------------------------------

TENFOLD = "".join(
    f'<!ENTITY {b} "{(f"&{a};") * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
DOCTYPES = (
    f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{TENFOLD}]>',
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    "<!DOCTYPE x>",
    '<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///dev/zero"> %p;]>',
)
TAG = re.compile(r"<[^<>]*>")
VALUE = re.compile(r'(?<==")[^"]*(?=")')
#: What the reader of a spreadsheet must not believe.
SHEET_TRICKS = (
    (r'ref="[^"]*"', 'ref="A1:XFD1048576"'),
    (r'\br="[A-Z]+(\d+)"', r'r="XFD1048576"'),
    (r'\br="[A-Z]+(\d+)"', r'r="XFD\1"'),
    (r'<row r="\d+"', '<row r="1048576"'),
    (r'<row r="\d+"', '<row r="99999999999"'),
    (r"<v>[^<]*</v>", "<v>99999999</v>"),
    (r"<v>[^<]*</v>", "<v>1e400</v>"),
    (r"<v>[^<]*</v>", "<v>nan</v>"),
    (r"<v>[^<]*</v>", "<v></v>"),
    (r"<v>[^<]*</v>", "<f>1/0</f><v>#DIV/0!</v>"),
    (r"<v>[^<]*</v>", '<f t="shared" si="0" ref="A1:XFD1048576">A1</f>'),
    (r' t="\w+"', ' t="e"'),
    (r' t="\w+"', ' t="d"'),
    (r' t="\w+"', ' t="b"'),
    (r' t="\w+"', ""),
    (r' s="\d+"', ' s="99999"'),
    (r"</sheetData>", '</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'),
    (r"</sheetData>", '</sheetData><mergeCells><mergeCell ref="A1:C3"/></mergeCells>'),
    (r"</sheetData>", '<row r="3"><c r="B3" t="inlineStr"><is><t>x</t></is></c></row></sheetData>'),
    (r'formatCode="[^"]*"', 'formatCode="yyyy-mm-dd"'),
    (r'numFmtId="\d+"', 'numFmtId="14"'),
    (r'sheetId="\d+"', 'sheetId="1"'),
    (r'state="\w+"', 'state="veryHidden"'),
    (r"<sheetView[^>]*>", ""),
    (r"</sheetPr>", ""),
    (r"</sheets>", '</sheets><definedNames><definedName name="a">x!#REF!</definedName></definedNames>'),
)  # fmt: skip


def on_marked(data: bytes, rng: random.Random) -> bytes:
    """A tag or attribute changed, an entity declared, a tree nested too deep."""
    text = data.decode("utf-8", "surrogateescape")
    if "sheet" in text[:3000] and rng.random() < 0.5:
        pattern, by = rng.choice(SHEET_TRICKS)
        found = list(re.finditer(pattern, text))
        if found:
            one = rng.choice(found)
            every = rng.random() < 0.15
            text = re.sub(pattern, by, text) if every else (
                text[: one.start()] + one.expand(by) + text[one.end() :]
            )  # fmt: skip
            return text.encode("utf-8", "surrogateescape")
    tags, values = list(TAG.finditer(text)), list(VALUE.finditer(text))
    what = rng.randrange(10)
    if what <= 3 and values:
        one = rng.choice(values)
        by = token(rng) if rng.random() < 0.6 else rng.choice(values).group()
        text = text[: one.start()] + by + text[one.end() :]
    elif what == 4:
        doctype = rng.choice(DOCTYPES)
        at = text.find("?>") + 2 if "?>" in text else 0
        text = text[:at] + doctype + text[at:].replace("name=", "name='&i;' x=", 1)
    elif what == 5:
        text = re.sub("encoding=.[^\"']*.", f'encoding="{rng.choice(["utf-16", "cp037", "x", "utf-7", "latin-1"])}"', text, count=1)  # fmt: skip
    elif tags:
        one, other = rng.choice(tags), rng.choice(tags)
        if what == 6:
            text = text[: one.start()] + text[one.end() :]
        elif what == 7:
            text = text[: one.start()] + other.group() + text[one.end() :]
        elif what == 8:
            inside = rng.choice([token(rng), "<![CDATA[x]]>", "<!-- -->", "<?x y?>", "&#1114112;"])
            text = text[: one.end()] + inside + text[one.end() :]
        else:
            n = rng.choice([2, 30, 3000, 100_000])
            n = min(n, LARGEST // (len(one.group()) + 1))
            name = re.match(r"</?([\w:.]+)", one.group())
            close = f"</{name.group(1)}>" if name and rng.random() < 0.5 else ""
            text = text[: one.end()] + one.group() * n + close * n + text[one.end() :]
    return text.encode("utf-8", "surrogateescape")


def on_zip(data: bytes, rng: random.Random) -> bytes:
    """A member changed after its kind, or the archive itself."""
    return zipped(data, rng, mutate)


CHANGES: dict[str, Change] = {
    "table": on_table,
    "tree": on_tree,
    "marked": on_marked,
    "zip": on_zip,
    "database": database,
    "parquet": parquet,
}
