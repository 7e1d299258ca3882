"""Joining a page's modules and style sheets: what would not run as it does apart is refused when the server starts."""

import pytest

from app.web import joined

ENTRY = 'import { one } from "./one.js";\nconsole.log(one);\n'


def test_a_module_comes_after_what_it_imports_and_once() -> None:
    """Two that import the same third share it."""
    files = {
        "js/a.js": 'import { b } from "./b.js";\nimport { c } from "./c.js";\nb(c);\n',
        "js/b.js": 'import { c } from "./c.js";\nexport function b() { return c; }\n',
        "js/c.js": "// What is shared.\nexport const c = 1;\n",
    }
    text = joined.script(files, "js/a.js")
    places = [text.index(part) for part in ("const c = 1;", "function b()", "b(c);")]
    assert places == sorted(places)
    assert text.count("const c = 1;") == 1
    assert "What is shared" not in text


@pytest.mark.parametrize(
    "module",
    [
        "export default 1;\n",
        "export let one = 1;\n",
        "const one = 1;\nexport { one };\n",
        'export { one } from "./two.js";\n',
        'import * as two from "./two.js";\nexport const one = two;\n',
        'import two from "./two.js";\nexport const one = two;\n',
        'export const one = () => import("./two.js");\n',
        "export const one = import.meta.url;\n",
    ],
)
def test_a_form_that_is_not_understood_is_refused(module: str) -> None:
    """By the name of its file, so that it is found."""
    with pytest.raises(ValueError, match=r"js/one\.js cannot be joined"):
        joined.script({"js/page.js": ENTRY, "js/one.js": module}, "js/page.js")


def test_a_missing_module_is_refused() -> None:
    """Both are named."""
    with pytest.raises(ValueError, match=r"js/page\.js wants js/one\.js"):
        joined.script({"js/page.js": ENTRY}, "js/page.js")


def test_a_circle_is_refused() -> None:
    """Joined, one of the two would run before what it needs."""
    circle = 'import { two } from "./two.js";\nexport const one = two;\n'
    files = {"js/page.js": ENTRY, "js/one.js": circle, "js/two.js": 'import { one } from "./one.js";\n'}
    with pytest.raises(ValueError, match="imports itself"):
        joined.script(files, "js/page.js")


def test_sheets_come_in_the_order_of_their_imports() -> None:
    """The cascade is the same as with separate files."""
    files = {
        "css/page.css": '@import "base.css";\n@import "bar.css";\n.own { color: red; }\n',
        "css/base.css": ".base { color: green; }\n",
        "css/bar.css": '@import "base.css";\n.bar { color: blue; }\n',
    }
    assert joined.styles(files, "css/page.css").split() == (
        [
            ".base",
            "{",
            "color:",
            "green;",
            "}",
            ".bar",
            "{",
            "color:",
            "blue;",
            "}",
            ".own",
            "{",
            "color:",
            "red;",
            "}",
        ]
    )


@pytest.mark.parametrize("line", ["@import url(far.css);", '@import "base.css" screen;'])
def test_another_form_of_import_is_refused(line: str) -> None:
    """A sheet's chain of requests, or one for some windows only, is not what joining gives."""
    with pytest.raises(ValueError, match=r"css/page\.css cannot be joined"):
        joined.styles({"css/page.css": f"{line}\n", "css/base.css": ""}, "css/page.css")
