"""Texts that try to run, to load, to turn round or to burst what they stand in."""

from __future__ import annotations

#: Sets this where it runs.
MARK = "window.__ran=1;document.title='taken'"
SCRIPT = f"<script>{MARK}</script>"
IMAGE = f'"><img src=x onerror="{MARK}">'
QUOTE = f"'><svg onload={MARK}>"
STYLE = f"</style></title></textarea></script>{SCRIPT}"
LINK = f'<a href="javascript:{MARK}">click</a> javascript:{MARK}'
MARKDOWN = f"[click](javascript:{MARK}) ![x](https://example.org/x.png) **b** `c` | d"
TEMPLATE = "{{7*7}} ${7*7} #{7*7} <%= 7*7 %> {0} {name} %s %(x)s"
SHELL = "$(touch taken) `touch taken` ; touch taken | touch taken"
MATH = r"$x^$ $\frac{1}$ \input{taken} $$"
COMMENT = f"<!-- --> <![CDATA[ ]]> &lt;script&gt; &#60;script&#62; {SCRIPT}"
TURNED = "a\u202eb\u2066c\u2069d\u200be\ufeff"
ANSI = "\x1b[31mred\x1b]0;taken\x07\x1b[2J"

#: What a page shows letter by letter.
PLAIN = (SCRIPT, IMAGE, QUOTE, STYLE, LINK, MARKDOWN, TEMPLATE, SHELL, MATH, COMMENT)
#: What no cell of a table may begin with, unless it is guarded or typed as text.
FORMULAS = (
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://example.org","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "a\r=1+1",
    "a\n=1+1",
    'a"\n=1+1',
    "'=1+1",
    "''@x",
    "＝1+1",
    "a;=1+1",
    "-3",
    "plain",
)
