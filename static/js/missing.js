// No such lesson: says which, and lets the code be typed again.

import { $, text } from "./helpers/dom.js";
import { code as spoken, parseCode } from "./helpers/format.js";
import { joinForm } from "./views/join.js";

const code = parseCode(location.pathname);
if (code) text($("#why"), `There is no lesson ${spoken(code)}. It may have been removed, or the code is mistyped.`);
joinForm();
