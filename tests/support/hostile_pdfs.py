"""PDFs that no honest program writes, made by code: broken, bottomless, endless, huge.

Rules: bytes in, bytes out, the same each time; each is a few hundred bytes to a few megabytes, whatever it unfolds to.
"""

import hashlib
import zlib
from collections.abc import Mapping

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R /Resources << >> >>"
# The padding of passwords in the PDF standard's security handler (ISO 32000-1, 7.6.3.3).
PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")


def stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), extra, data)


def deflated(data: bytes, extra: bytes = b"") -> bytes:
    return stream(zlib.compress(data, 9), b"/Filter /FlateDecode " + extra)


def assemble(objects: Mapping[int, bytes], trailer: bytes = b"") -> bytes:
    """A file of these objects with a correct cross-reference table; object 1 is the catalog."""
    file = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = len(file)
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(file)
    file += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        file += b"%d 1\n%010d 00000 n \n" % (number, place)
    size = max(objects) + 1
    file += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)
    return bytes(file)


def one_page(page: bytes = PAGE, content: bytes = b"", others: Mapping[int, bytes] | None = None) -> bytes:
    return assemble({**one_page_objects(page, content), **(others or {})})


def one_page_objects(page: bytes = PAGE, content: bytes = b"") -> dict[int, bytes]:
    return {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: page,
        4: stream(content),
    }


def boxed(box: str) -> bytes:
    """One page that claims this MediaBox."""
    return one_page(PAGE.replace(b"0 0 400 300", box.encode()), b"1 0 0 rg 0 0 9999 9999 re f")


def no_pages() -> bytes:
    return assemble({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [] /Count 0 >>"})


def claims_pages(count: int) -> bytes:
    """One page, and a tree that says it has `count`."""
    objects = one_page_objects()
    objects[2] = b"<< /Type /Pages /Kids [3 0 R] /Count %d >>" % count
    return assemble(objects)


def missing_page() -> bytes:
    """Two pages, of which the second is not in the file."""
    objects = one_page_objects()
    objects[2] = b"<< /Type /Pages /Kids [3 0 R 77 0 R] /Count 2 >>"
    return assemble(objects)


def xref_loop() -> bytes:
    """A cross-reference table that names itself as the one before."""
    whole = assemble(one_page_objects())
    start = whole.rindex(b"xref\n0 1")
    return assemble(one_page_objects(), b"/Prev %d" % start)


def object_stream_loop() -> bytes:
    """A stream of objects that says it is in itself, and extends itself."""
    return one_page(others={9: stream(b"9 0 << >>", b"/Type /ObjStm /N 1 /First 4 /Extends 9 0 R")})


def tree_loop() -> bytes:
    """A page tree that is its own child."""
    objects = one_page_objects()
    objects[2] = b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 /Parent 2 0 R >>"
    return assemble(objects)


def deep_tree(depth: int) -> bytes:
    """One page below `depth` nodes."""
    objects = one_page_objects()
    for level in range(depth):
        below = 10 + level + 1 if level + 1 < depth else 3
        objects[10 + level] = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 /Parent 2 0 R >>" % below
    objects[2] = b"<< /Type /Pages /Kids [10 0 R] /Count 1 >>"
    return assemble(objects)


def deep_array(depth: int) -> bytes:
    """Brackets in brackets, in the page itself."""
    return one_page(PAGE[:-2] + b"/Deep " + b"[" * depth + b"]" * depth + b" >>")


def image_bomb(side: int) -> bytes:
    """A picture of side x side pixels, all of them black."""
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(bytes(3 * side)) for _ in range(side)) + packer.flush()
    picture = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /FlateDecode"
    page = PAGE.replace(b"/Resources << >>", b"/Resources << /XObject << /I 9 0 R >> >>")
    return one_page(page, b"400 0 0 300 0 0 cm /I Do", {9: stream(data, picture % (side, side))})


def content_bomb(megabytes: int) -> bytes:
    """A page of very many lines, which pack well."""
    unit = b"0 0 m 400 300 l S\n" * 1024
    packer = zlib.compressobj(9)
    rounds = megabytes * 1024 * 1024 // len(unit)
    data = b"".join(packer.compress(unit) for _ in range(rounds)) + packer.flush()
    return one_page(others={4: stream(data, b"/Filter /FlateDecode")})


def form_loop() -> bytes:
    """A form that draws itself."""
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 400 300] /Resources << /XObject << /F 9 0 R >> >>"
    page = PAGE.replace(b"/Resources << >>", b"/Resources << /XObject << /F 9 0 R >> >>")
    return one_page(page, b"/F Do", {9: stream(b"/F Do", form)})


