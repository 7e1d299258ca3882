"""Modules joined to one file run in a browser as they would apart."""

from playwright.async_api import Browser

from app.web import joined

FILES = {
    "js/page.js": """// The page.
import { Box, area as size } from "./models/box.js";
import {
  side,
} from "./helpers/side.js";

const box = new Box(side(2));
const part = "a name of the page's own";
export { box }; // for the console
window.said = [size(box), box.kind, part];
""",
    "js/models/box.js": """import { side } from "../helpers/side.js";

// Counts what was made.
export const KIND = "box";
export class Box {
  constructor(edge) {
    this.edge = edge;
    this.kind = KIND;
  }
}
export function area({ edge }) {
  // the square
  return edge * side(edge);
}
export async function later() {}
const area2 = 1;
""",
    "js/helpers/side.js": """let calls = 0;
export function side(edge) {
  calls += 1;
  return edge + calls;
}
""",
}


async def test_joined_modules_run_as_apart(browser: Browser) -> None:
    """Each is run once, after what it imports; names of one are not seen by another; the class keeps its name."""
    page = await browser.new_page()
    try:
        await page.add_script_tag(content=joined.script(FILES, "js/page.js"), type="module")
        await page.wait_for_function("window.said")
        assert await page.evaluate("window.said") == [3 * (3 + 2), "box", "a name of the page's own"]
    finally:
        await page.close()
