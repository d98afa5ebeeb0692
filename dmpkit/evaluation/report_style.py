"""How the report of an evaluation looks, on a screen, on a phone and on paper."""

from __future__ import annotations

__all__ = ["REPORT_STYLE"]

#: Laid over :data:`dmpkit.reporting.STYLE`.
REPORT_STYLE = """
body { max-width: 52rem; }
main { overflow-wrap: anywhere; }
p, li, td, th, caption, h1, h2, h3, h4, dd { unicode-bidi: isolate; }
.sans, .kicker, .tag, nav, .lead, dl, .chapter > h2, h4 { font-family: 'Helvetica Neue', Arial,
  'DejaVu Sans', sans-serif; }
h1 { font-size: 1.95rem; letter-spacing: -.01em; margin: .2rem 0 .3rem; }
h4 { font-size: .95rem; margin: 1.1rem 0 .3rem; }
.kicker { font-size: .8rem; letter-spacing: .08em; text-transform: uppercase; color: #4a4a4f;
  margin: 0; }
.tag { display: inline-block; border: 1px solid #8a4b00; color: #6b3a00; background: #fff7ec;
  font-size: .78rem; padding: .1rem .5rem; margin: 0 0 .4rem; border-radius: .2rem; }
.tag.secret { border-color: #8a0000; color: #8a0000; background: #fff0f0; font-weight: 700; }
.front { border-top: 4px solid #1d1d1f; padding-top: 1rem; }
.front h2 { border: 0; margin: 1.2rem 0 .3rem; padding: 0; font-size: 1.05rem; }
.front h2:first-of-type { margin-top: 1rem; }
.front p { margin: .35rem 0; }
.front .note { font: .8rem/1.4 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif; color: #444; }
table.reading { border-collapse: collapse; width: 100%; font: .88rem/1.35 'Helvetica Neue', Arial,
  'DejaVu Sans', sans-serif; margin: .5rem 0; }
table.reading th, table.reading td { text-align: left; padding: .28rem .7rem .28rem 0;
  border-bottom: 1px solid #ddd; vertical-align: middle; font-weight: 400; }
table.reading thead th { color: #4a4a4f; font-size: .8rem; border-bottom: 1px solid #555; }
table.reading tbody th { font-weight: 600; }
table.reading td.range { width: 12.5rem; white-space: nowrap; overflow-wrap: normal; }
table.reading td.few { white-space: nowrap; overflow-wrap: normal; }
table.reading svg { vertical-align: middle; }
.warn { border-left: 4px solid #8a0000; padding: .1rem 0 .1rem .8rem; }
.calm { border-left: 4px solid #8e8e93; padding: .1rem 0 .1rem .8rem; }
nav.contents { margin: 2rem 0; padding: .8rem 1.2rem; background: #f6f6f7; font-size: .9rem; }
nav.contents h2 { border: 0; margin: 0 0 .4rem; padding: 0; font-size: 1rem; }
nav.contents ol { columns: 2 16rem; margin: 0; padding-left: 1.4rem; }
nav.contents li { break-inside: avoid; margin: .15rem 0; }
nav.contents ol ol { columns: 1; list-style: none; padding-left: .6rem; }
nav.contents a { color: #173a5e; text-decoration: none; }
nav.contents a:hover, nav.contents a:focus { text-decoration: underline; }
a { color: #173a5e; }
.chapter { margin-top: 3rem; }
.chapter > h2 { font-size: 1.4rem; border-top: 2px solid #1d1d1f; }
.lead { color: #444; font-size: .95rem; }
.part { margin: 1.8rem 0; }
.part > h3 { font-size: 1.12rem; margin-bottom: .4rem; }
.synthetic figure::after { content: attr(data-mark); display: inline-block; margin-top: .2rem;
  font: .72rem 'Helvetica Neue', Arial, sans-serif; color: #6b3a00; background: #fff7ec;
  border: 1px solid #c58a3d; padding: 0 .35rem; }
table.dmpkit { max-width: 100%; overflow-wrap: normal; }
table.dmpkit .words, table.evidence td { overflow-wrap: anywhere; }
.hash { font: .72rem/1.3 'DejaVu Sans Mono', monospace; word-break: break-all; }
.slot { border: 1px solid #999; min-height: 7rem; padding: .4rem .8rem; margin: .6rem 0; }
.slot p { white-space: pre-wrap; }
.slot .meta { margin: .1rem 0; }
.up { font: .8rem 'Helvetica Neue', Arial, sans-serif; }
dl.about { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .2rem 1.2rem;
  font-size: .88rem; }
dl.about dt { color: #444; } dl.about dd { margin: 0; }
.method p { font-size: .86rem; }
@media (max-width: 40rem) {
  body { font-size: 15px; margin: 1rem auto; padding: 0 1rem; }
  h1 { font-size: 1.5rem; }
  nav.contents ol { columns: 1; }
  table.reading, table.reading tbody, table.reading tr { display: block; }
  table.reading thead { position: absolute; left: -999rem; }
  table.reading tr { border-bottom: 1px solid #ccc; padding: .4rem 0; }
  table.reading th, table.reading td { display: block; border: 0; padding: .08rem 0; width: auto; }
  table.reading td.range { width: auto; }
  table.reading td.few::before { content: attr(data-label) ' '; color: #4a4a4f; }
  dl.about { grid-template-columns: 1fr; gap: 0; } dl.about dd { margin: 0 0 .5rem; }
  figure.wide { width: 100%; margin-left: 0; }
}
@media print {
  body { font-size: 10pt; max-width: none; }
  .front { break-after: page; border-top-width: 2pt; padding-top: 2mm; }
  h1 { font-size: 17pt; }
  .front { font-size: 9.2pt; line-height: 1.31; }
  .front h2 { font-size: 11pt; margin: 2.6mm 0 .6mm; }
  .front p { margin: .8mm 0; }
  .front .note { font-size: 7.8pt; line-height: 1.28; }
  table.reading { font-size: 9.2pt; margin: 1mm 0; }
  table.reading th, table.reading td { padding: .8mm 2.4mm .8mm 0; }
  table.reading thead th { font-size: 7.6pt; }
  nav.contents { break-after: page; background: none; padding: 0; }
  .chapter { margin-top: 0; break-before: page; }
  .chapter > h2 { margin-top: 0; }
  .part { margin: 4mm 0; }
  .part > h3 { break-after: avoid; }
  .up { display: none; }
  .slot { min-height: 34mm; break-inside: avoid; }
  .method p { font-size: 8.2pt; line-height: 1.35; }
  table.dmpkit th, table.dmpkit td { white-space: normal; }
  table.dmpkit .number { white-space: nowrap; }
  table.dmpkit thead .number { white-space: normal; }
  table.wordy .words { min-width: 7em; }
  table.dmpkit:has(thead th:nth-child(11)) { font-size: 6.4pt; }
  table.dmpkit:has(thead th:nth-child(11)) th, table.dmpkit:has(thead th:nth-child(11)) td {
    padding-right: 1mm; }
  table.dmpkit:has(thead th:nth-child(11)) .words { min-width: 5em; }
  table.wordy .main { width: auto; min-width: 12em; }
  .hash { font-size: 6.2pt; }
  .tag { print-color-adjust: exact; }
}
"""