def form_tower(levels: int, width: int = 10) -> bytes:
    """Forms that draw the next `width` times each: width ** levels lines in all."""
    others = {}
    for level in range(levels):
        head = b"/Type /XObject /Subtype /Form /BBox [0 0 400 300] /Resources << /XObject << /F %d 0 R >> >>"
        others[10 + level] = stream(b"/F Do " * width, head % (11 + level))
    others[10 + levels] = stream(b"0 0 m 400 300 l S", b"/Type /XObject /Subtype /Form /BBox [0 0 400 300]")
    page = PAGE.replace(b"/Resources << >>", b"/Resources << /XObject << /F 10 0 R >> >>")
    return one_page(page, b"/F Do", others)


def endless(before: int = 0) -> bytes:
    """`before` quick pages, and then one that is drawn for hours in little memory: a long sum for each pixel."""
    objects = one_page_objects()
    quick = range(100, 100 + before)
    objects |= dict.fromkeys(quick, PAGE)
    kids = b" ".join(b"%d 0 R" % number for number in [*quick, 3])
    objects[2] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, before + 1)
    objects[3] = PAGE.replace(b"/Resources << >>", b"/Resources << /Shading << /S 9 0 R >> >>").replace(
        b"4 0 R", b"5 0 R"
    )
    objects[5] = stream(b"/S sh")
    objects[9] = b"<< /ShadingType 1 /ColorSpace /DeviceGray /Domain [0 400 0 300] /Function 10 0 R >>"
    program = b"{ add " + b"1 add " * 20_000 + b"}"
    objects[10] = stream(program, b"/FunctionType 4 /Domain [0 400 0 300] /Range [0 1]")
    return assemble(objects)


def talkative(rows: int) -> bytes:
    """A page of tiny print, 600 characters a row, with controls in it."""
    page = PAGE.replace(b"/Resources << >>", b"/Resources << /Font << /F 9 0 R >> >>")
    words = b"abc\\000\\001\\007 " * 100
    content = b"".join(b"BT /F 1 Tf 1 %d Td (%s) Tj ET\n" % (row, words) for row in range(rows))
    return one_page(page, content, {9: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"})


def encrypted(password: bytes) -> bytes:
    """One page that opens with `password` alone: RC4, 40 bits, as PDF 1.1 had it."""
    identity = b"0123456789abcdef"
    padded = (password + PADDING)[:32]
    owner = _rc4(hashlib.md5(padded).digest()[:5], padded)
    key = hashlib.md5(padded + owner + (0xFFFFFFFC).to_bytes(4, "little") + identity).digest()[:5]
    user = _rc4(key, PADDING)
    objects = one_page_objects()
    page_key = hashlib.md5(key + (4).to_bytes(3, "little") + bytes(2)).digest()[:10]
    objects[4] = stream(_rc4(page_key, b"1 0 0 rg 0 0 400 300 re f"))
    objects[9] = b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (
        owner.hex().encode(),
        user.hex().encode(),
    )
    return assemble(objects, b"/Encrypt 9 0 R /ID [<%s> <%s>]" % ((identity.hex().encode(),) * 2))


def _rc4(key: bytes, data: bytes) -> bytes:
    box = list(range(256))
    j = 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    i = j = 0
    out = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)
